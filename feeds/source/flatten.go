package source

import (
	"slices"
	"strings"
	"unicode"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// flatten makes an article's text a plain sequence of paragraphs, headings, lists, tables and figures, whatever boxes the
// page puts it in: the same text then is the same content after a redesign, and with selectors or without. Boxes of blocks
// are opened, boxes of words become paragraphs, empty ones and the white space between blocks go.
func flatten(body *goquery.Selection) {
	for _, n := range body.Nodes {
		flattenNode(n)
		wrapWords(n)
	}
}

// flattenNode flattens what is below n.
func flattenNode(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.Type == html.ElementNode {
			flattenNode(c)
			if c.Data == "div" || (!isBlock(c) && holdsBlocks(c)) {
				open(c)
			}
		}
		c = next
	}
	if holdsBlocks(n) {
		dropBlanks(n)
	}
}

// open replaces a box by what is in it.
func open(box *html.Node) {
	if !holdsBlocks(box) {
		if blank(box) {
			box.Parent.RemoveChild(box)
			return
		}
		box.Data, box.DataAtom = "p", 0
		return
	}
	wrapWords(box)
	for c := box.FirstChild; c != nil; c = box.FirstChild {
		box.RemoveChild(c)
		box.Parent.InsertBefore(c, box)
	}
	box.Parent.RemoveChild(box)
}

// wrapWords makes paragraphs of the words and pictures that stand beside blocks, or alone, in n.
func wrapWords(n *html.Node) {
	var p *html.Node
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case isBlock(c):
			trimEnd(p)
			p = nil
		case p == nil && blank(c):
			n.RemoveChild(c)
		default:
			if p == nil {
				p = &html.Node{Type: html.ElementNode, Data: "p"}
				n.InsertBefore(p, c)
			}
			n.RemoveChild(c)
			p.AppendChild(c)
		}
		c = next
	}
	trimEnd(p)
}

// trimEnd takes white space from the end of a paragraph, nil for none.
func trimEnd(p *html.Node) {
	for p != nil && p.LastChild != nil && p.LastChild.Type == html.TextNode {
		last := p.LastChild
		if last.Data = strings.TrimRightFunc(last.Data, unicode.IsSpace); last.Data != "" {
			return
		}
		p.RemoveChild(last)
	}
}

func dropBlanks(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.Type == html.TextNode && strings.TrimSpace(c.Data) == "" && beside(c.PrevSibling) && beside(next) {
			n.RemoveChild(c)
		}
		c = next
	}
}

// beside reports whether white space next to n is none that a reader sees.
func beside(n *html.Node) bool { return n == nil || isBlock(n) }

func holdsBlocks(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if isBlock(c) {
			return true
		}
	}
	return false
}

func isBlock(n *html.Node) bool {
	return n.Type == html.ElementNode && n.Data != "br" && (block(n.Data) || slices.Contains([]string{"thead", "tbody", "tfoot", "td", "th", "caption"}, n.Data))
}

// blank reports whether nothing below n can be seen.
func blank(n *html.Node) bool {
	switch n.Type {
	case html.TextNode:
		return strings.TrimSpace(n.Data) == ""
	case html.ElementNode:
		if n.Data == "img" || n.Data == "hr" {
			return false
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if !blank(c) {
			return false
		}
	}
	return true
}
