package source

import (
	"bytes"
	"fmt"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// A decoded document.
type decoded struct {
	body     string
	encoding string // as read: gb2312 and gbk are read as gb18030
	warnings []string
}

// headBytes is how far a declaration inside the document is looked for: portals have it behind long comments.
const headBytes = 8 << 10

var (
	metaCharset = regexp.MustCompile(`(?i)<meta[^>]{0,200}?charset\s*=\s*["']?\s*([a-z0-9_:\-]+)`)
	xmlCharset  = regexp.MustCompile(`(?i)^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([a-z0-9_:\-]+)`)
)

// htmlDeclaration and xmlDeclaration find the encoding that a document declares itself.
func htmlDeclaration(head []byte) string { return submatch(metaCharset, head) }
func xmlDeclaration(head []byte) string  { return submatch(xmlCharset, head) }

func submatch(re *regexp.Regexp, b []byte) string {
	if m := re.FindSubmatch(b); m != nil {
		return string(m[1])
	}
	return ""
}

// decode turns bytes into text. In order: the configuration's word; a byte order mark; bytes that are valid UTF-8,
// whatever they declare; the declaration in the HTTP header, then in the document; without one, bytes that are strict
// GB18030; at last a guess. Broken bytes are replaced and counted.
func decode(body []byte, contentType, override string, declared func([]byte) string) decoded {
	head := body[:min(len(body), headBytes)]
	if override != "" && override != "auto" {
		if enc, name := lookup(override); enc != nil {
			return convert(body, enc, name)
		}
	}
	if enc, name, skip := byteOrderMark(body); enc != nil {
		return convert(body[skip:], enc, name)
	}
	label := httpCharset(contentType)
	if label == "" {
		label = declared(head)
	}
	enc, name := lookup(label)
	switch {
	case utf8.Valid(body) && !wide(name):
		return decoded{body: string(body), encoding: "utf-8"}
	case enc != nil && name != "utf-8":
		return better(convert(body, enc, name), body)
	case enc != nil:
		return better(convert(body, unicode.UTF8, "utf-8"), body)
	}
	return undeclared(body)
}

func wide(name string) bool { return strings.HasPrefix(name, "utf-16") }

// better returns d, or another reading of the bytes when that breaks ten times less: some portals declare the wrong one
// of UTF-8 and GBK, and have a broken byte or two besides.
func better(d decoded, body []byte) decoded {
	other := convert(body, simplifiedchinese.GB18030, "gb18030")
	if d.encoding != "utf-8" {
		other = convert(body, unicode.UTF8, "utf-8")
	}
	if broken := strings.Count(d.body, "\uFFFD"); broken > 20 && strings.Count(other.body, "\uFFFD")*10 < broken {
		other.warnings = append(other.warnings, "页面声明的编码不对，已按 "+other.encoding+" 读取")
		return other
	}
	return d
}

func undeclared(body []byte) decoded {
	gb := convert(body, simplifiedchinese.GB18030, "gb18030")
	if len(gb.warnings) == 0 {
		return gb
	}
	if guess, err := chardet.NewTextDetector().DetectBest(body[:min(len(body), 64<<10)]); err == nil {
		if enc, name := lookup(guess.Charset); enc != nil && name != "gb18030" {
			if d := convert(body, enc, name); len(d.warnings) == 0 {
				return d
			}
		}
	}
	return gb
}

func byteOrderMark(b []byte) (encoding.Encoding, string, int) {
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return unicode.UTF8, "utf-8", 3
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "utf-16be", 2
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16le", 2
	}
	return nil, "", 0
}

func httpCharset(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}

// lookup finds an encoding by its label. GB2312 and GBK are always read as GB18030, which holds both.
func lookup(label string) (encoding.Encoding, string) {
	label = strings.ToLower(strings.TrimSpace(label))
	if strings.HasPrefix(label, "gb") || label == "cp936" || label == "x-gbk" {
		return simplifiedchinese.GB18030, "gb18030"
	}
	enc, name := charset.Lookup(label)
	return enc, name
}

func convert(body []byte, enc encoding.Encoding, name string) decoded {
	out, _, err := transform.Bytes(enc.NewDecoder(), body)
	d := decoded{body: strings.ToValidUTF8(string(out), "\uFFFD"), encoding: name}
	if err != nil {
		d.warnings = append(d.warnings, "编码转换中断，内容可能不完整")
	}
	if n := strings.Count(d.body, "\uFFFD"); n > 0 {
		d.warnings = append(d.warnings, fmt.Sprintf("有 %d 处字节不是有效的 %s，已替换", n, name))
	}
	return d
}
