package source

import (
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// Sanitize is the last stage alone.
var Sanitize = sanitize

// Clean is everything that happens to a body.
func Clean(body, address string) string {
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		return ""
	}
	base, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return clean(doc.Find("body"), base).html
}

// Decode is the text of bytes, and the encoding that they were read in.
func Decode(body []byte, contentType, override string) (text, encoding string) {
	d := decode(body, contentType, override, htmlDeclaration)
	return d.body, d.encoding
}

// Credit is the origin, author and editor that a line names.
func Credit(text string) [3]string {
	c := parseCredit(text)
	return [3]string{c.origin, c.author, c.editor}
}
