package config

import (
	"net/netip"
	"path/filepath"
	"strings"
	"time"
)

// A Config is a checked configuration: defaults filled in, zones loaded, schedules inherited, secrets read.
//
// Tags: yaml is the key, with ",required"; default is the value of a key that is left out; oneof and range are bounds;
// form names a pattern (see forms); zh and en say what the key is for.
type Config struct {
	// Dir is the YAML's folder; relative paths begin there.
	Dir string `yaml:"-"`

	Listen   string    `yaml:"listen" default:"127.0.0.1:8080" zh:"网关监听的地址；要让别的机器也能访问，写 :8080" en:"address that the gateway listens on; :8080 = all interfaces"`
	Store    DSN       `yaml:"store" default:"sqlite:wefeed.db" zh:"数据存放处：sqlite:文件名，或 postgres://用户@主机/库；相对路径从本文件所在的文件夹算起" en:"where data is kept: sqlite:FILE or postgres://user@host/db; a relative path starts at this file's folder"`
	KeyFile  string    `yaml:"key_file" default:"" zh:"加密存储令牌和 openid 的密钥文件（至少 32 字节）；不写则由公众号的 secret 推出" en:"file with at least 32 bytes, from which the key that seals tokens and openids is derived; left out: from the account's secret"`
	Site     Site      `yaml:"site,required" zh:"门户本身" en:"the portal itself"`
	Network  Network   `yaml:"network" zh:"对外访问" en:"outgoing requests"`
	Admin    Admin     `yaml:"admin" zh:"管理页面" en:"admin pages"`
	Feeds    Feeds     `yaml:"feeds" zh:"对外提供的订阅源" en:"the feeds that readers subscribe to"`
	Collect  Collect   `yaml:"collect" zh:"采集" en:"collecting from the portal"`
	Push     Push      `yaml:"push" zh:"推送" en:"pushing to WeChat"`
	Sections []Section `yaml:"sections,required" zh:"栏目，按导航的顺序" en:"sections, in the order of the navigation"`
	Accounts []Account `yaml:"accounts" zh:"公众号；只提供订阅源时可以不写" en:"WeChat accounts; none = feeds only"`
	Channels []Channel `yaml:"channels" zh:"推送渠道" en:"ways out to the accounts"`

	// Lists are the openids of audience files, by channel.
	Lists map[string][]string `yaml:"-"`
	// Key is what KeyFile holds; empty when none is named.
	Key Secret `yaml:"-"`
}

// Site is what the portal is called and how it is reached.
type Site struct {
	Title    string         `yaml:"title,required" zh:"门户名称" en:"name of the portal"`
	URL      string         `yaml:"url,required" zh:"网关的公开网址，末尾不带 /" en:"public address of the gateway, without a final slash"`
	Tag      string         `yaml:"tag,required" form:"tag" zh:"文章编号的根：域名,年份。一经使用永不更改，否则所有读者会看到重复的文章" en:"root of all article ids: domain,year (RFC 4151). Never change it: every reader would see every article twice"`
	Timezone *time.Location `yaml:"timezone" default:"Asia/Shanghai" zh:"时区：计划、日期和每日配额都按它" en:"time zone of schedules, dates and daily quotas"`
	Language string         `yaml:"language" default:"zh-CN" form:"language" zh:"文章的语言" en:"language of the articles (BCP 47)"`
	Contact  Contact        `yaml:"contact" zh:"首页上的联系方式" en:"contact on the front page"`
	Records  Records        `yaml:"records" zh:"首页页脚的备案号；空 = 不显示" en:"record numbers in the footer; empty = not shown"`
	Codes    []Code         `yaml:"codes" zh:"首页“扫描关注”的二维码，按此顺序" en:"the QR codes of the front page, in this order"`
}

// Contact is how readers reach the portal's editors.
type Contact struct {
	Phone string `yaml:"phone" default:"" zh:"电话" en:"telephone"`
	Email string `yaml:"email" default:"" zh:"电子邮箱" en:"e-mail"`
}

// Records are the numbers that Chinese sites must show.
type Records struct {
	ICP    string `yaml:"icp" default:"" zh:"ICP 备案号" en:"ICP record number"`
	Police string `yaml:"police" default:"" zh:"公安备案号" en:"public security record number"`
}

// A Code is one of the 扫描关注 QR codes.
type Code struct {
	Title   string `yaml:"title,required" zh:"二维码下面的文字" en:"words under the code"`
	Account string `yaml:"account" default:"" zh:"它所属的公众号 id" en:"id of the account it belongs to"`
	Text    string `yaml:"text" default:"" zh:"由这段文字（通常是网址）画出二维码" en:"the code is drawn from this text, mostly a URL"`
	Image   string `yaml:"image" default:"" zh:"现成的二维码图片文件（png、jpg、svg），代替 text" en:"a ready image file (png, jpg, svg), in place of text"`
}

