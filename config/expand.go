package config

import (
	"fmt"
	"regexp"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces ${VAR} and ${VAR:-default} by the environment's values, and $$ by $. A $ before anything else stays
// (CSS has a[href$=".htm"]). An empty variable counts as unset. It works on values, never on the file's text: a secret
// with a colon or a line break cannot change the file's structure. changed tells whether a variable was replaced; the
// texts of an error are the fault's message and hint.
func expand(s string, getenv func(string) string) (out string, changed bool, err *expandError) {
	if !strings.Contains(s, "$") {
		return s, false, nil
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "$")
		b.WriteString(before)
		switch {
		case !ok:
			return b.String(), changed, nil
		case strings.HasPrefix(rest, "$"):
			b.WriteByte('$')
			s = rest[1:]
		case !strings.HasPrefix(rest, "{"):
			b.WriteByte('$')
			s = rest
		default:
			body, after, closed := strings.Cut(rest[1:], "}")
			value, err := variable(body, closed, getenv)
			if err != nil {
				return "", false, err
			}
			b.WriteString(value)
			s, changed = after, true
		}
	}
}

type expandError struct{ message, hint string }

// variable returns the value of VAR or VAR:-default.
func variable(body string, closed bool, getenv func(string) string) (string, *expandError) {
	name, fallback, hasFallback := strings.Cut(body, ":-")
	switch {
	case !closed:
		return "", &expandError{"“${” 没有对应的 “}”（${ without }）", "要写一个 $ 字符，请写 $$ · for a plain $ write $$"}
	case !variableName.MatchString(name):
		return "", &expandError{"“${…}” 中不是变量名（no variable name in ${…}）",
			"变量名由字母、数字和 _ 组成；要写一个 $ 字符，请写 $$ · letters, digits and _; for a plain $ write $$"}
	case strings.Contains(fallback, "${"):
		return "", &expandError{"${…} 不能嵌套（${…} cannot be nested）", ""}
	}
	if value := getenv(name); value != "" {
		return value, nil
	}
	if hasFallback {
		return fallback, nil
	}
	return "", &expandError{fmt.Sprintf("环境变量 %s 没有设置（environment variable %s is not set）", name, name),
		fmt.Sprintf("设置它，或写默认值 ${%s:-…} · set it, or give a default", name)}
}
