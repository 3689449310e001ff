package config

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
)

func noEnv(string) string { return "" }

// minimal is the smallest file that makes a gateway.
const minimal = `site:
  title: 某市文明网
  url: https://feeds.example.cn
  tag: example.cn,2026
sections:
  - id: news
    title: 要闻
    sources: [{list: "https://www.example.cn/news/"}]
`

// account is what a file needs to push as well.
const account = minimal + `accounts:
  - {id: main, appid: wx1, secret: s, kind: service}
`

func mustParse(t testing.TB, text string) *Config {
	t.Helper()
	c, err := Parse("test.yaml", []byte(text), t.TempDir(), Options{Getenv: noEnv})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// zones compares locations by name: each load makes its own.
var zones = cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })

var prefixes = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

func TestMinimalGetsDefaults(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	got := mustParse(t, minimal)
	want := &Config{
		Dir: got.Dir, Listen: "127.0.0.1:8080", Store: DSN{NewSecret("sqlite:wefeed.db")},
		Site: Site{Title: "某市文明网", URL: "https://feeds.example.cn", Tag: "example.cn,2026", Timezone: shanghai, Language: "zh-CN"},
		Network: Network{
			HostRate: 5, HostParallel: 4,
		},
		Feeds: Feeds{Limit: 50, Cache: 128 << 20, ReaderLimit: Rate{60, time.Minute}},
		Collect: Collect{
			Recheck:   Recheck{24 * time.Hour, 7 * 24 * time.Hour, 20},
			Withdrawn: Withdrawn{2, 10 * time.Minute},
			Redesign:  Redesign{0.6, 8},
		},
		Push: Push{Settle: 90 * time.Second, LookGap: 10 * time.Second, Grace: 2 * time.Hour},
		Sections: []Section{{ID: "news", Title: "要闻", Schedule: "*/10 * * * *", Sources: []Source{{
			ID: "news", List: "https://www.example.cn/news/", Charset: "auto", Timezone: shanghai, Key: "url",
		}}}},
	}
	if diff := cmp.Diff(want, got, zones, prefixes); diff != "" {
		t.Error(diff)
	}
	if dsn := got.StoreDSN(); dsn != "sqlite:"+filepath.Join(got.Dir, "wefeed.db") {
		t.Errorf("store at %s", dsn)
	}
}

func TestExample(t *testing.T) {
	c, err := Load(filepath.Join("..", "config.example.yaml"), Options{Getenv: noEnv})
	if err != nil {
		t.Fatal(err)
	}
	var tree []string
	for _, s := range c.FlatSections() {
		tree = append(tree, strings.TrimPrefix(s.Parent+"/"+s.ID, "/"))
		if s.Schedule != "*/10 * * * *" {
			t.Errorf("%s is collected at %q", s.ID, s.Schedule)
		}
	}
	want := "wennuan jingshen jingshen/gongzuo gongzuo/quanshi haoren mofan zhiyuan chengshi cunzhen danwei xiaoyuan jiating " +
		"gongyi chengxin liyi jieri weichengnian"
	if got := strings.Join(tree, " "); got != want {
		t.Errorf("sections\n got %s\nwant %s", got, want)
	}
	a := c.Accounts[0]
	if a.Secret.Reveal() != "demo-secret" || a.Token.Reveal() != "demo-token" || !a.AESKey.Empty() || a.DryRun {
		t.Errorf("account %+v", a)
	}
	if c.Sections[0].Sources[0].Select.Item != "ul.list li" || c.Sections[1].Sources[0].ID != "jingshen-rss" {
		t.Errorf("sources of the first sections: %+v %+v", c.Sections[0].Sources, c.Sections[1].Sources)
	}
	if len(c.Channels) != 2 || c.Channels[0].LongTitle != "cut" || c.Channels[1].LongTitle != "hold" ||
		c.Channels[1].Audience != "all" || c.Channels[1].MaxAge != 72*time.Hour {
		t.Errorf("channels %+v", c.Channels)
	}
	if len(c.Site.Codes) != 2 || !c.Network.Allow[0].Contains(netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("codes %v, allow %v", c.Site.Codes, c.Network.Allow)
	}
}

// TestExampleNamesEveryKey keeps the example complete: an admin finds every key there, but for those that would change
// what it does.
func TestExampleNamesEveryKey(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "config.example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := map[string]bool{"key_file": true, "image": true, "secret_file": true, "token_file": true, "aes_key_file": true}
	for _, k := range Keys() {
		key := strings.TrimSuffix(k.Path[strings.LastIndex(k.Path, ".")+1:], "[]")
		if !elsewhere[key] && !strings.Contains(string(text), key+":") {
			t.Errorf("the example does not show %s", k.Path)
		}
	}
	if !strings.HasPrefix(string(text), "# yaml-language-server: $schema=config/schema.json\n") {
		t.Error("the example does not name its schema in the first line")
	}
	if !strings.Contains(string(text), "\nstore: sqlite:wefeed.db") {
		t.Error("the example has no store in column 1")
	}
}