// Network bounds what the gateway reaches and how fast.
type Network struct {
	Allow          []netip.Prefix `yaml:"allow" zh:"平时拒绝访问的内网网段中，允许访问的那些" en:"private networks that may be reached; without this they are refused"`
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies" zh:"前面的反向代理；只有它们报告的读者地址才可信" en:"reverse proxies in front; only their word on a reader's address counts"`
	HostRate       float64        `yaml:"host_rate" default:"5" range:"0..1000" zh:"每秒最多向同一台主机发出的请求数；0 = 不限" en:"requests a second to one host; 0 = no limit"`
	HostParallel   int            `yaml:"host_parallel" default:"4" range:"1..64" zh:"同时向同一台主机发出的请求数" en:"requests to one host at the same time"`
}

// Admin is where the admin pages are.
type Admin struct {
	Listen string `yaml:"listen" default:"" zh:"管理页面单独的监听地址；空 = 与网关同一地址" en:"own address of the admin pages; empty = the main listener"`
}

// Feeds bounds the feeds.
type Feeds struct {
	Limit       int   `yaml:"limit" default:"50" range:"1..1000" zh:"每个订阅源的文章数" en:"articles in a feed"`
	Cache       Bytes `yaml:"cache" default:"128MiB" range:"1MiB..64GiB" zh:"内存中保存的已生成订阅源的总量" en:"memory for rendered feeds"`
	ReaderLimit Rate  `yaml:"reader_limit" default:"60/m" zh:"每个读者地址对订阅源的请求数，本机的不计；0 = 不限" en:"requests for feeds by one address, this machine's own not counted; 0 = off"`
}

// Collect is how corrections, withdrawals and redesigns are told.
type Collect struct {
	Recheck   Recheck   `yaml:"recheck" zh:"回头检查已发布文章的更正和撤回" en:"looking again at known articles for corrections and withdrawals"`
	Withdrawn Withdrawn `yaml:"withdrawn" zh:"何时算撤回" en:"when an article counts as withdrawn"`
	Redesign  Redesign  `yaml:"redesign" zh:"何时算页面改版：两条都满足时，暂停该栏目的推送并询问管理员" en:"when a page counts as redesigned: both must hold; the section's pushes are then held until the admin has looked"`
}

// Recheck says how long article pages are looked at again.
type Recheck struct {
	EveryCollectFor time.Duration `yaml:"every_collect_for" default:"24h" zh:"文章发布后这么久之内，每次采集都检查" en:"for so long after publication, at each collect"`
	DailyFor        time.Duration `yaml:"daily_for" default:"7d" zh:"此后这么久之内，每天检查" en:"then daily for so long"`
	PerCollect      int           `yaml:"per_collect" default:"20" range:"0..1000" zh:"每个栏目每次采集最多检查的篇数" en:"at most so many pages a section and collect"`
}

// Withdrawn says how often an article must be found gone.
type Withdrawn struct {
	Checks int           `yaml:"checks" default:"2" range:"1..10" zh:"连续这么多次找不到页面，才算撤回" en:"so many looks in a row must find the page gone"`
	Apart  time.Duration `yaml:"apart" default:"10m" zh:"两次之间至少相隔" en:"time between two of them"`
}

// Redesign says when a list page that is suddenly new all over is not believed.
type Redesign struct {
	Share   Percent `yaml:"share" default:"60%" zh:"列表中同时变新的比例" en:"share of the list that is new at once"`
	AtLeast int     `yaml:"at_least" default:"8" range:"1..1000" zh:"并且至少这么多条" en:"and at least so many items"`
}

// Push holds what is common to all channels.
type Push struct {
	Stopped bool          `yaml:"stopped" default:"false" zh:"true = 停止一切推送（红色按钮）" en:"true = stop all pushes (the red button)"`
	Settle  time.Duration `yaml:"settle" default:"90s" zh:"微信没有答复时，先等这么久再查看结果" en:"wait so long after a call without an answer before looking what became of it"`
	LookGap time.Duration `yaml:"look_gap" default:"10s" zh:"两次查看之间的间隔" en:"time between the two looks"`
	Grace   time.Duration `yaml:"grace" default:"2h" zh:"错过时段后还可以补发的时间，过后作废" en:"an edition may leave so long after its slot, then it is expired"`
}

