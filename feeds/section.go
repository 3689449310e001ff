package feeds

import (
	"fmt"
	"slices"
	"time"
)

// All is the reserved section id under which the whole portal (滚动新闻) is published.
const All = "all"

// A Section is a column of the portal (栏目). A parent's feed holds its children's articles too.
type Section struct {
	ID     string // [a-z0-9][a-z0-9-]{0,62}, never All or "opml"
	Title  string
	Parent string // id of the parent section, "" at the top
	// Schedule is a robfig/cron spec of five fields or a descriptor such as @every 10m; its fields are read in the
	// site's zone. Children inherit their parent's, already resolved here.
	Schedule string
	Sources  []Source
}

// SourceKind says how a source is read.
type SourceKind string

// The kinds of sources.
const (
	KindFeed SourceKind = "feed" // an RSS, Atom or JSON feed
	KindList SourceKind = "list" // an HTML list page and the article pages it links
)

// KeyPolicy says what identifies an article of a source.
type KeyPolicy string

// The key policies.
const (
	KeyURL  KeyPolicy = "url"  // the normalised URL, see [URLKey]
	KeyGUID KeyPolicy = "guid" // the pair of source id and guid
)

// A Source is one place where a section's articles come from.
type Source struct {
	ID      string // for ever: guid keys are built on it
	Section string // id of the section it feeds
	Kind    SourceKind
	URL     string
	Select  Selectors
	Charset string         // an encoding label, or "auto" to find out
	Zone    *time.Location // for dates printed without a zone
	Key     KeyPolicy
}

// Selectors are CSS selectors; an empty one means "find it by structure".
type Selectors struct {
	Item     string // one entry of the list page
	Link     string // the entry's link, inside Item
	ItemDate string // the entry's date, inside Item

	Title       string // on the article page
	Date        string
	Body        string
	Attribution string // the line with 来源/稿源 and 编辑
}

// A Catalog is the portal's tree of sections in the order of its navigation. It is immutable.
type Catalog struct {
	sections []Section
	byID     map[string]int
	children map[string][]string
	sources  map[string]Source
}

// NewCatalog builds a catalog. Every parent must stand before its children; ids must be unique.
func NewCatalog(sections []Section) (*Catalog, error) {
	c := &Catalog{
		sections: slices.Clone(sections), byID: map[string]int{}, children: map[string][]string{}, sources: map[string]Source{},
	}
	for i, s := range sections {
		if _, dup := c.byID[s.ID]; dup || s.ID == All {
			return nil, fmt.Errorf("section id %q is taken twice or reserved", s.ID)
		}
		if s.Parent != "" {
			if _, ok := c.byID[s.Parent]; !ok {
				return nil, fmt.Errorf("section %q names the parent %q, which does not stand before it", s.ID, s.Parent)
			}
			c.children[s.Parent] = append(c.children[s.Parent], s.ID)
		}
		c.byID[s.ID] = i
		for _, src := range s.Sources {
			if _, dup := c.sources[src.ID]; dup {
				return nil, fmt.Errorf("source id %q is taken twice", src.ID)
			}
			c.sources[src.ID] = src
		}
	}
	return c, nil
}

// Sections returns all sections, parents before their children.
func (c *Catalog) Sections() []Section { return slices.Clone(c.sections) }

// Section returns the section with this id.
func (c *Catalog) Section(id string) (Section, bool) {
	i, ok := c.byID[id]
	if !ok {
		return Section{}, false
	}
	return c.sections[i], true
}

// Source returns the source with this id.
func (c *Catalog) Source(id string) (Source, bool) {
	src, ok := c.sources[id]
	return src, ok
}

// Family returns id and the ids of all sections below it; for [All], every section's. It is nil for an unknown id.
func (c *Catalog) Family(id string) []string {
	if id == All {
		ids := make([]string, len(c.sections))
		for i, s := range c.sections {
			ids[i] = s.ID
		}
		return ids
	}
	if _, ok := c.byID[id]; !ok {
		return nil
	}
	ids := []string{id}
	for _, child := range c.children[id] {
		ids = append(ids, c.Family(child)...)
	}
	return ids
}

// Ancestors returns the ids of the sections above id, nearest first, without [All].
func (c *Catalog) Ancestors(id string) []string {
	var ids []string
	for s, ok := c.Section(id); ok && s.Parent != ""; s, ok = c.Section(s.Parent) {
		ids = append(ids, s.Parent)
	}
	return ids
}
