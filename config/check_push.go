package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// aesKey is WeChat's EncodingAESKey: base64 of 32 bytes without its padding.
var aesKey = regexp.MustCompile(`^[A-Za-z0-9+/]{43}$`)

// allowed says what each kind of account may do: WeChat took publishing from unverified accounts in July 2025, mass
// sending they never had; subscription notices belong to service accounts.
var allowed = map[string][]string{
	"service":      {"draft", "publish", "mass", "notice"},
	"subscription": {"draft", "publish", "mass"},
	"unverified":   {"draft"},
}

func (d *decoder) accounts(c *Config) {
	ids, appids := names{}, names{}
	for i, a := range c.Accounts {
		path := fmt.Sprintf("accounts[%d]", i)
		d.unique(ids, a.ID, path+".id")
		d.unique(appids, a.AppID, path+".appid")
		d.credentials(a, path)
		d.url(path+".api_base", a.APIBase)
		if strings.HasSuffix(a.APIBase, "/") {
			d.refuse(path+".api_base", "末尾不能有 /（no final slash）", "")
		}
	}
}

// credentials checks an account's secrets without ever quoting them.
func (d *decoder) credentials(a Account, path string) {
	if a.Secret.Empty() && !d.wrong(path+".secret") && !d.wrong(path+".secret_file") {
		d.refuse(path+".secret", "缺少 secret 或 secret_file（secret or secret_file is missing）",
			"如 secret: ${WECHAT_SECRET} · like secret: ${WECHAT_SECRET}")
	}
	for _, s := range []struct {
		key   string
		value Secret
	}{{"secret", a.Secret}, {"token", a.Token}, {"aes_key", a.AESKey}} {
		if strings.ContainsFunc(s.value.Reveal(), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
			d.refuse(d.secretPath(path+"."+s.key), s.key+" 含有空白或换行（blanks or line breaks in "+s.key+"）", "多半是复制时带上的 · probably copied along")
		}
	}
	if a.AESKey.Empty() {
		return
	}
	at := d.secretPath(path + ".aes_key")
	if !aesKey.MatchString(a.AESKey.Reveal()) {
		d.refuse(at, "EncodingAESKey 应是 43 个字母或数字（an EncodingAESKey has 43 letters and digits）", "从公众平台“服务器配置”复制 · copy it from the platform's server configuration")
	}
	if a.Token.Empty() && !d.wrong(path+".token") && !d.wrong(path+".token_file") {
		d.refuse(at, "安全模式还需要 token（safe mode needs a token too）", "")
	}
}

// secretPath is the path of the key that gave the secret: itself, or its _file.
func (d *decoder) secretPath(path string) string {
	if d.given(path + "_file") {
		return path + "_file"
	}
	return path
}

func (d *decoder) accountExists(c *Config, id, path string) {
	var ids []string
	for _, a := range c.Accounts {
		ids = append(ids, a.ID)
	}
	d.exists(id, ids, path, "公众号", "account")
}

// exists checks a reference, and proposes the nearest id.
func (d *decoder) exists(id string, ids []string, path, zh, en string) {
	if id == "" || slices.Contains(ids, id) || d.wrong(path) {
		return
	}
	hint := ""
	if len(d.faults) > maxFaults {
		return // enough to report; comparing every id with every other would take long
	}
	if near := nearest(id, ids); near != "" {
		hint = "是不是 " + near + "？ · did you mean " + near + "?"
	} else if len(ids) > 0 && len(ids) <= 30 {
		hint = "已有的 · there are: " + strings.Join(ids, ", ")
	}
	d.refuse(path, fmt.Sprintf("没有%s %s（no such %s）", zh, quote(id), en), hint)
}

func (d *decoder) channels(c *Config) {
	sections := []string{"all"}
	for _, s := range c.FlatSections() {
		sections = append(sections, s.ID)
	}
	ids := names{}
	for i, ch := range c.Channels {
		path := fmt.Sprintf("channels[%d]", i)
		d.unique(ids, ch.ID, path+".id")
		d.accountExists(c, ch.Account, path+".account")
		if d.given(path + ".schedule") {
			d.schedule(ch.Schedule, c.Site.Timezone, path+".schedule")
		}
		d.channelKind(c, ch, path)
		d.channelSections(ch, path, sections)
		if ch.MinArticles > ch.MaxArticles && !d.wrong(path+".max_articles") {
			at := path + ".min_articles"
			if !d.given(at) {
				at = path + ".max_articles"
			}
			d.refuse(at, fmt.Sprintf("min_articles %d 大于 max_articles %d（min is above max）", ch.MinArticles, ch.MaxArticles), "")
		}
	}
}

