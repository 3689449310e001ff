package sandbox_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wefeed/push/wechat/sandbox"
)

func long(n int) string { return strings.Repeat("长", n) }

func TestUploadImage(t *testing.T) {
	r := newRig(t, plain())
	big := append(jpegOf(2, 2), bytes.Repeat([]byte{0}, 1<<20)...)
	for _, c := range []struct {
		name string
		data []byte
		want int
	}{
		{"jpeg", jpegOf(3, 2), 0}, {"png", pngOf(3, 2), 0},
		{"gif", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"), 40005}, {"webp", []byte("RIFF\x00\x00\x00\x00WEBPVP8 "), 40005},
		{"text", []byte("hello"), 40005}, {"large", big, 40009}, {"just under 1 MB", big[:1<<20-1], 0}, {"empty", nil, 41005},
		{"huge", append(big, make([]byte, 12<<20)...), 45001},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := r.wants(r.upload("/cgi-bin/media/uploadimg", c.data), c.want)
			if c.want != 0 {
				return
			}
			path, ours := strings.CutPrefix(got["url"].(string), r.server.URL)
			if !ours || r.get(path) != string(c.data) {
				t.Errorf("%v does not serve what was uploaded", got["url"])
			}
		})
	}
	if status, _, _ := r.do("GET", "/mmbiz/none.jpg", "", nil); status != 404 {
		t.Errorf("a picture that was never uploaded answers %d", status)
	}
	r.wants(r.call("/cgi-bin/media/uploadimg", object{}), 41005)
}

func TestAddMaterial(t *testing.T) {
	r := newRig(t, plain())
	add := "/cgi-bin/material/add_material?type="
	one := r.wants(r.upload(add+"image", jpegOf(3, 2)), 0)
	if one["media_id"] == "" || !strings.HasPrefix(one["url"].(string), r.server.URL) {
		t.Errorf("answered %v", one)
	}
	if two := r.upload(add+"image", jpegOf(3, 2)); two["media_id"] == one["media_id"] {
		t.Error("the same picture twice is one material")
	}
	if _, has := r.wants(r.upload(add+"thumb", jpegOf(3, 2)), 0)["url"]; has {
		t.Error("a thumb has an address")
	}
	r.wants(r.upload(add+"image", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00")), 0)
	r.wants(r.upload(add+"thumb", pngOf(3, 2)), 40005)
	r.wants(r.upload(add+"thumb", append(jpegOf(3, 2), make([]byte, 64<<10)...)), 40009)
	r.wants(r.upload(add+"image", []byte("RIFF\x00\x00\x00\x00WEBPVP8 ")), 40005)
	r.wants(r.upload(add+"image", append(jpegOf(3, 2), make([]byte, 10<<20)...)), 40009)
	r.wants(r.upload(add+"video", jpegOf(3, 2)), 40004)
}

func TestUnverifiedMaterial(t *testing.T) {
	add := "/cgi-bin/material/add_material?type=image"
	r := newRig(t, ofKind(sandbox.Unverified))
	r.wants(r.upload(add, jpegOf(3, 2)), 0)
	o := ofKind(sandbox.Unverified)
	o.Limits.RefuseMaterial = true
	r = newRig(t, o)
	r.wants(r.upload(add, jpegOf(3, 2)), 48001)
}

func TestDraftLimits(t *testing.T) {
	r := newRig(t, plain())
	set := func(key, value string) []object {
		a := r.article("题")
		a[key] = value
		return []object{a}
	}
	many := func(n int) []object {
		a := r.article("题")
		all := make([]object, n)
		for i := range all {
			all[i] = a
		}
		return all
	}
	for _, c := range []struct {
		name     string
		articles []object
		want     int
	}{
		{"eight", many(8), 0}, {"nine", many(9), 45008}, {"none", []object{}, 45008},
		{"title 32", set("title", long(32)), 0}, {"title 33", set("title", long(33)), 45003}, {"no title", set("title", ""), 45003},
		{"author 16", set("author", long(16)), 0}, {"author 17", set("author", long(17)), 45110},
		{"digest 128", set("digest", long(128)), 0}, {"digest 129", set("digest", long(129)), 45004},
		{"content 19 999", set("content", long(19999)), 0}, {"content 20 000", set("content", long(20000)), 45002},
		{"address 1 KB", set("content_source_url", strings.Repeat("u", 1024)), 0},
		{"address over 1 KB", set("content_source_url", strings.Repeat("u", 1025)), 45006},
		{"no cover", set("thumb_media_id", ""), 40007}, {"foreign cover", set("thumb_media_id", "other"), 40007},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := r.count("drafts")
			r.wants(r.call("/cgi-bin/draft/add", object{"articles": c.articles}), c.want)
			if added := r.count("drafts") - before; added != 0 != (c.want == 0) {
				t.Errorf("%d drafts more", added)
			}
		})
	}
	r.wants(r.call("/cgi-bin/draft/add", "no object"), 47001)
}

