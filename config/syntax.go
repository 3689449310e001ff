package config

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parse returns the tree of a guarded text, or its first syntax fault: after one, the rest cannot be read.
func parse(text []byte, lines []string) (root ast.Node, fault *Fault) {
	// The parser is not ours: whatever it trips over is a fault of the file, not the end of the gateway.
	defer func() {
		if p := recover(); p != nil {
			root, fault = nil, &Fault{Line: 1, Column: 1, Message: "YAML 语法错误，无法读取（YAML syntax error: the parser gave up）"}
		}
	}()
	tokens := lexer.Tokenize(string(text))
	if fault := guardTokens(tokens); fault != nil {
		return nil, fault
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxFault(err, lines)
	}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			return doc.Body, nil
		}
	}
	return nil, nil
}

// syntaxFault translates the parser's error.
func syntaxFault(err error, lines []string) *Fault {
	f := &Fault{Line: 1, Column: 1, Message: "YAML 语法错误（YAML syntax error）"}
	var at interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &at) {
		return f
	}
	if t := at.GetToken(); t != nil && t.Position != nil {
		f.Line, f.Column = max(t.Position.Line, 1), max(t.Position.Column, 1)
	}
	message := oneLine(at.GetMessage())
	f.Message = "YAML 语法错误：" + chinese(message) + "（" + message + "）"
	if f.Line <= len(lines) {
		f.Hint = syntaxHint(lines[f.Line-1], message)
	}
	return f
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// chinese says in Chinese what the parser says, by its commonest messages: it has no codes to go by.
func chinese(message string) string {
	for _, m := range []struct{ part, zh string }{
		{"cannot start any token", "这里不能用制表符缩进"},
		{"end character", "引号没有结束"},
		{"end token", "括号没有结束"},
		{"must be specified", "缺少逗号或右括号"},
		{"reserved character", "值不能以这个字符开头"},
		{"directive", "值不能以 % 开头"},
		{"mapping value is not allowed", "这里不能再有冒号"},
		{"key name", "不是“键: 值”的形式"},
		{"key-value", "不是“键: 值”的形式"},
		{"non-map value", "不是“键: 值”的形式"},
		{"value is not allowed", "这里不能有值，多半是缩进不齐"},
	} {
		if strings.Contains(message, m.part) {
			return m.zh
		}
	}
	return "无法读取"
}

const hintFullWidth = "这一行有全角标点；键后面要用半角的“: ”，项目之间用半角的“, ” · use ASCII punctuation, and a blank after it"

// syntaxHint guesses from the line what the admin meant.
func syntaxHint(line, message string) string {
	_, value, hasKey := strings.Cut(line, ": ")
	value = strings.TrimSpace(value)
	switch {
	case strings.ContainsRune(line[:len(line)-len(strings.TrimLeft(line, " \t"))], '\t'):
		return "用空格缩进，不要用制表符 · indent with spaces, not tabs"
	case strings.ContainsAny(withoutQuoted(line), "：，“”‘’｛｝［］"):
		return hintFullWidth
	case hasKey && strings.Contains(value, "${"):
		return `含有 ${…} 的值加上引号，如 "${NAME}" · put the value in quotes`
	case hasKey && value != "" && strings.ContainsAny(value[:1], "*@%&!|>`"):
		return `值加上引号，如 "*/10 * * * *"、"@daily" · put the value in quotes`
	case hasKey && strings.HasPrefix(message, "mapping value"):
		return "值里有冒号时要加引号 · a value with a colon needs quotes"
	}
	return "检查这一行和上一行的缩进、引号和括号 · look at indentation, quotes and brackets here and one line above"
}

// withoutQuoted drops what stands in ASCII quotes, and a comment.
func withoutQuoted(line string) string {
	var b strings.Builder
	var open rune
	for _, r := range line {
		switch {
		case open == 0 && (r == '"' || r == '\''):
			open = r
		case open != 0:
			if r == open {
				open = 0
			}
		case r == '#':
			return b.String()
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
