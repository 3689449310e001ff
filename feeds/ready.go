package feeds

// Ready reports whether the feed of section (or [All]) may be served: until then it answers 503, since an empty feed
// would tell readers that everything is gone. [All] is ready once every source was tried; a section, once one of its
// family's sources was learned and the others were tried. states is by source id.
func (c *Catalog) Ready(section string, states map[string]SourceState) bool {
	learned, sources := false, 0
	for _, id := range c.Family(section) {
		s, _ := c.Section(id)
		for _, src := range s.Sources {
			st := states[src.ID]
			if st.TriedAt.IsZero() {
				return false
			}
			learned = learned || !st.Learned.IsZero()
			sources++
		}
	}
	return learned || sources == 0 || section == All
}
