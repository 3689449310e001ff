package syndicate

import (
	"html"
	"slices"
	"strings"

	"wefeed/feeds"
)

// clean drops what XML 1.0 does not know (production 2), non-characters and broken UTF-8: one such character would make a
// whole feed unreadable.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r':
			return r
		case r < 0x20, r == 0xFFFD, r&0xFFFE == 0xFFFE, r >= 0xFDD0 && r <= 0xFDEF, r >= 0x7F && r <= 0x9F && r != 0x85:
			return -1
		}
		return r
	}, text)
}

// line is a text on one line.
func line(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }

// title is an article's title; formats want one.
func title(a feeds.Article) string {
	if t := line(a.Title); t != "" {
		return t
	}
	return "（无标题）"
}

// summaryRunes is how long a summary is.
const summaryRunes = 160

// summary is the beginning of an article's text.
func summary(a feeds.Article) string {
	text := line(plain(a.Content))
	if r := []rune(text); len(r) > summaryRunes {
		return string(r[:summaryRunes]) + "…"
	}
	return text
}

// plain is sanitised HTML without its tags.
func plain(content string) string {
	var b strings.Builder
	for rest := content; rest != ""; {
		text, after, found := strings.Cut(rest, "<")
		b.WriteString(text)
		if !found {
			break
		}
		var tag string
		tag, rest, found = strings.Cut(after, ">")
		if name := strings.Trim(tag, "/ "); !inline(name) {
			b.WriteByte(' ')
		}
		if !found {
			break
		}
		if b.Len() > 16*summaryRunes {
			break
		}
	}
	return html.UnescapeString(b.String())
}

// inline reports whether a tag stands inside a sentence.
func inline(tag string) bool {
	name, _, _ := strings.Cut(tag, " ")
	return slices.Contains([]string{"a", "b", "strong", "em", "i", "u", "s", "del", "sub", "sup", "code"}, name)
}

// body is an article's content with the line that says where the portal has it from.
func body(a feeds.Article) string {
	var words []string
	for _, w := range []struct{ label, value string }{{"稿源", a.Origin}, {"作者", a.Author}, {"编辑", a.Editor}} {
		if v := line(w.value); v != "" && (w.label != "作者" || v != line(a.Origin)) {
			words = append(words, w.label+"："+html.EscapeString(v))
		}
	}
	content := clean(a.Content)
	if len(words) > 0 {
		content += "<p>" + strings.Join(words, "　") + "</p>"
	}
	if content == "" {
		return "<p>" + html.EscapeString(title(a)) + "</p>"
	}
	return content
}

// author is who wrote an article, else whom the portal credits, else the site.
func (p *Publisher) author(a feeds.Article) string {
	for _, name := range []string{a.Author, a.Origin, p.Site.Title} {
		if n := line(name); n != "" {
			return n
		}
	}
	return "wefeed"
}

// A category is one of an article's sections.
type category struct{ id, title string }

func (p *Publisher) categories(a feeds.Article) []category {
	var list []category
	for _, id := range a.Sections {
		if s, ok := p.Catalog.Section(id); ok {
			list = append(list, category{id, line(s.Title)})
		}
	}
	return list
}

// split takes the id of a combined feed apart.
func split(id string) []string { return strings.Split(id, "+") }
