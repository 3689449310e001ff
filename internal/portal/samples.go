package portal

import (
	_ "embed"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"
)

//go:embed samples.txt
var samplesText string

// sampleArticles reads the articles that the portal begins with. They are as many days old as they say, seen from now.
func sampleArticles(now time.Time) ([]article, error) {
	var all []article
	_, text, _ := strings.Cut(samplesText, "\n====\n")
	for i, block := range strings.Split(text, "\n====\n") {
		a, err := parseSample(block, now.In(beijing))
		if err != nil {
			return nil, fmt.Errorf("sample %d: %w", i+1, err)
		}
		all = append(all, a)
	}
	return all, nil
}

// parseSample reads "key: value" lines, an empty line, and paragraphs, one a line.
func parseSample(block string, now time.Time) (article, error) {
	head, body, _ := strings.Cut(strings.TrimSpace(block), "\n\n")
	a := article{Body: sampleBody(body)}
	for line := range strings.Lines(head) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if err := a.set(key, value, now); err != nil {
			return a, err
		}
	}
	a.Modified = midnight(a.Published)
	sub := submissionOf(a)
	return sub.apply(a)
}

func (a *article) set(key, value string, now time.Time) error {
	switch key {
	case "title":
		a.Title = value
	case "kicker":
		a.Kicker = value
	case "sections":
		a.Sections = strings.Fields(value)
	case "days_ago":
		days, err := strconv.Atoi(value)
		if err != nil {
			return err
		}
		a.Published = now.AddDate(0, 0, -days).Format(time.DateOnly)
	case "source":
		a.Source = value
	case "editor":
		a.Editor = value
	case "images":
		a.Images = strings.Fields(value)
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

// sampleBody makes a paragraph, indented as the portal's editors do, of each line; a line of HTML stays.
func sampleBody(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		switch line = strings.TrimSpace(line); {
		case line == "":
		case strings.HasPrefix(line, "<"):
			b.WriteString(line + "\n")
		default:
			b.WriteString("<p>　　" + html.EscapeString(line) + "</p>\n")
		}
	}
	return b.String()
}
