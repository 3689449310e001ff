package source

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wefeed/feeds"
)

// TestCorpus reads real pages that are not part of the project: WEFEED_CORPUS names a folder with articles/ and lists/,
// each with an expected.json.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("WEFEED_CORPUS")
	if dir == "" {
		t.Skip("WEFEED_CORPUS names no folder of saved pages")
	}
	t.Run("articles", func(t *testing.T) { corpusArticles(t, filepath.Join(dir, "articles")) })
	t.Run("lists", func(t *testing.T) { corpusLists(t, filepath.Join(dir, "lists")) })
}

func corpusReader(t *testing.T) *Reader {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Options{Zone: zone, Now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, zone) }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func corpusJSON(t *testing.T, path string, v any) {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

func corpusArticles(t *testing.T, dir string) {
	var expected []struct{ File, Title, Date, Published string }
	corpusJSON(t, filepath.Join(dir, "expected.json"), &expected)
	r := corpusReader(t)
	titles, wanted, dates, wantedDates, bodies := 0, 0, 0, 0, 0
	for _, want := range expected {
		b, err := os.ReadFile(filepath.Join(dir, want.File))
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.ReadArticle(feeds.Source{}, &feeds.Response{Status: 200, Body: b})
		if err != nil {
			t.Errorf("%s: %v", want.File, err)
			continue
		}
		if len(p.Text) > 50 {
			bodies++
		} else {
			t.Logf("%s: short body %q", want.File, p.Text)
		}
		if want.Title != "" {
			wanted++
			if squeeze(p.Title) == squeeze(want.Title) {
				titles++
			} else {
				t.Logf("%s: title %q, want %q", want.File, p.Title, want.Title)
			}
		}
		date := want.Date + want.Published
		if date != "" {
			wantedDates++
			if got, _, ok := ParseDate(date, r.Zone, r.Now()); ok && sameDay(got, p.Published) {
				dates++
			} else {
				t.Logf("%s: date %v, want %q", want.File, p.Published, date)
			}
		}
		t.Logf("%s: %s | %s %s | %s/%s/%s | %d characters, %d pictures, %s", want.File, p.Title, p.Published.Format(time.DateTime), p.Precision,
			p.Origin, p.Author, p.Editor, len([]rune(p.Text)), len(p.Images), strings.Join(p.Warnings, "; "))
	}
	t.Logf("titles %d of %d, dates %d of %d, bodies %d of %d", titles, wanted, dates, wantedDates, bodies, len(expected))
	if titles*10 < wanted*8 || dates*10 < wantedDates*8 || bodies*10 < len(expected)*9 {
		t.Error("too many pages are read wrong")
	}
}

func corpusLists(t *testing.T, dir string) {
	var expected []struct {
		File  string
		Base  string `json:"base_url"`
		Items int    `json:"expected_items"`
	}
	corpusJSON(t, filepath.Join(dir, "expected.json"), &expected)
	r := corpusReader(t)
	for _, want := range expected {
		b, err := os.ReadFile(filepath.Join(dir, want.File))
		if err != nil {
			t.Fatal(err)
		}
		if want.Base == "" {
			want.Base = "https://portal.example.cn/"
		}
		l, err := r.ReadList(feeds.Source{}, &feeds.Response{Status: 200, Body: b, URL: want.Base})
		if err != nil {
			t.Errorf("%s: %v", want.File, err)
			continue
		}
		if len(l.Items) != want.Items {
			t.Errorf("%s: %d items, want %d", want.File, len(l.Items), want.Items)
		}
		for _, it := range l.Items[:min(3, len(l.Items))] {
			t.Logf("%s %s %s", it.Title, it.URL, it.Published)
		}
	}
}
