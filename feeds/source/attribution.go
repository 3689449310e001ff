package source

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// A credit is what a portal prints about where an article comes from.
type credit struct {
	origin, author, editor string
}

// label finds the words that a credit begins with, and those that only end the one before.
var label = regexp.MustCompile(`(信息来源|文章来源|新闻来源|稿件来源|来源|稿源|作者|记者|通讯员|供稿|撰稿|责任编辑|责\s?编|编\s?辑|发布时间|发稿时间|发布日期|发表时间|更新时间|时间|日期|浏览次数|浏览量|浏览|阅读次数|阅读量|阅读|点击数|点击量|点击|字体|字号|打印|分享到|审核|校对|初审|复审|终审|监制)\s*[:：]`)

// bare finds 记者 and 通讯员 before a name without a colon, as in 【编辑 某某】.
var editorBox = regexp.MustCompile(`[【\[（(]\s*(?:责任)?编\s?辑\s*[:：]?\s*([\p{Han}A-Za-z· 、]{2,20})\s*[】\]）)]`)

// maxCredit is how long a credit may be; what is longer is a sentence that happens to hold a colon.
const maxCredit = 30

// parseCredit reads 稿源, 作者 and 编辑 out of a line. Half- and full-width colons, any order, one line or several.
func parseCredit(text string) credit {
	text = strings.NewReplacer("\u3000", " ", "\u00a0", " ", "|", " | ", "】", "】 ", "）", "） ").Replace(text)
	var c credit
	at := label.FindAllStringSubmatchIndex(text, -1)
	for i, loc := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		value := creditValue(text[loc[1]:end])
		if value == "" {
			continue
		}
		switch name := strings.ReplaceAll(text[loc[2]:loc[3]], " ", ""); {
		case strings.HasSuffix(name, "来源") || name == "稿源":
			c.origin = keep(c.origin, value)
		case name == "作者" || name == "记者" || name == "撰稿":
			c.author = keep(c.author, value)
		case name == "编辑" || name == "责任编辑" || name == "责编":
			c.editor = keep(c.editor, value)
		}
	}
	if m := editorBox.FindStringSubmatch(text); m != nil && c.editor == "" {
		c.editor = fold(m[1])
	}
	return c
}

func keep(old, value string) string {
	if old != "" {
		return old
	}
	return value
}

// creditValue is the words right after a label: up to two blanks, a bar, a bracket or a line's end.
func creditValue(text string) string {
	text = strings.TrimLeft(text, " \t\r\n")
	for _, stop := range []string{"\n", "\r", "  ", "\t", " | ", "】", "]", "）", ")", "（", "("} {
		text, _, _ = strings.Cut(text, stop)
	}
	text = fold(text)
	if first, rest, found := strings.Cut(text, " "); found && (dated(rest) || utf8.RuneCountInString(text) > maxCredit) {
		text = first
	}
	if utf8.RuneCountInString(text) > maxCredit || strings.Contains(text, "@") || strings.Trim(text, "0123456789-—:： ") == "" {
		return ""
	}
	return text
}

func dated(text string) bool { return fullDate.MatchString(text) || clock.MatchString(text) }

// onlyCredit reports whether a line is a credit and nothing else, so that it can be taken out of the body.
func onlyCredit(text string) bool {
	if !strings.ContainsAny(text, ":：编") {
		return false // most lines end here, before any expression is tried
	}
	text = fold(text)
	if utf8.RuneCountInString(text) > 80 {
		return false
	}
	c := parseCredit(text)
	if c == (credit{}) {
		return false
	}
	rest := fullDate.ReplaceAllString(label.ReplaceAllString(text, " "), " ")
	for _, v := range []string{c.origin, c.author, c.editor} {
		if v != "" {
			rest = strings.Replace(rest, v, " ", 1)
		}
	}
	return utf8.RuneCountInString(strings.Trim(fold(rest), " 【】[]()（）|　:：")) <= 12
}