func TestDraftBox(t *testing.T) {
	r := newRig(t, plain())
	var ids []string
	for i := range 23 {
		ids = append(ids, r.draft(r.article(fmt.Sprintf("第 %d 篇", i))))
	}
	page := func(offset, count int) (titles []string, total any) {
		o := r.wants(r.call("/cgi-bin/draft/batchget", object{"offset": offset, "count": count, "no_content": 1}), 0)
		for _, it := range o["item"].([]any) {
			news := it.(object)["content"].(object)["news_item"].([]any)[0].(object)
			if _, has := news["content"]; has {
				t.Error("no_content has content")
			}
			titles = append(titles, news["title"].(string))
		}
		return titles, o["total_count"]
	}
	if titles, total := page(0, 20); len(titles) != 20 || titles[0] != "第 22 篇" || total != 23.0 {
		t.Errorf("the first page has %d of %v, first %v", len(titles), total, titles)
	}
	if titles, _ := page(20, 20); len(titles) != 3 || titles[2] != "第 0 篇" {
		t.Errorf("the second page: %v", titles)
	}
	if titles, _ := page(40, 20); len(titles) != 0 {
		t.Errorf("a page behind the end: %v", titles)
	}
	r.wants(r.call("/cgi-bin/draft/batchget", object{"offset": 0, "count": 21}), 40097)
	r.wants(r.call("/cgi-bin/draft/batchget", object{"offset": -1, "count": 1}), 40097)

	changed := r.article("改过")
	r.wants(r.call("/cgi-bin/draft/update", object{"media_id": ids[3], "index": 0, "articles": changed}), 0)
	r.wants(r.call("/cgi-bin/draft/update", object{"media_id": ids[3], "index": 1, "articles": changed}), 40114)
	changed["title"] = long(33)
	r.wants(r.call("/cgi-bin/draft/update", object{"media_id": ids[3], "index": 0, "articles": changed}), 45003)
	news := r.call("/cgi-bin/draft/get", object{"media_id": ids[3]})["news_item"].([]any)[0].(object)
	if news["title"] != "改过" || news["content"] != "<p>正文</p>" {
		t.Errorf("after the update: %v", news)
	}

	r.wants(r.call("/cgi-bin/draft/delete", object{"media_id": ids[3]}), 0)
	r.wants(r.call("/cgi-bin/draft/delete", object{"media_id": ids[3]}), 40007)
	r.wants(r.call("/cgi-bin/draft/get", object{"media_id": ids[3]}), 40007)
	if n := r.object(r.get("/cgi-bin/draft/count?access_token=" + r.access))["total_count"]; n != 22.0 {
		t.Errorf("%v drafts left", n)
	}
}

func TestDraftContentIsFiltered(t *testing.T) {
	r := newRig(t, plain())
	mine := r.upload("/cgi-bin/media/uploadimg", pngOf(2, 2))["url"].(string)
	a := r.article("题")
	a["content"] = `<section class="c" id="i" onclick="x()" style="color:red">甲<script>alert(1)</script><style>p{}</style>` +
		`<iframe src="https://example.org"></iframe><img src="https://example.org/a.png"><img src="` + mine + `">&lt;乙</section>`
	delete(a, "digest")
	r.draft(a)
	got := r.state()["drafts"].([]any)[0].(object)["articles"].([]any)[0].(object)
	if diff := cmp.Diff(`<section style="color:red">甲<img src="`+mine+`">&lt;乙</section>`, got["content"]); diff != "" {
		t.Error(diff)
	}
	if got["digest"] != "甲<乙" {
		t.Errorf("digest %q, want the beginning of the body", got["digest"])
	}
	b := r.article("题")
	b["content"] = "<p>" + long(60) + "</p>"
	b["digest"] = ""
	r.draft(b)
	if got := r.state()["drafts"].([]any)[1].(object)["articles"].([]any)[0].(object)["digest"]; got != long(54) {
		t.Errorf("digest %q, want 54 characters", got)
	}
}

// TestEscapesAreLiteral: WeChat shows \u003c in a text as these six characters.
func TestEscapesAreLiteral(t *testing.T) {
	r := newRig(t, plain())
	cover := r.cover()
	body := `{"articles":[{"title":"\u4f60\u597d","content":"\\u0041 \u003cp\u003e","thumb_media_id":"` + cover + `"}]}`
	_, _, err := r.do("POST", "/cgi-bin/draft/add?access_token="+r.access, "application/json", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	got := r.state()["drafts"].([]any)[0].(object)["articles"].([]any)[0].(object)
	if got["title"] != `\u4f60\u597d` || got["content"] != `\u0041 \u003cp\u003e` {
		t.Errorf("title %q, content %q", got["title"], got["content"])
	}
}
