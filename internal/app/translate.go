package app

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"wefeed/config"
	"wefeed/feeds"
	"wefeed/push"
)

// catalog is the configuration's tree of sections.
func catalog(c *config.Config) (*feeds.Catalog, error) {
	var sections []feeds.Section
	for _, s := range c.FlatSections() {
		sec := feeds.Section{ID: s.ID, Title: s.Title, Parent: s.Parent, Schedule: s.Schedule}
		for _, src := range s.Sources {
			sec.Sources = append(sec.Sources, sourceOf(s.ID, src))
		}
		sections = append(sections, sec)
	}
	return feeds.NewCatalog(sections)
}

func sourceOf(section string, s config.Source) feeds.Source {
	src := feeds.Source{
		ID: s.ID, Section: section, Kind: feeds.KindList, URL: s.List,
		Select: feeds.Selectors{
			Item: s.Select.Item, Link: s.Select.Link, ItemDate: s.Select.ItemDate,
			Title: s.Select.Title, Date: s.Select.Date, Body: s.Select.Body, Attribution: s.Select.Attribution,
		},
		Charset: s.Charset, Zone: s.Timezone, Key: feeds.KeyPolicy(s.Key),
	}
	if s.Feed != "" {
		src.Kind, src.URL = feeds.KindFeed, s.Feed
	}
	return src
}

func rules(c config.Collect) feeds.Rules {
	return feeds.Rules{
		EveryCollectFor: c.Recheck.EveryCollectFor, DailyFor: c.Recheck.DailyFor, PerCollect: c.Recheck.PerCollect,
		WithdrawnChecks: c.Withdrawn.Checks, WithdrawnApart: c.Withdrawn.Apart,
		RedesignShare: float64(c.Redesign.Share), RedesignAtLeast: c.Redesign.AtLeast,
	}
}

// channels are the configuration's channels, their sections' families expanded in the navigation's order.
func channels(c *config.Config, cat *feeds.Catalog) []push.Channel {
	var out []push.Channel
	for _, ch := range c.Channels {
		account := c.Accounts[slices.IndexFunc(c.Accounts, func(a config.Account) bool { return a.ID == ch.Account })]
		out = append(out, push.Channel{
			ID: ch.ID, Account: ch.Account, Kind: push.Kind(ch.Kind), Audience: audience(c, ch), Schedule: ch.Schedule,
			Sections: families(cat, ch.Sections), Review: push.Review(ch.Review), ReviewWithin: ch.ReviewWithin,
			ReviewLate: push.Late(ch.ReviewLate), Notice: noticeForm(c, cat, ch), Min: ch.MinArticles, Max: ch.MaxArticles,
			MaxAge: ch.MaxAge, LongTitle: push.LongTitle(ch.LongTitle), Grace: c.Push.Grace, DryRun: account.DryRun,
		})
	}
	return out
}

// audience reads a channel's audience, which was checked: all, tag:ID, or a file's openids.
func audience(c *config.Config, ch config.Channel) (a push.Audience) {
	a.OpenIDs = c.Lists[ch.ID]
	if tag, ok := strings.CutPrefix(ch.Audience, "tag:"); ok {
		a.Tag, _ = strconv.Atoi(tag)
	}
	return a
}

func noticeForm(c *config.Config, cat *feeds.Catalog, ch config.Channel) push.NoticeForm {
	f := push.NoticeForm{
		Template: ch.Template, Data: map[string]string{}, SiteURL: c.Site.URL, Site: c.Site.Title, Zone: c.Site.Timezone,
		Sections: map[string]string{},
	}
	for _, field := range ch.Fields {
		f.Data[field.Name] = field.Text
	}
	for _, s := range cat.Sections() {
		f.Sections[s.ID] = s.Title
	}
	return f
}

func families(cat *feeds.Catalog, ids []string) []string {
	var wanted []string
	for _, id := range ids {
		wanted = append(wanted, cat.Family(id)...)
	}
	var ordered []string
	for _, id := range cat.Family(feeds.All) {
		if slices.Contains(wanted, id) {
			ordered = append(ordered, id)
		}
	}
	return ordered
}

// next reads schedules in the site's zone, for the bell.
func next(zone *time.Location) func(spec string, after time.Time) (time.Time, error) {
	return func(spec string, after time.Time) (time.Time, error) {
		s, err := config.ParseSchedule(spec, zone)
		if err != nil {
			return time.Time{}, fmt.Errorf("schedule %q: %w", spec, err)
		}
		return s.Next(after), nil
	}
}