// A Section is a column of the portal (栏目).
type Section struct {
	ID       string    `yaml:"id,required" form:"id" zh:"栏目编号，出现在订阅网址里；一经使用不要更改" en:"id, part of the feed's address; do not change it later"`
	Title    string    `yaml:"title,required" zh:"栏目名称" en:"name of the section"`
	Schedule string    `yaml:"schedule" form:"schedule" zh:"采集计划：五段 cron，或 @every 10m、@daily 等；不写则与上级栏目相同，顶层为 */10 * * * *" en:"when to collect: five cron fields, or @every 10m, @daily and the like; left out: the parent's, at the top */10 * * * *"`
	Sources  []Source  `yaml:"sources" zh:"文章从哪里来" en:"where its articles come from"`
	Sections []Section `yaml:"sections" zh:"下级栏目，写法相同" en:"child sections, with the same keys"`
}

// A Source is one place where a section's articles come from: either a feed or a list page.
type Source struct {
	ID       string         `yaml:"id" form:"id" zh:"来源编号，永不更改；不写则与栏目编号相同" en:"id, for ever; left out: the section's id"`
	List     string         `yaml:"list" default:"" zh:"列表页网址（与 feed 二选一）" en:"URL of a list page (either this or feed)"`
	Feed     string         `yaml:"feed" default:"" zh:"RSS、Atom 或 JSON Feed 网址（与 list 二选一）" en:"URL of an RSS, Atom or JSON feed (either this or list)"`
	Select   Select         `yaml:"select" zh:"CSS 选择器；不写的由程序按页面结构判断" en:"CSS selectors; what is left out is found by structure"`
	Charset  string         `yaml:"charset" default:"auto" zh:"网页编码；auto = 自动判断" en:"encoding of the pages; auto = find out"`
	Timezone *time.Location `yaml:"timezone" zh:"网页上日期的时区；不写则与 site.timezone 相同" en:"zone of the dates on the pages; left out: site.timezone"`
	Key      string         `yaml:"key" default:"url" oneof:"url guid" zh:"以什么辨认同一篇文章" en:"what tells that two items are the same article"`
}

// Select holds CSS selectors; an empty one means "found by structure".
type Select struct {
	Item        string `yaml:"item" default:"" zh:"列表页：一条" en:"list page: one entry"`
	Link        string `yaml:"link" default:"" zh:"列表页：条目中的链接" en:"list page: the link in an entry"`
	ItemDate    string `yaml:"item_date" default:"" zh:"列表页：条目中的日期" en:"list page: the date in an entry"`
	Title       string `yaml:"title" default:"" zh:"文章页：标题" en:"article page: title"`
	Date        string `yaml:"date" default:"" zh:"文章页：日期" en:"article page: date"`
	Body        string `yaml:"body" default:"" zh:"文章页：正文" en:"article page: body"`
	Attribution string `yaml:"attribution" default:"" zh:"文章页：“稿源、编辑”一行" en:"article page: the line with source and editor"`
}

// An Account is one WeChat official account.
type Account struct {
	ID         string `yaml:"id,required" form:"id" zh:"编号；回调网址是 {site.url}/wechat/{id}" en:"id; WeChat calls back at {site.url}/wechat/{id}"`
	AppID      string `yaml:"appid,required" zh:"微信公众平台的 AppID" en:"AppID of the WeChat platform"`
	Secret     Secret `yaml:"secret" zh:"AppSecret；请用 ${变量} 或 secret_file，不要直接写在这里" en:"AppSecret; use ${VARIABLE} or secret_file, do not write it here"`
	SecretFile string `yaml:"secret_file" default:"" zh:"存放 AppSecret 的文件，代替 secret" en:"file with the AppSecret, in place of secret"`
	Kind       string `yaml:"kind,required" oneof:"service subscription unverified" zh:"服务号 service、订阅号 subscription、未认证 unverified" en:"verified service account, verified subscription account, or unverified"`
	APIBase    string `yaml:"api_base" default:"https://api.weixin.qq.com" zh:"微信接口的地址；仅试验时更改" en:"address of WeChat's API; changed only to try things"`
	Token      Secret `yaml:"token" zh:"公众平台“服务器配置”中的 Token；不写则不接收微信的消息" en:"token of the platform's server configuration; left out: nothing is received from WeChat"`
	TokenFile  string `yaml:"token_file" default:"" zh:"存放 Token 的文件，代替 token" en:"file with the token, in place of token"`
	AESKey     Secret `yaml:"aes_key" zh:"EncodingAESKey（43 个字符）；写了 = 安全模式" en:"EncodingAESKey, 43 characters; set = safe mode"`
	AESKeyFile string `yaml:"aes_key_file" default:"" zh:"存放 EncodingAESKey 的文件，代替 aes_key" en:"file with the EncodingAESKey, in place of aes_key"`
	DryRun     bool   `yaml:"dry_run" zh:"true = 试运行：照常准备，但什么也不发出；不写时为 true，除非 api_base 在本机" en:"true = prepare all, send nothing; left out: true, unless api_base is this machine"`
}

