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
)

// tool runs an installed feed reader. scripts/test-deps installs them all.
func tool(t *testing.T, stdin string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v (scripts/test-deps installs it)\n%s", name, err, stderr.String())
	}
	return string(out)
}

var titles = []string{"“A<B>”与 ]]> & 好人", "只有日期", "（无标题）"}

const articleTag = "tag:example.cn,2026:article/0000000000000000000000000000000"

func TestFeedparserReadsEveryFormat(t *testing.T) {
	const script = `
import feedparser, json, sys
d = feedparser.parse(sys.stdin.buffer.read())
print(json.dumps({"bozo": bool(d.bozo), "version": d.version, "title": d.feed.get("title"), "entries": [
  {"id": e.get("id"), "title": e.get("title"), "link": e.get("link"), "author": e.get("author"), "published": e.get("published"),
   "content": bool(e.get("content")), "tags": len(e.get("tags", []))} for e in d.entries]}))`
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
			out := tool(t, get(p, "/feeds/jingshen."+ending).Body.String(), "/usr/bin/python3", "-c", script)
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
	p := publisher(t, newShelf())
	for _, ending := range []string{"atom", "rss"} {
		out := tool(t, get(p, "/feeds/jingshen."+ending).Body.String(), "sfeed")
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
	server := httptest.NewServer(publisher(t, newShelf()))
	defer server.Close()
	for _, ending := range []string{"atom", "rss"} {
		dir := t.TempDir()
		urls := filepath.Join(dir, "urls")
		if err := os.WriteFile(urls, []byte(server.URL+"/feeds/all."+ending+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			newsboat := []string{"-u", urls, "-c", filepath.Join(dir, "cache.db"), "-C", os.DevNull, "-x"}
			tool(t, "", "newsboat", append(newsboat, "reload")...)
			out := tool(t, "", "newsboat", append(newsboat, "print-unread")...)
			if diff := cmp.Diff("3 unread articles", strings.TrimSpace(out)); diff != "" {
				t.Errorf("%s: %s", ending, diff)
			}
		}
	}
}