func TestDerived(t *testing.T) {
	c := mustParse(t, account+`  - {id: local, appid: wx2, secret: s, kind: service, api_base: "http://[::1]:8082"}
  - {id: forced, appid: wx3, secret: s, kind: service, api_base: "http://localhost:1", dry_run: true}
channels:
  - {id: a, account: main, kind: mass, schedule: "@daily", sections: [all]}
  - {id: b, account: main, kind: publish, schedule: "@daily", sections: [news]}
  - {id: c, account: main, kind: draft, schedule: "@daily", sections: [news], long_title: hold}
  - {id: d, account: main, kind: draft, schedule: "@daily", sections: [news]}
`)
	if !c.Accounts[0].DryRun || c.Accounts[1].DryRun || !c.Accounts[2].DryRun {
		t.Error("dry_run is true by default but on this machine")
	}
	if c.Channels[0].Audience != "all" || c.Channels[1].Audience != "" {
		t.Error("only a mass channel has an audience")
	}
	got := ""
	for _, ch := range c.Channels {
		got += ch.LongTitle + " "
	}
	if got != "hold hold hold cut " {
		t.Errorf("long_title %s", got)
	}
}

func TestInheritance(t *testing.T) {
	c := mustParse(t, minimal+`  - id: a
    title: A
    schedule: "@hourly"
    sources: [{list: "http://a.cn/", timezone: Asia/Urumqi}, {id: second, feed: "http://a.cn/rss", key: guid}]
    sections:
      - {id: b, title: B, sources: [{list: "http://a.cn/b"}], sections: [{id: c, title: C, sources: [{list: "http://a.cn/c"}]}]}
      - {id: d, title: D, schedule: "@daily", sources: [{list: "http://a.cn/d"}]}
`)
	var got []string
	for _, s := range c.FlatSections() {
		got = append(got, s.Parent+">"+s.ID+" "+s.Schedule)
		for _, src := range s.Sources {
			got = append(got, src.ID+" "+src.Timezone.String())
		}
	}
	want := []string{
		">news */10 * * * *", "news Asia/Shanghai", ">a @hourly", "a Asia/Urumqi", "second Asia/Shanghai",
		"a>b @hourly", "b Asia/Shanghai", "b>c @hourly", "c Asia/Shanghai", "a>d @daily", "d Asia/Shanghai",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTolerated(t *testing.T) {
	plain := mustParse(t, minimal)
	for name, text := range map[string]string{
		"BOM":           "\ufeff" + minimal,
		"CRLF":          strings.ReplaceAll(minimal, "\n", "\r\n"),
		"CR":            strings.ReplaceAll(minimal, "\n", "\r"),
		"document mark": "---\n" + minimal + "...\n",
		"comments":      "# 配置\n" + strings.ReplaceAll(minimal, "\n", " # 说明\n"),
	} {
		c := mustParse(t, text)
		c.Dir = plain.Dir
		if diff := cmp.Diff(plain, c, zones, prefixes); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestVariables(t *testing.T) {
	env := map[string]string{"TITLE": "a: b # \"c\"\n- d", "LIMIT": "7", "ON": "true", "EMPTY": "", "PW": "p@ss"}
	text := strings.Replace(minimal, "某市文明网", "${TITLE}", 1) + `
feeds: {limit: "${LIMIT}", cache: "${SIZE:-2MiB}"}
push: {stopped: "${ON}", settle: "${EMPTY:-1m}"}
store: postgres://u:${PW}@db/wefeed
collect: {redesign: {at_least: "${N:-3}"}}
accounts: [{id: a, appid: "$$x$y$$$$", secret: "a$$b${LIMIT}c", kind: service}]
`
	c, err := Parse("x", []byte(text), "", Options{Getenv: func(k string) string { return env[k] }})
	if err != nil {
		t.Fatal(err)
	}
	if c.Site.Title != env["TITLE"] || c.Feeds.Limit != 7 || c.Feeds.Cache != 2<<20 || !c.Push.Stopped ||
		c.Push.Settle != time.Minute || c.Collect.Redesign.AtLeast != 3 {
		t.Errorf("%+v", c)
	}
	if got := c.Accounts[0].AppID; got != "$x$y$$" {
		t.Errorf("appid %q", got)
	}
	if got := c.Accounts[0].Secret.Reveal(); got != "a$b7c" {
		t.Errorf("secret %q", got)
	}
	if c.StoreDSN() != "postgres://u:p@ss@db/wefeed" || c.Store.String() != "postgres://u:<secret>@db/wefeed" {
		t.Errorf("store %s %s", c.StoreDSN(), c.Store.String())
	}
}

func TestSecretFiles(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"app": "top\r\n", "token": "tok", "aes": strings.Repeat("k", 43) + "\n", "key": strings.Repeat("x", 32), "config.yaml": account +
			"  - {id: b, appid: wx2, secret_file: app, token_file: token, aes_key_file: aes, kind: service}\nkey_file: " +
			filepath.Join(dir, "key") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(filepath.Join(dir, "config.yaml"), Options{Getenv: noEnv})
	if err != nil {
		t.Fatal(err)
	}
	a := c.Accounts[1]
	if a.Secret.Reveal() != "top" || a.Token.Reveal() != "tok" || a.AESKey.Reveal() != strings.Repeat("k", 43) ||
		c.Key.Reveal() != strings.Repeat("x", 32) {
		t.Errorf("%q %q %q %q", a.Secret.Reveal(), a.Token.Reveal(), a.AESKey.Reveal(), c.Key.Reveal())
	}
}

func TestUnreadableFileIsNoFault(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"), Options{})
	var faults Faults
	if !errors.Is(err, os.ErrNotExist) || errors.As(err, &faults) {
		t.Errorf("%v", err)
	}
}
