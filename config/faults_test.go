package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A mutation breaks testdata/base.yaml: each old text is replaced once by the new one after it.
type mutation struct {
	name    string
	replace []string
}

var mutations = []mutation{
	{"unknown key, near", []string{"schedule: \"*/10", "schedul: \"*/10"}},
	{"unknown key, far", []string{"    title: 要闻", "    colour: red\n    title: 要闻"}},
	{"unknown top key", []string{"push: {", "pushes: {"}},
	{"dash for underscore", []string{"max_articles: 8", "max-articles: 8"}},
	{"duplicate key", []string{"    title: 要闻", "    title: 要闻\n    title: 时政"}},
	{"duplicate key in a flow", []string{"limit: 50,", "limit: 50, limit: 60,"}},
	{"missing key", []string{"  title: 某市文明网\n", ""}},
	{"missing keys of a list item", []string{"id: child, title: 下级, ", ""}},
	{"missing mapping", []string{"sections:\n  - id: yaowen", "portal:\n  - id: yaowen"}},
	{"empty value", []string{"title: 要闻", "title:"}},
	{"empty text", []string{"title: 要闻", `title: ""`}},
	{"null", []string{"title: 要闻", "title: ~"}},
	{"value behind a hash", []string{"{item: \"ul.list li\", link: a}", "\n          item: #list"}},
	{"list for text", []string{"title: 要闻", "title: [要, 闻]"}},
	{"text for list", []string{"sections: [all]", "sections: all"}},
	{"mapping for list", []string{"    sources: [{list: \"https://www.example.cn/2/\"}]", "    sources: {list: \"https://www.example.cn/2/\"}"}},
	{"text for mapping", []string{"contact: {phone: \"022-00000000\", email: editor@example.cn}", "contact: editor"}},
	{"number for text", []string{"title: 要闻", "title: 2026"}},
	{"boolean for text", []string{"title: 要闻", "title: true"}},
	{"quoted number", []string{"limit: 50", `limit: "50"`}},
	{"octal number", []string{"limit: 50", "limit: 050"}},
	{"hexadecimal number", []string{"limit: 50", "limit: 0x32"}},
	{"float for int", []string{"at_least: 8", "at_least: 8.5"}},
	{"infinite rate", []string{"host_rate: 5", "host_rate: .inf"}},
	{"number out of range", []string{"max_articles: 8", "max_articles: 9"}},
	{"yes for true", []string{"stopped: false", "stopped: yes"}},
	{"quoted boolean", []string{"stopped: false", `stopped: "false"`}},
	{"duration without unit", []string{"settle: 90s", "settle: 90"}},
	{"duration in Chinese", []string{"settle: 90s", "settle: 90秒"}},
	{"negative duration", []string{"settle: 90s", "settle: -90s"}},
	{"duration of nothing", []string{"settle: 90s", "settle: 0s"}},
	{"endless duration", []string{"settle: 90s", "settle: 99999d"}},
	{"size without unit", []string{"cache: 128MiB", "cache: 128"}},
	{"size too small", []string{"cache: 128MiB", "cache: 1KiB"}},
	{"size with an unknown unit", []string{"cache: 128MiB", "cache: 128M"}},
	{"rate per fortnight", []string{"60/m", "60/fortnight"}},
	{"percentage without sign", []string{"share: 60%", "share: 60"}},
	{"percentage over all", []string{"share: 60%", "share: 160%"}},
	{"bare address for prefix", []string{"10.1.0.0/16", "10.1.2.3"}},
	{"prefix with host bits", []string{"10.1.0.0/16", "10.1.2.3/16"}},
	{"unknown zone", []string{"timezone: Asia/Shanghai", "timezone: Asia/Tianjin"}},
	{"local zone", []string{"timezone: Asia/Shanghai", "timezone: Local"}},
	{"id in capitals", []string{"id: yaowen", "id: YaoWen"}},
	{"id as a path", []string{"id: yaowen", "id: ../yaowen"}},
	{"id in Chinese", []string{"id: yaowen", "id: 要闻"}},
	{"reserved id", []string{"id: yaowen", "id: all"}},
	{"section id twice", []string{"id: second", "id: child"}},
	{"source id twice", []string{"id: child-rss", "id: yaowen"}},
	{"second source without id", []string{"sources: [{list: \"https://www.example.cn/2/\"}]", "sources: [{list: \"https://www.example.cn/2/\"}, {list: \"https://www.example.cn/3/\"}]"}},
	{"section without sources", []string{"    sources: [{list: \"https://www.example.cn/2/\"}]\n", ""}},
	{"source without address", []string{"list: https://www.example.cn/news/", "list: \"\""}},
	{"list and feed", []string{"{list: \"https://www.example.cn/2/\"}", "{list: \"https://www.example.cn/2/\", feed: \"https://www.example.cn/rss\"}"}},
	{"file address", []string{"list: https://www.example.cn/news/", "list: file:///etc/passwd"}},
	{"data address", []string{"list: https://www.example.cn/news/", "list: \"data:text/html,x\""}},
	{"gopher address", []string{"list: https://www.example.cn/news/", "list: gopher://example.cn/"}},
	{"address without host", []string{"list: https://www.example.cn/news/", "list: https:///news/"}},
	{"password in an address", []string{"list: https://www.example.cn/news/", "list: https://u:geheim@www.example.cn/news/"}},
	{"port out of range", []string{"list: https://www.example.cn/news/", "list: https://www.example.cn:99999/"}},
	{"broken selector", []string{"ul.list li", "ul..list > > li"}},
	{"selector too long", []string{"ul.list li", strings.Repeat("ul ", 200)}},
	{"selector with a nested regexp", []string{"ul.list li", "a:matches(" + strings.Repeat("(", 40) + "x" + strings.Repeat("{1000})", 40) + ")"}},
	{"unknown charset", []string{"charset: auto", "charset: gbk2312"}},
	{"unknown choice", []string{"key: url", "key: uri"}},
	{"six fields", []string{`"*/10 * * * *"`, `"0 */10 * * * *"`}},
	{"four fields", []string{`"*/10 * * * *"`, `"*/10 * * *"`}},
	{"schedule with a zone", []string{`"*/10 * * * *"`, `"CRON_TZ=UTC */10 * * * *"`}},
	{"schedule that panics cron", []string{`"*/10 * * * *"`, `"TZ="`}},
	{"thirtieth of February", []string{`"*/10 * * * *"`, `"0 0 30 2 *"`}},
	{"every moment", []string{`"*/10 * * * *"`, `"@every 10ms"`}},
	{"unknown descriptor", []string{`"*/10 * * * *"`, `"@fortnightly"`}},
	{"minute 61", []string{`"*/10 * * * *"`, `"61 * * * *"`}},
	{"schedule without quotes", []string{`"*/10 * * * *"`, `*/10 * * * *`}},
	{"descriptor without quotes", []string{`"*/10 * * * *"`, `@daily`}},
	{"final slash", []string{"https://feeds.example.cn", "https://feeds.example.cn/"}},
	{"site url with a query", []string{"https://feeds.example.cn", "https://feeds.example.cn?a=b"}},
	{"site url without scheme", []string{"https://feeds.example.cn", "feeds.example.cn"}},
	{"tag without year", []string{"tag: example.cn,2026", "tag: example.cn"}},
	{"e-mail", []string{"editor@example.cn", "editor at example.cn"}},
	{"listen without port", []string{"127.0.0.1:8080", "127.0.0.1"}},
	{"store of another kind", []string{"sqlite:wefeed.db", "mysql://u:geheim@host/db"}},
	{"store without file", []string{"sqlite:wefeed.db", "'sqlite:'"}},
	{"code without content", []string{", text: \"http://example.cn/\"", ""}},
	{"code of an unknown account", []string{"account: main, text", "account: mian, text"}},
	{"code from a document", []string{"text: \"http://example.cn/\"", "image: code.docx"}},
	{"no secret", []string{"    secret: ${WECHAT_SECRET:-geheim}\n", ""}},
	{"secret twice", []string{"secret: ${WECHAT_SECRET:-geheim}", "secret: geheim\n    secret_file: key"}},
	{"secret file that is not there", []string{"secret: ${WECHAT_SECRET:-geheim}", "secret_file: nowhere"}},
	{"misspelt secret", []string{"secret: ${WECHAT_SECRET:-geheim}", "secrte: geheim"}},
	{"secret in a flow beside a fault", []string{"    secret: ${WECHAT_SECRET:-geheim}\n    kind: service\n    token: zeichen\n", "    kind: service\n  - {id: b, appid: wx2, secret: geheim, token: \"gehe,im\", knd: service}\n"}},
	{"secret over several lines", []string{"secret: ${WECHAT_SECRET:-geheim}", "secret: |\n      geheim\n      geheim\n    knd: x"}},
	{"secret as a number", []string{"secret: ${WECHAT_SECRET:-geheim}", "secret: 4711"}},
	{"secret as a list", []string{"secret: ${WECHAT_SECRET:-geheim}", "secret: [geheim]"}},
	{"short aes key", []string{"token: zeichen", "token: zeichen\n    aes_key: geheim"}},
	{"unset variable", []string{"appid: wx1234", "appid: ${WECHAT_APPID}"}},
	{"variable without end", []string{"appid: wx1234", "appid: \"${WECHAT_APPID\""}},
	{"variable without name", []string{"appid: wx1234", "appid: \"${wechat-appid}\""}},
	{"nested variable", []string{"appid: wx1234", "appid: ${A:-${B:-c}}"}},
	{"unknown kind of account", []string{"kind: service", "kind: servce"}},
	{"account id twice", []string{"channels:\n", "  - {id: main, appid: wx1234, secret: geheim, kind: service}\nchannels:\n"}},
	{"account that may not", []string{"kind: service", "kind: unverified", "kind: draft", "kind: mass"}},
	{"audience of a draft", []string{"kind: draft", "kind: draft\n    audience: all"}},
	{"audience of some", []string{"kind: draft", "kind: mass\n    audience: some"}},
	{"channel to nobody", []string{"account: main\n", "account: mani\n"}},
	{"channel of an unknown section", []string{"sections: [all]", "sections: [yaowen, chlid, yaowen]"}},
	{"channel without sections", []string{"sections: [all]", "sections: []"}},
	{"min above max", []string{"max_articles: 8", "max_articles: 2\n    min_articles: 3"}},
	{"tab", []string{"  title: 某市文明网", "\ttitle: 某市文明网"}},
	{"full-width colon", []string{"title: 要闻", "title：要闻"}},
	{"full-width comma", []string{"limit: 50, cache", "limit: 50，cache"}},
	{"open quote", []string{"\"*/10 * * * *\"", "\"*/10 * * * *"}},
	{"open bracket", []string{"sections: [all]", "sections: [all"}},
	{"colon in a value", []string{"title: 要闻", "title: 要闻: 时政"}},
	{"crooked indentation", []string{"    title: 要闻", "   title: 要闻"}},
	{"value on two lines", []string{"title: 要闻", "title: 要闻\n      schedule \"* * * * *\""}},
	{"anchor and alias", []string{"title: 要闻", "title: &t 要闻", "title: 第二", "title: *t"}},
	{"merge key", []string{"    title: 第二", "    <<: {a: b}\n    title: 第二"}},
	{"tag", []string{"title: 要闻", "title: !!str 要闻"}},
	{"key that is a list", []string{"    title: 要闻", "    ? [title]\n    : 要闻"}},
	{"second document", []string{"channels:\n", "---\nchannels:\n"}},
	{"NUL", []string{"title: 要闻", "title: 要\x00闻"}},
	{"GBK", []string{"title: 要闻", "title: \xd2\xaa\xce\xc5", "某市文明网", "x", "公众号", "x", "下级", "x", "第二", "x"}},
	{"broken UTF-8", []string{"title: 要闻", "title: 要闻\xff"}},
	{"control character", []string{"title: 要闻", "titel: \x1b[31m要闻"}},
	{"NUL in an escape", []string{"title: 要闻", `title: "要\0闻"`}},
	{"escape sequence in a value", []string{"title: 要闻", `title: "\e[31m要闻"`}},
	{"many at once", []string{
		"listen: 127.0.0.1:8080", "listen: here", "title: 要闻", "titel: 要闻", "limit: 50", "limit: 5000", "settle: 90s", "settle: bald",
		"id: second", "id: yaowen", "\"*/10 * * * *\"", "\"61 * * * *\"", "kind: service", "kind: srvice", "sections: [all]", "sections: [alle]",
	}},
}

