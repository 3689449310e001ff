package feeds

import (
	"net/url"
	"slices"
	"testing"
)

func TestURLKey(t *testing.T) {
	for _, tc := range []struct{ raw, want string }{
		{"http://www.example.cn/a/t1.html", "example.cn/a/t1.html"},
		{"https://example.cn/a/t1.html#top", "example.cn/a/t1.html"},
		{"HTTPS://WWW.Example.CN:443/a/t1.html", "example.cn/a/t1.html"},
		{"http://example.cn:8081/a/", "example.cn:8081/a/"},
		{"http://example.cn/a/../b/./t1.html", "example.cn/b/t1.html"},
		{"http://example.cn", "example.cn/"},
		{"http://example.cn/c.jsp?id=2&utm_source=x&spm=a.b", "example.cn/c.jsp?id=2"},
		{"http://example.cn/c.jsp?b=2&a=1", "example.cn/c.jsp?a=1&b=2"},
		{"http://example.cn/c.jsp?id=3", "example.cn/c.jsp?id=3"},
		{" http://example.cn/%E5%A4%A9.html ", "example.cn/%E5%A4%A9.html"},
		{"/relative", ""},
		{"javascript:void(0)", ""},
		{"ftp://example.cn/a", ""},
		{"", ""},
		{"http://", ""},
	} {
		if got := URLKey(tc.raw); got != tc.want {
			t.Errorf("URLKey(%q) = %q, want %q", tc.raw, got, tc.want)
		}
	}
}

func TestArticleIDIsForEver(t *testing.T) {
	// A rebuilt database must find these again: never change this expectation.
	const want = "8d8c4c2d1f0681a5ce0b7ee29416e2fb"
	got := ArticleID("example.cn,2026", "example.cn/a/t1.html")
	if len(got) != 32 {
		t.Errorf("ArticleID has %d characters, want 32", len(got))
	}
	if got == ArticleID("example.cn,2027", "example.cn/a/t1.html") || got == ArticleID("example.cn,2026", "example.cn/a/t2.html") {
		t.Error("ArticleID does not depend on both tag and key")
	}
	if got != want {
		t.Errorf("ArticleID = %s, want %s", got, want)
	}
}

func TestKeys(t *testing.T) {
	list, byGUID := Source{ID: "s"}, Source{ID: "s", Key: KeyGUID}
	for _, tc := range []struct {
		name string
		src  Source
		it   Item
		want []string
	}{
		{"url first, guid as alias", list, Item{URL: "http://e.cn/1", GUID: "g"}, []string{"e.cn/1", "guid:s:g"}},
		{"aliases follow", list, Item{URL: "http://e.cn/1", Aliases: []string{"https://www.e.cn/2", "https://e.cn/1"}}, []string{"e.cn/1", "e.cn/2"}},
		{"no url", list, Item{GUID: "g"}, []string{"guid:s:g"}},
		{"guid policy knows no urls", byGUID, Item{URL: "http://e.cn/1", GUID: "g"}, []string{"guid:s:g"}},
		{"guid policy without guid", byGUID, Item{URL: "http://e.cn/1"}, []string{"e.cn/1"}},
		{"nothing", list, Item{URL: "#", GUID: " "}, nil},
	} {
		if got := Keys(tc.src, tc.it); !slices.Equal(got, tc.want) {
			t.Errorf("%s: Keys = %q, want %q", tc.name, got, tc.want)
		}
	}
}

func FuzzURLKey(f *testing.F) {
	f.Add("http://www.example.cn/a/t1.html?b=2&a=1#x")
	f.Add("http://127。0。0。1/")
	f.Fuzz(func(t *testing.T, raw string) {
		key := URLKey(raw)
		if key == "" {
			return
		}
		u, err := url.Parse("http://" + key)
		if err != nil {
			t.Skip("hosts that only net/url's lenient reading takes")
		}
		if again := URLKey(u.String()); again != key && URLKey("http://"+again) != again {
			t.Errorf("URLKey(%q) = %q, whose key is %q, which is not stable", raw, key, again)
		}
	})
}
