package source_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wefeed/feeds"
)

// TestFeedCredits checks what inspect does not print: the portal's credits, media and attachments.
func TestFeedCredits(t *testing.T) {
	type extra struct {
		Origin, Editor string
		Enclosures     []feeds.Enclosure
		Images         []string
	}
	for file, want := range map[string]extra{
		"rss-full.xml": {
			Origin: "河畔日报", Editor: "孙晓",
			Enclosures: []feeds.Enclosure{
				{URL: "http://portal.example.cn/media/1001.mp3", Type: "audio/mpeg", Length: 2048},
				{URL: "http://portal.example.cn/media/1001.mp4", Type: "video/mp4", Length: 4096},
			},
			Images: []string{"http://portal.example.cn/wennuan/202611/W020261120.jpg"},
		},
		"rdf.xml": {Origin: "街道通讯"},
		"atom.xml": {
			Enclosures: []feeds.Enclosure{{URL: "http://portal.example.cn/zhiyuan/31.pdf", Type: "application/pdf", Length: 10240, Title: "路线图"}},
			Images:     []string{"http://portal.example.cn/zhiyuan/202611/31.jpg"},
		},
		"jsonfeed.json": {
			Enclosures: []feeds.Enclosure{{URL: "http://portal.example.cn/news/41.mp3", Type: "audio/mpeg", Length: 512, Title: "录音"}},
		},
	} {
		t.Run(file, func(t *testing.T) {
			body, err := os.ReadFile("testdata/feeds/" + file)
			if err != nil {
				t.Fatal(err)
			}
			l, err := newReader(t).ReadFeed(feeds.Source{}, response(string(body)))
			if err != nil {
				t.Fatal(err)
			}
			it := l.Items[0]
			if diff := cmp.Diff(want, extra{it.Origin, it.Editor, it.Enclosures, it.Images}); diff != "" {
				t.Errorf("first item (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFeedFaults checks that what is no whole feed gives no items at all.
func TestFeedFaults(t *testing.T) {
	whole, err := os.ReadFile("testdata/feeds/rss-full.xml")
	if err != nil {
		t.Fatal(err)
	}
	cut := string(whole[:strings.LastIndex(string(whole), "<item>")+20])
	// Unknown elements are read by recursion: without a bound, so many of them end the process.
	deep := func(before, after string) string {
		return before + strings.Repeat("<x:a>", 2_000_000) + after
	}
	for _, c := range []struct {
		name, body string
		kind       feeds.FaultKind
	}{
		{"nothing", "", feeds.FaultFormat},
		{"a page", "<!DOCTYPE html><html><body><h1>系统维护</h1><ul><li><a href=1>甲</a></ul></body></html>", feeds.FaultFormat},
		{"plain text", "502 Bad Gateway", feeds.FaultFormat},
		{"another JSON", `{"items":[{"id":"1","title":"甲"}]}`, feeds.FaultFormat},
		{"broken JSON", `{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1"`, feeds.FaultFormat},
		{"cut after whole items", cut, feeds.FaultFormat},
		{"cut inside the first item", "<rss><channel><item><title>甲", feeds.FaultFormat},
		{"cut Atom", `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>甲</title></entry><entry>`, feeds.FaultFormat},
		{"endless nesting", deep("<rss><channel><item>", "</item></channel></rss>"), feeds.FaultFormat},
		{"endless namespaces", "<rss" + strings.Repeat(" xmlns:a='b'", 100_000) + "><channel><item/></channel></rss>", feeds.FaultFormat},
		{"endless nesting in JSON", `{"version":"https://jsonfeed.org/version/1.1","items":` + strings.Repeat("[", 200_000), feeds.FaultFormat},
		{"no items", "<rss><channel><title>空</title></channel></rss>", feeds.FaultEmpty},
		{"no entries", `<feed xmlns="http://www.w3.org/2005/Atom"><title>空</title></feed>`, feeds.FaultEmpty},
		{"no JSON items", `{"version":"https://jsonfeed.org/version/1.1","title":"空","items":[]}`, feeds.FaultEmpty},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := newReader(t).ReadFeed(feeds.Source{}, response(c.body))
			wantFault(t, err, c.kind)
			if l != nil {
				t.Errorf("a listing of %d items came with the fault", len(l.Items))
			}
		})
	}
}

// TestFeedBound checks that a feed of very many items is read up to the bound, in each format.
func TestFeedBound(t *testing.T) {
	many := func(before, item, after string) string {
		var b strings.Builder
		b.WriteString(before)
		for i := range 3000 {
			if i > 0 && after == "]}" {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, item, i)
		}
		return b.String() + after
	}
	for name, body := range map[string]string{
		"RSS":  many("<rss><channel>", "<item><guid>%d</guid></item>", "</channel></rss>"),
		"RDF":  many(`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">`, "<item><link>http://a.example/%d</link></item>", "</rdf:RDF>"),
		"Atom": many(`<feed xmlns="http://www.w3.org/2005/Atom">`, "<entry><id>%d</id></entry>", "</feed>"),
		"JSON": many(`{"version":"https://jsonfeed.org/version/1.1","items":[`, `{"id":"%d"}`, "]}"),
	} {
		t.Run(name, func(t *testing.T) {
			l, err := newReader(t).ReadFeed(feeds.Source{}, response(body))
			if err != nil {
				t.Fatal(err)
			}
			if len(l.Items) != 1000 || len(l.Warnings) != 1 {
				t.Errorf("%d items, warnings %q, want the first 1000 and one warning", len(l.Items), l.Warnings)
			}
		})
	}
}

// TestFeedTail checks that what a server appends to a feed does no harm.
func TestFeedTail(t *testing.T) {
	for name, feed := range map[string]string{
		"RSS":  "<rss><channel><item><guid>1</guid></item></channel></rss>",
		"RDF":  `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><item><link>http://a.example/1</link></item></rdf:RDF>`,
		"Atom": `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id></entry></feed>`,
	} {
		for _, tail := range []string{"\x00\r\n", "<!-- 0.03 s -->", "<script>a && b<c</script>", "</div><b", "<rss><channel>"} {
			l, err := newReader(t).ReadFeed(feeds.Source{}, response(feed+tail))
			if err != nil || len(l.Items) != 1 {
				t.Errorf("%s with %q behind it: %v", name, tail, err)
			}
		}
	}
}

// TestFeedDates: what a feed cannot leave out is not taken for more than the portal says.
func TestFeedDates(t *testing.T) {
	const rss = `<rss version="2.0"><channel><title>x</title>
		<item><title>a</title><link>http://portal.example.cn/1</link><pubDate>Sun, 22 Nov 2026 00:00:00 +0800</pubDate></item>
		<item><title>b</title><link>http://portal.example.cn/2</link><pubDate>Sun, 22 Nov 2026 00:00:01 +0800</pubDate></item>
		<item><title>c</title><link>http://portal.example.cn/3</link><pubDate>昨天</pubDate></item></channel></rss>`
	l, err := newReader(t).ReadFeed(feeds.Source{}, &feeds.Response{Body: []byte(rss)})
	if err != nil {
		t.Fatal(err)
	}
	if l.Items[0].Precision != feeds.PrecisionDay || l.Items[1].Precision != feeds.PrecisionSecond {
		t.Errorf("%v, %v", l.Items[0].Precision, l.Items[1].Precision)
	}
	if len(l.Warnings) != 1 {
		t.Errorf("warnings %v", l.Warnings)
	}
}

// TestFeedPublisher: a feed's own author wrote none of its items; they come from it.
func TestFeedPublisher(t *testing.T) {
	const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><author><name>门户</name></author>
		<entry><id>1</id><title>a</title><link href="http://portal.example.cn/1"/><updated>2026-11-22T08:00:00+08:00</updated></entry>
		<entry><id>2</id><title>b</title><link href="http://portal.example.cn/2"/><author><name>林小舟</name></author></entry></feed>`
	l, err := newReader(t).ReadFeed(feeds.Source{}, &feeds.Response{Body: []byte(atom)})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := l.Items[0], l.Items[1]; a.Author != "" || a.Origin != "门户" || !a.Published.IsZero() || a.Updated.IsZero() || b.Author != "林小舟" || b.Origin != "" {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func TestBinaryIsNoPage(t *testing.T) {
	for name, body := range map[string]string{"png": "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "pdf": "%PDF-1.7\n", "zip": "PK\x03\x04", "noise": "\x00\x01\x02\xff\xfe\x9a"} {
		_, err := newReader(t).ReadArticle(feeds.Source{Charset: "auto"}, &feeds.Response{Body: []byte(body)})
		var f *feeds.Fault
		if !errors.As(err, &f) || f.Kind != feeds.FaultFormat {
			t.Errorf("%s: %v", name, err)
		}
	}
}