// channelKind checks that the account may do what the channel wants.
func (d *decoder) channelKind(c *Config, ch Channel, path string) {
	i := slices.IndexFunc(c.Accounts, func(a Account) bool { return a.ID == ch.Account })
	if i >= 0 {
		kinds, known := allowed[c.Accounts[i].Kind]
		if known && !slices.Contains(kinds, ch.Kind) {
			d.refuse(path+".kind", fmt.Sprintf("%[1]s 公众号不能 %[2]s（an account of kind %[1]s cannot %[2]s）", c.Accounts[i].Kind, ch.Kind),
				"可以 · it can: "+strings.Join(kinds, ", "))
		}
	}
	if d.wrong(path + ".kind") {
		return
	}
	d.audience(c, ch, path, i)
	d.notice(ch, path)
}

// audience checks whom the channel reaches.
func (d *decoder) audience(c *Config, ch Channel, path string, account int) {
	reaches := ch.Kind == "mass" || ch.Kind == "notice"
	at := path + ".audience"
	switch {
	case !reaches && d.given(at):
		d.refuse(at, "只有 mass 和 notice 渠道有 audience（only mass and notice channels have an audience）", "删去这一行 · drop it")
	case reaches && !audiences.MatchString(ch.Audience):
		d.refuse(at, quote(ch.Audience)+" 不是发送对象（not an audience）", "all，或 tag:标签编号 · all, or tag:ID of a tag")
	}
	switch at := path + ".audience_file"; {
	case ch.AudienceFile == "":
	case ch.Kind != "mass" || account >= 0 && c.Accounts[account].Kind != "service":
		d.refuse(at, "按名单群发只用于服务号的 mass 渠道（a list of openids is for mass channels of a service account）", "删去这一行 · drop it")
	case d.given(path + ".audience"):
		d.refuse(at, "audience 和 audience_file 只能写一个（both audience and audience_file are given）", "")
	}
}

// audiences are the forms of an audience.
var audiences = regexp.MustCompile(`^(all|tag:[1-9][0-9]{0,9})$`)

// notice checks what only notice channels have.
func (d *decoder) notice(ch Channel, path string) {
	if ch.Kind != "notice" {
		for _, key := range []string{".template", ".fields"} {
			if d.given(path + key) {
				d.refuse(path+key, "只有 notice 渠道有这个键（only a notice channel has this key）", "删去这一行 · drop it")
			}
		}
		return
	}
	if ch.Template == "" {
		d.refuse(path+".template", "notice 渠道缺少 template（a notice channel needs a template）", "在公众平台“订阅通知”里选用模板，复制它的 id · copy the id from the platform")
	}
	if len(ch.Fields) == 0 {
		d.refuse(path+".fields", "notice 渠道缺少 fields（a notice channel needs fields）", `如 fields: [{name: thing1, text: "{title}"}] · like this`)
	}
	if ch.MaxArticles != 1 && !d.wrong(path+".max_articles") {
		d.refuse(path+".max_articles", "一条通知只说一篇文章（a notice speaks of one article）", "写 1 或删去 · 1, or drop it")
	}
}

func (d *decoder) channelSections(ch Channel, path string, ids []string) {
	if len(ch.Sections) == 0 {
		d.refuse(path+".sections", "至少要有一个栏目（at least one section is needed）", "[all] 表示全部 · [all] is everything")
	}
	seen := map[string]bool{}
	for i, id := range ch.Sections {
		at := fmt.Sprintf("%s.sections[%d]", path, i)
		if seen[id] {
			d.refuse(at, quote(id)+" 重复（named twice）", "")
		}
		seen[id] = true
		d.exists(id, ids, at, "栏目", "section")
	}
}