// A Channel is one way out to one account.
type Channel struct {
	ID           string        `yaml:"id,required" form:"id" zh:"渠道编号" en:"id of the channel"`
	Account      string        `yaml:"account,required" zh:"公众号的 id" en:"id of the account"`
	Kind         string        `yaml:"kind,required" oneof:"draft publish mass notice" zh:"draft 存入草稿箱、publish 发布（不通知）、mass 群发、notice 订阅通知" en:"draft box, publish without notification, mass send, or subscription notice"`
	Audience     string        `yaml:"audience" zh:"发给谁：all 全部关注者，或 tag:编号 某个标签的关注者；只用于 mass 和 notice" en:"whom it reaches: all = every follower, or tag:ID; for mass and notice only"`
	AudienceFile string        `yaml:"audience_file" default:"" zh:"代替 audience：每行一个 openid 的文件（2 到 10000 个），只用于服务号的 mass" en:"in place of audience: a file with one openid a line, 2 to 10000; for mass of a service account only"`
	Schedule     string        `yaml:"schedule,required" form:"schedule" zh:"推送时段，写法与栏目的 schedule 相同" en:"its slots, written like a section's schedule"`
	Sections     []string      `yaml:"sections,required" zh:"推送哪些栏目（含其下级）；[all] = 全部" en:"ids of sections, children included; [all] = everything"`
	Review       string        `yaml:"review" default:"none" oneof:"none one three" zh:"发出前的审核：不审、一审、三审" en:"review before sending: none, one, or three"`
	ReviewWithin time.Duration `yaml:"review_within" zh:"审核的期限，从送审算起；不写 = 直到宽限期结束" en:"time for the review, from when it begins; left out: until the grace is over"`
	ReviewLate   string        `yaml:"review_late" default:"drop" oneof:"drop hold" zh:"逾期未审：drop 作废，hold 扣住等人审" en:"a review that is late: drop the edition, or hold it"`
	Template     string        `yaml:"template" default:"" zh:"订阅通知的模板 id，只用于 notice" en:"id of the subscription notice's template; for notice only"`
	Fields       []Field       `yaml:"fields" zh:"模板的字段，只用于 notice" en:"the template's fields; for notice only"`
	MinArticles  int           `yaml:"min_articles" default:"1" range:"1..8" zh:"不足这么多篇就等下一个时段" en:"with fewer articles it waits for the next slot"`
	MaxArticles  int           `yaml:"max_articles" default:"8" range:"1..8" zh:"一次最多的篇数（微信上限 8）" en:"at most so many at once (WeChat allows 8)"`
	MaxAge       time.Duration `yaml:"max_age" default:"72h" zh:"文章被首次发现后超过这么久就不再推送" en:"articles first seen longer ago are no longer sent"`
	LongTitle    string        `yaml:"long_title" oneof:"cut hold" zh:"标题超过微信上限时：cut 截短，hold 留下等人处理；不写时草稿截短，其余留下" en:"a title over WeChat's limit: cut it, or hold the article; left out: cut for draft, hold for the others"`
}

// A Field is one field of a subscription notice.
type Field struct {
	Name string `yaml:"name,required" zh:"字段名，如 thing1" en:"the field's name, such as thing1"`
	Text string `yaml:"text,required" zh:"内容；{title} {section} {date} {source} {site} 会换成文章的" en:"its text; {title} {section} {date} {source} {site} stand for the article's"`
}

// A FlatSection is a section with the id of its parent.
type FlatSection struct {
	Section
	Parent string // "" at the top
}

// FlatSections returns all sections, parents before their children, in the order of the navigation.
func (c *Config) FlatSections() []FlatSection {
	var flat []FlatSection
	var walk func(parent string, list []Section)
	walk = func(parent string, list []Section) {
		for _, s := range list {
			flat = append(flat, FlatSection{s, parent})
			walk(s.ID, s.Sections)
		}
	}
	walk("", c.Sections)
	return flat
}

// StoreDSN returns the store's data source name, password included: "sqlite:" and an absolute path where Dir is one, or
// a postgres:// URL.
func (c *Config) StoreDSN() string {
	dsn := c.Store.Reveal()
	path, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok {
		return dsn
	}
	return "sqlite:" + c.Path(path)
}

// Path returns a path of the YAML, resolved against the YAML's folder.
func (c *Config) Path(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.Dir, path)
}
