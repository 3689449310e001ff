package portal

// A section is a column of the portal.
type section struct {
	ID, Title string
	Parent    string
}

// sections are the portal's, in the order of its navigation.
var sections = []section{
	{ID: "wennuan", Title: "温暖天津文明风"},
	{ID: "jingshen", Title: "精神建设进行时"},
	{ID: "gongzuo", Title: "工作传真", Parent: "jingshen"},
	{ID: "quanshi", Title: "全市", Parent: "gongzuo"},
	{ID: "haoren", Title: "身边好人榜"},
	{ID: "mofan", Title: "道德模范"},
	{ID: "zhiyuan", Title: "志愿服务"},
	{ID: "chengshi", Title: "文明城市"},
	{ID: "cunzhen", Title: "文明村镇"},
	{ID: "danwei", Title: "文明单位"},
	{ID: "xiaoyuan", Title: "文明校园"},
	{ID: "jiating", Title: "文明家庭"},
	{ID: "gongyi", Title: "公益广告"},
	{ID: "chengxin", Title: "诚信天津"},
	{ID: "liyi", Title: "文明有礼"},
	{ID: "jieri", Title: "我们的节日"},
	{ID: "weichengnian", Title: "未成年人"},
}

func sectionByID(id string) (section, bool) {
	for _, s := range sections {
		if s.ID == id {
			return s, true
		}
	}
	return section{}, false
}

// trail is the way down to a section, itself included.
func trail(id string) []section {
	s, ok := sectionByID(id)
	if !ok {
		return nil
	}
	return append(trail(s.Parent), s)
}

// children are the sections right below one; those of "" are the main navigation.
func children(parent string) []section {
	var below []section
	for _, s := range sections {
		if s.Parent == parent {
			below = append(below, s)
		}
	}
	return below
}
