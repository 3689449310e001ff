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
