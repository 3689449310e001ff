package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andybalholm/cascadia"
	"golang.org/x/text/encoding/htmlindex"
)

// maxSelector bounds a CSS selector: cascadia compiles regular expressions in them, at a cost that grows with length.
const maxSelector = 500

// check finds what a single value's type cannot tell.
func (d *decoder) check(c *Config) {
	d.listen("listen", c.Listen)
	if c.Admin.Listen != "" {
		d.listen("admin.listen", c.Admin.Listen)
		if c.Admin.Listen == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
			d.refuse("admin.listen", "与 listen 相同（the same as listen）", `写 "" 即用同一地址 · "" means the main listener`)
		}
	}
	d.store(c.Store)
	if !c.Key.Empty() && len(c.Key.Reveal()) < 32 {
		d.refuse("key_file", "密钥文件不足 32 字节（the key file has fewer than 32 bytes）", "可用 openssl rand -hex 32 生成 · make one with openssl rand -hex 32")
	}
	d.site(c)
	d.sections(c)
	d.accounts(c)
	d.channels(c)
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$`)

// listen checks a host:port, whose host may be empty.
func (d *decoder) listen(path, address string) {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if _, bad := netip.ParseAddr(host); err == nil && host != "" && bad != nil && !hostName.MatchString(host) {
		err = bad
	}
	if err != nil {
		d.refuse(path, quote(address)+" 不是监听地址（not a listen address）", "写成 127.0.0.1:8080，或 :8080 表示所有网卡 · 127.0.0.1:8080, or :8080 for all interfaces")
	}
}

// store checks the form of the data source name. Its text is never quoted: it may hold a password.
func (d *decoder) store(dsn DSN) {
	raw := dsn.Reveal()
	if path, ok := strings.CutPrefix(raw, "sqlite:"); ok {
		if path == "" || strings.ContainsAny(path, "?#") || strings.HasSuffix(path, "/") {
			d.refuse("store", "sqlite: 后面应是文件名（sqlite: must be followed by a file name）", "如 sqlite:wefeed.db · like sqlite:wefeed.db")
		}
		return
	}
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || strings.Trim(u.Path, "/") == "" {
		d.refuse("store", "不是 sqlite:文件名，也不是 postgres://用户@主机/库（neither sqlite:FILE nor postgres://user@host/db）", "如 sqlite:wefeed.db · like sqlite:wefeed.db")
	}
}

func (d *decoder) site(c *Config) {
	s := c.Site
	d.url("site.url", s.URL)
	if strings.HasSuffix(s.URL, "/") {
		d.refuse("site.url", "末尾不能有 /（no final slash）", "写成 · write "+strings.TrimRight(s.URL, "/"))
	}
	if strings.ContainsAny(s.URL, "?#") {
		d.refuse("site.url", "网址不能带 ? 或 #（no query or fragment）", "")
	}
	if a, err := mail.ParseAddress(s.Contact.Email); s.Contact.Email != "" && (err != nil || a.Address != s.Contact.Email) {
		d.refuse("site.contact.email", quote(s.Contact.Email)+" 不是邮箱地址（not an e-mail address）", "")
	}
	for i, code := range s.Codes {
		d.code(c, code, fmt.Sprintf("site.codes[%d]", i))
	}
}

func (d *decoder) code(c *Config, code Code, path string) {
	switch {
	case code.Text == "" && code.Image == "":
		d.refuse(path, "缺少 text 或 image（text or image is missing）", "text 是二维码的内容，image 是现成的图片文件 · text is drawn as a code, image names a file")
	case code.Text != "" && code.Image != "":
		d.refuse(path+".image", "text 和 image 只能写一个（both text and image are given）", "")
	case len(code.Text) > 1000:
		d.refuse(path+".text", "文字太长，二维码放不下（too long for a QR code）", "")
	}
	if ext := strings.ToLower(filepath.Ext(code.Image)); code.Image != "" && !slices.Contains([]string{".png", ".jpg", ".jpeg", ".svg"}, ext) {
		d.refuse(path+".image", quote(code.Image)+" 不是 png、jpg 或 svg（not a png, jpg or svg file）", "")
	}
	if code.Account != "" {
		d.accountExists(c, code.Account, path+".account")
	}
}

// url checks an absolute http(s) URL. Only the host is quoted.
func (d *decoder) url(path, raw string) {
	u, err := url.Parse(raw)
	if raw == "" {
		d.refuse(path, "网址是空的（the URL is empty）", "")
		return
	}
	if err == nil {
		_, err = portOf(u)
	}
	switch {
	case err != nil || strings.ContainsAny(raw, " \t\n"):
		d.refuse(path, "网址写错了（malformed URL）", "如 https://www.example.cn/news/ · like https://www.example.cn/news/")
	case u.Scheme == "" || u.Opaque != "" && !strings.Contains(raw, "//"):
		d.refuse(path, "网址必须以 http:// 或 https:// 开头（only http and https）", "如 https://www.example.cn/news/ · like https://www.example.cn/news/")
	case u.Scheme != "http" && u.Scheme != "https":
		d.refuse(path, "网址必须以 http:// 或 https:// 开头（only http and https）", "file:、data: 等一律拒绝 · file:, data: and the like are refused")
	case u.Hostname() == "":
		d.refuse(path, "网址没有主机名（the URL has no host）", "")
	case u.User != nil:
		d.refuse(path, "网址里不能写用户名和密码（no user or password in a URL）", "")
	}
}

// portOf returns the URL's port, 0 when it names none.
func portOf(u *url.URL) (uint64, error) {
	if u.Port() == "" {
		return 0, nil
	}
	return strconv.ParseUint(u.Port(), 10, 16)
}

// names checks that an id is used once.
type names map[string]string // id → path of its first use

func (d *decoder) unique(seen names, id, path string) {
	first, dup := seen[id]
	switch {
	case id == "" || d.wrong(path):
	case dup:
		line := d.where(first).line
		d.refuse(path, fmt.Sprintf("%s 与第 %d 行重复（already used in line %d）", quote(id), line, line), "每个 id 只能用一次 · an id can be used once")
	default:
		seen[id] = path
	}
}

func (d *decoder) sections(c *Config) {
	if len(c.Sections) == 0 {
		d.refuse("sections", "至少要有一个栏目（at least one section is needed）", "")
	}
	ids, sources := names{}, names{}
	compiled := map[string]error{}
	var walk func(list []Section, path string)
	walk = func(list []Section, path string) {
		for i, s := range list {
			at := fmt.Sprintf("%s[%d]", path, i)
			d.section(c, s, at, ids)
			for j, src := range s.Sources {
				sat := fmt.Sprintf("%s.sources[%d]", at, j)
				d.unique(sources, src.ID, sat+".id")
				d.source(src, sat, compiled)
			}
			walk(s.Sections, at+".sections")
		}
	}
	walk(c.Sections, "sections")
}

func (d *decoder) section(c *Config, s Section, path string, ids names) {
	if s.ID == "all" || s.ID == "opml" {
		d.refuse(path+".id", quote(s.ID)+" 是保留的编号（reserved id）", "all 是全部栏目，opml 是目录 · all is the whole portal, opml the list of feeds")
	}
	d.unique(ids, s.ID, path+".id")
	if d.given(path + ".schedule") {
		d.schedule(s.Schedule, c.Site.Timezone, path+".schedule")
	}
	if len(s.Sources) == 0 && len(s.Sections) == 0 {
		d.refuse(path+".sources", "栏目既没有来源也没有下级栏目（the section has neither sources nor child sections）",
			`写 sources: [{list: "https://…"}] · add sources: [{list: "https://…"}]`)
	}
}

func (d *decoder) schedule(spec string, zone *time.Location, path string) {
	if d.wrong(path) {
		return
	}
	if _, err := ParseSchedule(spec, zone); err != nil {
		reason := "无法读取"
		var known scheduleError
		if errors.As(err, &known) {
			reason = known.zh
		}
		d.refuse(path, fmt.Sprintf("%s 不是采集或推送计划：%s（not a schedule: %v）", quote(spec), reason, err),
			`五段：分 时 日 月 星期，如 "*/10 * * * *"；或 "@every 10m"、"@daily" · five fields: minute hour day month weekday`)
	}
}

func (d *decoder) source(s Source, path string, compiled map[string]error) {
	switch {
	case s.List == "" && s.Feed == "":
		d.refuse(path, "来源缺少 list 或 feed（list or feed is missing）", "list 是列表页网址，feed 是 RSS/Atom 网址 · list is a page's URL, feed an RSS or Atom URL")
	case s.List != "" && s.Feed != "":
		d.refuse(path+".feed", "list 和 feed 只能写一个（both list and feed are given）", "写成两个来源 · make two sources of it")
	}
	if s.List != "" {
		d.url(path+".list", s.List)
	}
	if s.Feed != "" {
		d.url(path+".feed", s.Feed)
	}
	if _, err := htmlindex.Get(s.Charset); s.Charset != "auto" && err != nil {
		d.refuse(path+".charset", quote(s.Charset)+" 不是已知的编码（unknown charset）", "auto、utf-8、gbk、gb18030、big5 … · auto, utf-8, gbk, gb18030, big5 …")
	}
	for _, sel := range []struct{ key, css string }{
		{"item", s.Select.Item}, {"link", s.Select.Link}, {"item_date", s.Select.ItemDate}, {"title", s.Select.Title},
		{"date", s.Select.Date}, {"body", s.Select.Body}, {"attribution", s.Select.Attribution},
	} {
		d.selector(sel.css, path+".select."+sel.key, compiled)
	}
}

// selector compiles a CSS selector here, because later a broken one would silently match nothing.
func (d *decoder) selector(css, path string, compiled map[string]error) {
	if css == "" || d.wrong(path) {
		return
	}
	err, known := compiled[css]
	if !known {
		err = compile(css)
		compiled[css] = err
	}
	if err != nil {
		d.refuse(path, quote(css)+" 不是 CSS 选择器（not a CSS selector）", err.Error())
	}
}

func compile(css string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be compiled: %v", p)
		}
	}()
	if len(css) > maxSelector {
		return fmt.Errorf("longer than %d bytes", maxSelector)
	}
	_, err = cascadia.Compile(css)
	return err
}
