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

// decode turns bytes into text. In order: the configuration's word; a byte order mark; bytes that read as UTF-8,
// whatever they declare; the declaration in the HTTP header, then in the document; without one, bytes that are strict
// GB18030; at last a guess. Broken bytes are replaced and counted. A declared UTF-8 is either true or worth nothing.
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
	enc, name := lookup(httpCharset(contentType))
	if enc == nil || name == latin1 { // what many servers say of every document
		if own, ownName := lookup(declared(head)); own != nil {
			enc, name = own, ownName
		}
	}
	switch {
	case strings.HasPrefix(name, "utf-16") && bytes.IndexByte(head, 0) >= 0:
		return convert(body, enc, name)
	case readsAsUTF8(body):
		return convert(body, unicode.UTF8, "utf-8")
	case enc == nil || name == latin1:
		return undeclared(body)
	case name == "utf-8" || strings.HasPrefix(name, "utf-16"):
		d := undeclared(body)
		d.warnings = append(d.warnings, "声明的编码不对，已按 "+d.encoding+" 读取")
		return d
	}
	return convert(body, enc, name)
}

const latin1 = "windows-1252" // what the label iso-8859-1 means on the web

// readsAsUTF8 reports whether bytes are UTF-8, a broken one here and there excepted. Of Chinese in another encoding
// hardly a tenth would pass.
func readsAsUTF8(b []byte) bool {
	if utf8.Valid(b) {
		return true
	}
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good > 10*bad
}

func undeclared(body []byte) decoded {
	gb := convert(body, simplifiedchinese.GB18030, "gb18030")
	if len(gb.warnings) == 0 {
		return gb
	}
	if guess, err := chardet.NewTextDetector().DetectBest(body[:min(len(body), 64<<10)]); err == nil {
		if enc, name := lookup(guess.Charset); enc != nil && name != "gb18030" && name != "utf-8" {
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
	d := decoded{body: strings.TrimPrefix(strings.ToValidUTF8(string(out), "\uFFFD"), "\uFEFF"), encoding: name}
	if err != nil {
		d.warnings = append(d.warnings, "编码转换中断，内容可能不完整")
	}
	if n := strings.Count(d.body, "\uFFFD"); n > 0 {
		d.warnings = append(d.warnings, fmt.Sprintf("有 %d 处字节不是有效的 %s，已替换", n, name))
	}
	return d
}
