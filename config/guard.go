package config

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// The bounds of a file. They hold before the parser runs, whose cost is quadratic in nesting and in the keys of one
// mapping: with them the worst file is refused within a second.
const (
	maxSize    = 1 << 20 // bytes
	maxSigns   = 120_000 // bytes that may begin a token; 2 000 sections have 40 000
	maxNesting = 64
	maxKeys    = 1000 // of one mapping; ours have at most 14
)

// guardBytes refuses what is no YAML text, and returns the text without its BOM and with plain line ends.
func guardBytes(data []byte) ([]byte, *Fault) {
	switch {
	case len(data) > maxSize:
		return nil, &Fault{Line: 1, Column: 1, Message: "文件超过 1 MB（the file is larger than 1 MB）",
			Hint: "配置文件通常只有几十 KB，请确认选对了文件 · a configuration has some ten kB; is this the right file?"}
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, &Fault{Line: 1, Column: 1, Message: "文件是 UTF-16 编码（the file is UTF-16）", Hint: hintUTF8}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if i := bytes.IndexByte(data, 0); i >= 0 {
		at := locate(data, i)
		return nil, &Fault{Line: at.line, Column: at.column, Message: "含有 NUL 字节，不是文本文件（NUL byte: not a text file）", Hint: hintUTF8}
	}
	if i := invalidUTF8(data); i >= 0 {
		at := locate(data, i)
		message := "不是 UTF-8 编码（not UTF-8）"
		if out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data); err == nil && !bytes.ContainsRune(out, utf8.RuneError) {
			message = "文件是 GBK/GB18030 编码，不是 UTF-8（the file is GBK, not UTF-8）"
		}
		return nil, &Fault{Line: at.line, Column: at.column, Message: message, Hint: hintUTF8}
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	if signs(data) > maxSigns {
		return nil, &Fault{Line: 1, Column: 1, Message: fmt.Sprintf("内容过多：标点超过 %d 个（too many tokens）", maxSigns)}
	}
	return data, nil
}

const hintUTF8 = "请用编辑器另存为 UTF-8 编码 · save the file as UTF-8"

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// locate returns the position of a byte. Bytes that are no UTF-8 count as one character each.
func locate(data []byte, offset int) position {
	before := data[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	return position{line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1}
}

// signs counts the bytes that may begin a token; rulers of one character (#####) count once.
func signs(data []byte) (n int) {
	var before byte
	for _, c := range data {
		switch c {
		case '\n', '[', ']', '{', '}', ',', ':', '?', '&', '*', '!', '|', '>', '%':
			n++
		case '-', '#', '"', '\'':
			if c != before {
				n++
			}
		}
		before = c
	}
	return n
}

// A level is one open mapping or list.
type level struct {
	column int // where a block begins; 0 for a flow
	keys   int
}

// guardTokens refuses deep nesting, huge mappings and several documents, on the tokens that the parser would get.
func guardTokens(tokens token.Tokens) *Fault {
	g := tokenGuard{}
	for _, t := range tokens {
		if t.Position == nil {
			continue
		}
		if message := g.step(t); message != "" {
			return &Fault{Line: t.Position.Line, Column: max(t.Position.Column, 1), Message: message}
		}
	}
	return nil
}

type tokenGuard struct {
	levels    []level
	flows     int
	line      int
	documents int
	content   bool
	tags      int // tags and anchors in a row
}

// step takes one token and returns what is wrong with it.
func (g *tokenGuard) step(t *token.Token) string {
	first := t.Position.Line != g.line
	g.line = t.Position.Line
	switch t.Type {
	case token.CommentType, token.SpaceType:
		return ""
	case token.DocumentHeaderType, token.DocumentEndType:
		if g.documents++; g.documents > 2 || (g.content && t.Type == token.DocumentHeaderType) {
			return "一个文件只能有一份配置（more than one YAML document）"
		}
		return ""
	case token.TagType, token.AnchorType:
		if g.tags++; g.tags > 4 {
			return "标签或锚点过多（too many tags or anchors）"
		}
	default:
		g.tags = 0
	}
	g.content = true
	g.nest(t, first)
	if len(g.levels) > maxNesting {
		return fmt.Sprintf("嵌套超过 %d 层（nested deeper than %d）", maxNesting, maxNesting)
	}
	if n := len(g.levels); n > 0 && g.levels[n-1].keys > maxKeys {
		return fmt.Sprintf("一处的键超过 %d 个（more than %d keys in one mapping）", maxKeys, maxKeys)
	}
	return ""
}

// nest follows brackets and, outside of them, columns.
func (g *tokenGuard) nest(t *token.Token, first bool) {
	switch t.Type {
	case token.MappingStartType, token.SequenceStartType:
		g.levels = append(g.levels, level{})
		g.flows++
	case token.MappingEndType, token.SequenceEndType:
		if g.flows > 0 {
			g.flows--
			g.levels = g.levels[:len(g.levels)-1]
		}
	case token.MappingValueType:
		if n := len(g.levels); n > 0 {
			g.levels[n-1].keys++
		}
	default:
		nests := first || t.Type == token.SequenceEntryType || t.Type == token.MappingKeyType ||
			(t.Next != nil && t.Next.Type == token.MappingValueType)
		if g.flows == 0 && nests {
			g.block(t.Position.Column)
			if t.Type == token.MappingKeyType {
				g.levels[len(g.levels)-1].keys++
			}
		}
	}
}

// block closes the blocks that end before the column and opens one there.
func (g *tokenGuard) block(column int) {
	for n := len(g.levels); n > 0 && g.levels[n-1].column > column; n-- {
		g.levels = g.levels[:n-1]
	}
	if n := len(g.levels); n == 0 || g.levels[n-1].column != column {
		g.levels = append(g.levels, level{column: column})
	}
}
