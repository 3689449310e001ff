package source_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"wefeed/feeds"
	"wefeed/feeds/source"
)

// addFixtures seeds a fuzz target with the documents of a folder.
func addFixtures(f *testing.F, kind string) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", kind, "*"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if filepath.Ext(path) != ".golden" {
			f.Add(body)
		}
	}
}

// checkFault checks that an error is one of the faults that reading can end with.
func checkFault(t *testing.T, err error) {
	t.Helper()
	if f, ok := err.(*feeds.Fault); !ok || (f.Kind != feeds.FaultFormat && f.Kind != feeds.FaultEmpty) || f.Detail == "" {
		t.Errorf("error %v", err)
	}
}

func FuzzReadFeed(f *testing.F) {
	addFixtures(f, "feeds")
	f.Add([]byte("\xff\xfe<\x00r\x00s\x00s\x00>\x00"))
	f.Add([]byte("<?xml encoding='gbk'?><rss><channel><item><title>\xc4\xe3&#8;&a;</title><guid>a:b</guid></item></channel></rss>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		l, err := newReader(t).ReadFeed(feeds.Source{}, response(string(body)))
		if err != nil {
			checkFault(t, err)
			return
		}
		checkListing(t, l)
		checkJSON(t, source.InspectFeed(l))
	})
}

func FuzzReadList(f *testing.F) {
	addFixtures(f, "lists")
	f.Add([]byte("<base href=x:><ul><li><a href=//[::1]:a>\xb1\xea</a>11-23"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, sel := range []feeds.Selectors{{}, {Item: "li, tr", ItemDate: "span"}} {
			l, err := newReader(t).ReadList(feeds.Source{Select: sel}, response(string(body)))
			if err != nil {
				checkFault(t, err)
				continue
			}
			checkListing(t, l)
			for _, it := range l.Items {
				if it.URL == "" || it.Title == "" {
					t.Errorf("entry %q at %q", it.Title, it.URL)
				}
			}
			checkJSON(t, source.InspectList(l))
		}
	})
}

func FuzzReadArticle(f *testing.F) {
	addFixtures(f, "articles")
	for _, v := range vectors {
		f.Add([]byte("<h1>标题标题</h1><div id=zoom><p>" + prose + v))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, sel := range []feeds.Selectors{{}, {Title: "h1", Date: "p", Body: "div", Attribution: "p"}} {
			p, err := newReader(t).ReadArticle(feeds.Source{Select: sel}, response(string(body)))
			if err != nil {
				checkFault(t, err)
				continue
			}
			checkItem(t, p.Item)
			plainText(t, p.Warnings...)
			checkJSON(t, source.InspectArticle(p))
		}
	})
}

// checkJSON checks that inspect can print it.
func checkJSON(t *testing.T, v any) {
	t.Helper()
	if _, err := json.Marshal(v); err != nil {
		t.Error(err)
	}
}

func FuzzParseDate(f *testing.F) {
	for _, text := range []string{
		"2026-11-23 08:05", "2026年11月3日 下午3:05", "二〇二六年十一月二十三日", "昨天 10:00", "3小时前", "11-23", "26-11-23", "20261123080509",
		"Mon, 23 Nov 2026 08:05:09 GMT+08:00", "Monday, 23-Nov-26 00:05:09 GMT", "2026-11-23T08:05:09.1+08:00", "Nov. 3, 2026 3:05 PM",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, precision, ok := source.ParseDate(text, beijing, noon)
		if !ok {
			if !got.IsZero() || precision != "" {
				t.Errorf("%q is no date, and yet %v %s", text, got, precision)
			}
			return
		}
		if y := got.Year(); y < 1900 || y > 2099 || got.Location() != beijing {
			t.Errorf("%q: %v", text, got)
		}
		midnight := got.Hour() == 0 && got.Minute() == 0 && got.Second() == 0
		if precision == feeds.PrecisionDay && !midnight || precision == feeds.PrecisionMinute && got.Second() != 0 {
			t.Errorf("%q: %v with precision %s", text, got, precision)
		}
		again, p, ok := source.ParseDate(source.InspectArticle(&feeds.Page{Item: feeds.Item{Published: got}}).Published, beijing, noon)
		if !ok || !again.Equal(got) || p != feeds.PrecisionSecond {
			t.Errorf("%q: %v does not come back from its printed form: %v", text, got, again)
		}
	})
}

func FuzzSanitize(f *testing.F) {
	for _, v := range vectors {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, dirty string) {
		harmless(t, source.Clean(dirty, "http://portal.example.cn/a/"))
		clean := source.Sanitize(dirty)
		harmless(t, clean)
		if again := source.Sanitize(clean); again != clean {
			t.Errorf("%q sanitised again is %q", clean, again)
		}
	})
}

// FuzzDecode: whatever the bytes and whoever says what they are, there comes text; and text in an encoding that is named
// comes back as it was.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xb1\xea\xcc\xe2"), "text/html; charset=gbk", "")
	f.Add([]byte("\xef\xbb\xbf标题"), "", "auto")
	f.Add([]byte("<meta charset=utf-16>\xb1\xea\x00"), "text/html;charset=iso-8859-1", "gb2312")
	f.Add([]byte("\xff\xfe\x00\xd8"), "text/html; charset=\"", "utf-16le")
	f.Fuzz(func(t *testing.T, body []byte, contentType, override string) {
		text, encoding := source.Decode(body, contentType, override)
		if !utf8.ValidString(text) || encoding == "" {
			t.Errorf("%q read as %q: %q", body, encoding, text)
		}
		gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
		if err != nil {
			return // not every character has a place there
		}
		want, _ := simplifiedchinese.GB18030.NewDecoder().String(gb) // a few share one
		if again, _ := source.Decode([]byte(gb), contentType, "gb18030"); again != strings.TrimPrefix(want, "\uFEFF") {
			t.Errorf("%q comes back as %q", want, again)
		}
	})
}

// FuzzCredit: a credit is one short line of the text, or nothing.
func FuzzCredit(f *testing.F) {
	f.Add("来源：示范网　作者：林小舟 责任编辑：某某")
	f.Add("【编辑 某某】稿源:x|发布时间：2026-11-23 08:00")
	f.Fuzz(func(t *testing.T, text string) {
		for _, value := range source.Credit(text) {
			if utf8.RuneCountInString(value) > 30 || strings.ContainsAny(value, "\n\r\t") || strings.TrimSpace(value) != value {
				t.Errorf("%q names %q", text, value)
			}
		}
	})
}
