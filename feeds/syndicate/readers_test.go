package syndicate_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wefeed/internal/need"
)

// read runs a feed reader.
func read(t *testing.T, stdin string, reader string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), reader, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", reader, err, stderr.String())
	}
	return string(out)
}

var titles = []string{"“A<B>”与 ]]> & 好人", "只有日期", "（无标题）"}

const articleTag = "tag:example.cn,2026:article/0000000000000000000000000000000"

// pythonWithFeedparser is the distribution's Python, which has its packages: another one may come first in the path.
func pythonWithFeedparser(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import feedparser").Run() == nil {
			return python
		}
	}
	need.Missing(t, "Python's feedparser")
	return ""
}

func TestFeedparserReadsEveryFormat(t *testing.T) {
	const script = `
import feedparser, json, sys
d = feedparser.parse(sys.stdin.buffer.read())
print(json.dumps({"bozo": bool(d.bozo), "version": d.version, "title": d.feed.get("title"), "entries": [
  {"id": e.get("id"), "title": e.get("title"), "link": e.get("link"), "author": e.get("author"), "published": e.get("published"),
   "content": bool(e.get("content")), "tags": len(e.get("tags", []))} for e in d.entries]}))`
	python := pythonWithFeedparser(t)
	p := publisher(t, newShelf())
	for ending, version := range map[string]string{"atom": "atom10", "rss": "rss20"} {
		t.Run(ending, func(t *testing.T) {
			var got struct {
				Bozo           bool
				Version, Title string
				Entries        []struct {
					ID, Title, Link, Author, Published string
					Content                            bool
					Tags                               int
				}
			}
			out := read(t, get(p, "/feeds/jingshen."+ending).Body.String(), python, "-c", script)
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatal(err)
			}
			if got.Bozo || got.Version != version || got.Title != "精神 <建设> & 进行时 - 示范网" || len(got.Entries) != 3 {
				t.Fatalf("%+v", got)
			}
			for i, e := range got.Entries {
				if e.ID != fmt.Sprint(articleTag, i+1) || !e.Content || e.Tags == 0 || e.Author == "" || !strings.HasPrefix(e.Link, "https://portal.example.cn/") {
					t.Errorf("%+v", e)
				}
			}
			if got.Entries[0].Author != "林小舟" || got.Entries[0].Published == "" || got.Entries[2].Published != "" {
				t.Errorf("%+v", got.Entries)
			}
		})
	}
}

// TestSfeedReadsEveryFormat: sfeed prints a line an item: time, title, link, content, type, id, author, enclosure, tags.
func TestSfeedReadsEveryFormat(t *testing.T) {
	sfeed := need.Program(t, "sfeed")
	p := publisher(t, newShelf())
	for _, ending := range []string{"atom", "rss"} {
		out := read(t, get(p, "/feeds/jingshen."+ending).Body.String(), sfeed)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if len(lines) != 3 {
			t.Fatalf("%s: %q", ending, out)
		}
		for i, l := range lines {
			f := strings.Split(l, "\t")
			if f[1] != titles[i] || f[5] != fmt.Sprint(articleTag, i+1) || !strings.HasPrefix(f[2], "https://portal.example.cn/") || f[3] == "" {
				t.Errorf("%s: %q", ending, f)
			}
		}
	}
}

// TestNewsboatReadsEveryFormat fetches a feed over HTTP, as its users do, twice: the second time nothing is new.
func TestNewsboatReadsEveryFormat(t *testing.T) {
	newsboat := need.Program(t, "newsboat")
	server := httptest.NewServer(publisher(t, newShelf()))
	defer server.Close()
	for _, ending := range []string{"atom", "rss"} {
		dir := t.TempDir()
		urls := filepath.Join(dir, "urls")
		if err := os.WriteFile(urls, []byte(server.URL+"/feeds/all."+ending+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			args := []string{"-u", urls, "-c", filepath.Join(dir, "cache.db"), "-C", os.DevNull, "-x"}
			read(t, "", newsboat, append(args, "reload")...)
			out := read(t, "", newsboat, append(args, "print-unread")...)
			if diff := cmp.Diff("3 unread articles", strings.TrimSpace(out)); diff != "" {
				t.Errorf("%s: %s", ending, diff)
			}
		}
	}
}