// TestFaults prints every mutated file's faults into one golden file, to be read as the admin reads them.
func TestFaults(t *testing.T) {
	base, err := os.ReadFile(filepath.Join("testdata", "base.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse("base.yaml", base, "", Options{Getenv: noEnv}); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, m := range mutations {
		text := string(base)
		for i := 0; i < len(m.replace); i += 2 {
			if !strings.Contains(text, m.replace[i]) {
				t.Fatalf("%s: the base has no %q", m.name, m.replace[i])
			}
			text = strings.Replace(text, m.replace[i], m.replace[i+1], 1)
		}
		fmt.Fprintf(&out, "== %s\n%s\n", m.name, faultsOf(t, m.name, text))
	}
	if strings.Contains(out.String(), "geheim") || strings.Contains(out.String(), "zeichen") {
		t.Error("a fault shows a secret")
	}
	golden(t, filepath.Join("testdata", "faults.golden"), []byte(out.String()))
}

// inEnglish is what the second half of every message looks like.
var inEnglish = regexp.MustCompile(`（[^（）]+）$`)

func faultsOf(t *testing.T, name, text string) string {
	t.Helper()
	_, err := Parse("config.yaml", []byte(text), "", Options{Getenv: noEnv})
	var faults Faults
	if !errors.As(err, &faults) {
		t.Errorf("%s: no fault, but %v", name, err)
		return ""
	}
	for i, f := range faults {
		if f.Line < 1 || f.Column < 1 || strings.Contains(f.Message, "\n") || !inEnglish.MatchString(f.Message) {
			t.Errorf("%s: %+v", name, f)
		}
		if i > 0 && f.Line < faults[i-1].Line {
			t.Errorf("%s: faults are out of order", name)
		}
	}
	var out strings.Builder
	if err := faults.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
