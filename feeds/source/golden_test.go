package source_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"wefeed/feeds"
	"wefeed/feeds/source"
)

var update = flag.Bool("update", false, "write the golden files anew")

// beijing is the zone of all fixtures, and noon of that day the time they are read at.
var (
	beijing = time.FixedZone("CST", 8*60*60)
	noon    = time.Date(2026, 11, 23, 12, 0, 0, 0, beijing)
)

func newReader(t testing.TB) *source.Reader {
	t.Helper()
	r, err := source.New(source.Options{Zone: beijing, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// response is a document as it comes from the portal, without a charset in its header.
func response(body string) *feeds.Response {
	return &feeds.Response{Status: 200, URL: "http://portal.example.cn/news/index.html", Body: []byte(body)}
}

// golden holds what inspect --json would print of v against a file.
func golden(t *testing.T, path string, v any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// fixtures calls test for every document in testdata/kind, with the name of its golden file.
func fixtures(t *testing.T, kind string, test func(t *testing.T, body []byte, golden string)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", kind, "*"))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, path := range paths {
		if strings.HasSuffix(path, ".golden") {
			continue
		}
		read++
		t.Run(filepath.Base(path), func(t *testing.T) {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			test(t, body, path+".golden")
		})
	}
	if read == 0 {
		t.Errorf("no fixtures in testdata/%s", kind)
	}
}

func TestFeeds(t *testing.T) {
	fixtures(t, "feeds", func(t *testing.T, body []byte, path string) {
		l, err := newReader(t).ReadFeed(feeds.Source{}, response(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, path, source.InspectFeed(l))
	})
}

func TestLists(t *testing.T) {
	fixtures(t, "lists", func(t *testing.T, body []byte, path string) {
		l, err := newReader(t).ReadList(feeds.Source{}, response(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, path, source.InspectList(l))
	})
}

func TestArticles(t *testing.T) {
	fixtures(t, "articles", func(t *testing.T, body []byte, path string) {
		p, err := newReader(t).ReadArticle(feeds.Source{}, response(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, path, source.InspectArticle(p))
	})
}

// encoded is a text in another encoding.
func encoded(t *testing.T, enc encoding.Encoding, text string) string {
	t.Helper()
	out, err := enc.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCharsets reads one title in every way that portals encode and declare it.
func TestCharsets(t *testing.T) {
	const title = "社区书屋开放，居民晚间读书有了好去处"
	feed := `<rss version="2.0"><channel><title>读书</title><item><title>` + title + `</title><link>http://portal.example.cn/1.html</link></item></channel></rss>`
	page := `<html><head><title>读书</title></head><body><h1>` + title + `</h1><div id="zoom"><p>` + strings.Repeat("夜色里灯光亮着，", 10) + `</p></div></body></html>`
	declare := func(label string) string { return `<?xml version="1.0" encoding="` + label + `"?>` + feed }
	meta := func(label string) string {
		return strings.Replace(page, "<head>", `<head><meta charset="`+label+`">`, 1)
	}
	gb, gbk, u16 := simplifiedchinese.GB18030, simplifiedchinese.GBK, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	late := strings.Replace(page, "<head>", "<head><!-- "+strings.Repeat("template ", 300)+"-->"+`<meta http-equiv="Content-Type" content="text/html; charset=gb2312">`, 1)

	for _, c := range []struct {
		name, body, contentType, charset string
		encoding                         string
		warnings                         int
	}{
		{name: "feed in utf-8", body: feed, encoding: "utf-8"},
		{name: "feed with a byte order mark", body: "\ufeff" + declare("utf-8"), encoding: "utf-8"},
		{name: "feed after white space", body: "\r\n  \t" + declare("utf-8"), encoding: "utf-8"},
		{name: "feed in gbk, declared", body: encoded(t, gbk, declare("GBK")), encoding: "gb18030"},
		{name: "feed in gbk, declared twice", body: encoded(t, gbk, declare("gb2312")), contentType: "text/xml; charset=gb2312", encoding: "gb18030"},
		{name: "feed in gbk, undeclared", body: encoded(t, gbk, feed), encoding: "gb18030"},
		{name: "feed in gbk, declared utf-8", body: encoded(t, gbk, declare("utf-8")), encoding: "gb18030", warnings: 1},
		{name: "feed in gbk, Tomcat's header", body: encoded(t, gbk, feed), contentType: "text/xml;charset=ISO-8859-1", encoding: "gb18030"},
		{name: "feed in utf-8, declared gbk", body: declare("gbk"), encoding: "utf-8"},
		{name: "feed in utf-8, declared utf-16", body: declare("utf-16"), encoding: "utf-8"},
		{name: "feed with an odd label", body: encoded(t, gb, declare("GB_18030-2005")), encoding: "gb18030"},
		{name: "feed with an unknown label", body: declare("x-nothing"), encoding: "utf-8"},
		{name: "feed in utf-16", body: encoded(t, u16, declare("utf-16")), encoding: "utf-16le"},
		{name: "page in utf-8", body: meta("utf-8"), encoding: "utf-8"},
		{name: "page in gb2312", body: encoded(t, gbk, meta("gb2312")), encoding: "gb18030"},
		{name: "page in gb18030, undeclared", body: encoded(t, gb, page), encoding: "gb18030"},
		{name: "page in gbk, declared after byte 1024", body: encoded(t, gbk, late), encoding: "gb18030"},
		{name: "page in utf-8, declared gb2312", body: meta("gb2312"), encoding: "utf-8"},
		{name: "page in utf-8, declared gb2312, one byte broken", body: meta("gb2312") + "<!--\xff-->", encoding: "utf-8", warnings: 1},
		{name: "page in utf-8, undeclared, one byte broken", body: page + "<!--\xff-->", encoding: "utf-8", warnings: 1},
		{name: "page in gbk, one byte broken", body: encoded(t, gbk, meta("gbk")) + "<!--\xff-->", encoding: "gb18030", warnings: 1},
		{name: "page in gbk, the header lies", body: encoded(t, gbk, page), contentType: "text/html; charset=utf-8", encoding: "gb18030", warnings: 1},
		{name: "the configuration knows better", body: encoded(t, gbk, meta("big5")), charset: "gbk", encoding: "gb18030"},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := response(c.body)
			resp.ContentType = c.contentType
			gotTitle, gotEncoding, warnings := readTitle(t, feeds.Source{Charset: c.charset}, resp, strings.HasPrefix(c.name, "feed"))
			if gotTitle != title || gotEncoding != c.encoding {
				t.Errorf("read %q as %s, want %q as %s", gotTitle, gotEncoding, title, c.encoding)
			}
			if len(warnings) != c.warnings {
				t.Errorf("warnings %q, want %d", warnings, c.warnings)
			}
		})
	}
}

func readTitle(t *testing.T, src feeds.Source, resp *feeds.Response, feed bool) (title, encoding string, warnings []string) {
	t.Helper()
	if feed {
		l, err := newReader(t).ReadFeed(src, resp)
		if err != nil {
			t.Fatal(err)
		}
		return l.Items[0].Title, l.Encoding, l.Warnings
	}
	p, err := newReader(t).ReadArticle(src, resp)
	if err != nil {
		t.Fatal(err)
	}
	return p.Title, p.Encoding, p.Warnings
}

// wantFault checks that err is a fault of this kind, in words for the admin that quote nothing of the page.
func wantFault(t *testing.T, err error, kind feeds.FaultKind) {
	t.Helper()
	var f *feeds.Fault
	if !errors.As(err, &f) || f.Kind != kind {
		t.Fatalf("error %v, want a fault of kind %s", err, kind)
	}
	if f.Detail == "" || strings.ContainsAny(f.Detail, "<>&") {
		t.Errorf("detail %q is no sentence for the admin", f.Detail)
	}
}
