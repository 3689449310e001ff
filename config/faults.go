package config

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// maxFaults bounds how many faults one file reports; a last one says that there are more.
const maxFaults = 200

// excerptWidth is how many characters of a line an excerpt shows.
const excerptWidth = 100

// A Fault is one thing wrong with a file. It never shows a secret.
type Fault struct {
	File    string
	Line    int    // from 1
	Column  int    // from 1, in characters
	Path    string // e.g. sections[2].schedule; "" for the file as a whole
	Message string // one line: Chinese, then English in brackets
	Hint    string // what to do; may be empty
	Excerpt string // the line and, below it, a caret; may be empty
}

// Error returns file:line:column: message, on one line.
func (f Fault) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
}

// Text returns the fault as an admin reads it: the line of Error, the excerpt with its caret, the hint.
func (f Fault) Text() string {
	var b strings.Builder
	b.WriteString(f.Error() + "\n")
	if f.Excerpt != "" {
		for line := range strings.Lines(f.Excerpt) {
			b.WriteString("    " + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	if f.Hint != "" {
		b.WriteString("    → " + f.Hint + "\n")
	}
	return b.String()
}

// Faults are all the faults of a file, in the order of their positions.
type Faults []Fault

// Error returns the faults' own lines, one a line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Write writes every fault with its excerpt and hint.
func (fs Faults) Write(w io.Writer) error {
	for _, f := range fs {
		if _, err := io.WriteString(w, f.Text()); err != nil {
			return err
		}
	}
	return nil
}

// A position is a place in the file: line and column from 1, columns in characters.
type position struct{ line, column int }

// report puts faults in order, at most one for the same place and message, and gives each its file and excerpt. hide
// names lines that hold nothing but a secret.
func report(name string, lines []string, hide map[int]bool, faults []Fault) Faults {
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	faults = slices.CompactFunc(faults, func(a, b Fault) bool {
		return a.Line == b.Line && a.Column == b.Column && a.Message == b.Message
	})
	if more := len(faults) - maxFaults; more > 0 {
		last := faults[maxFaults]
		last.Path, last.Hint = "", ""
		last.Message = fmt.Sprintf("还有 %d 处错误，先改好前面的（%d more faults）", more, more)
		faults = append(faults[:maxFaults:maxFaults], last)
	}
	masked := map[int][]rune{} // many faults may stand in one very long line
	for i := range faults {
		f := &faults[i]
		f.File, f.Message, f.Hint = name, visible(f.Message), visible(f.Hint)
		if f.Line < 1 || f.Line > len(lines) || hide[f.Line] {
			continue
		}
		if _, known := masked[f.Line]; !known {
			masked[f.Line] = []rune(mask(lines[f.Line-1]))
		}
		f.Excerpt = excerpt(masked[f.Line], f.Column)
	}
	return faults
}

// excerpt returns a masked line, or the part of it around the column, and a caret below it.
func excerpt(runes []rune, column int) string {
	at := min(max(column-1, 0), len(runes))
	start := 0
	if len(runes) > excerptWidth {
		start = max(0, min(at-excerptWidth/2, len(runes)-excerptWidth))
		runes = runes[:start+excerptWidth]
	}
	shown := slices.Clone(runes[start:])
	var pad strings.Builder
	for i, r := range shown {
		shown[i] = tame(r)
		if i < at-start {
			pad.WriteString(blank(r))
		}
	}
	return string(shown) + "\n" + pad.String() + "^"
}

// tame replaces what would not be seen, or would change what is seen, on the admin's terminal: controls, escapes,
// marks that turn the writing direction.
func tame(r rune) rune {
	if r == '\t' || unicode.IsPrint(r) || unicode.Is(unicode.Zs, r) {
		return r
	}
	return '·'
}

func visible(s string) string { return strings.Map(tame, s) }

// blank is as wide as r on a terminal.
func blank(r rune) string {
	if r == '\t' {
		return "\t"
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return "  "
	}
	return " "
}

var (
	// secretKey also matches likely misspellings.
	secretKey = regexp.MustCompile(`(?i)["']?\b[\w-]*(?:secr|secer|serc|token|tokn|aes|passw|pwd)[\w-]*["']?\s*[:：]\s*`)
	userInfo  = regexp.MustCompile(`://[^/\s@]*@`)
)

// mask replaces what may be a secret in a line by as many asterisks, so that columns stay.
func mask(line string) string {
	line = userInfo.ReplaceAllStringFunc(line, func(s string) string { return "://" + stars(s[3:len(s)-1]) + "@" })
	var b strings.Builder
	inFlow := false
	for {
		m := secretKey.FindStringIndex(line)
		if m == nil {
			return b.String() + line
		}
		b.WriteString(line[:m[1]])
		inFlow = inFlow || strings.ContainsAny(line[:m[1]], "{[")
		n := valueEnd(line[m[1]:], inFlow)
		if strings.Contains(line[m[0]:m[1]], "_file") {
			n = 0 // a path, not a secret
		}
		b.WriteString(stars(line[m[1] : m[1]+n]))
		line = line[m[1]+n:]
	}
}

// valueEnd returns where a value at the start of s ends.
func valueEnd(s string, inFlow bool) int {
	if s == "" {
		return 0
	}
	if s[0] == '"' || s[0] == '\'' {
		if i := strings.IndexByte(s[1:], s[0]); i >= 0 {
			return i + 2
		}
		return len(s)
	}
	if i := strings.IndexAny(s, ",}"); inFlow && i >= 0 && s[0] != '$' {
		return i
	}
	return len(s)
}

func stars(s string) string { return strings.Repeat("*", len([]rune(s))) }

// quote shows a value in a message: short, and without a password.
func quote(s string) string {
	s = userInfo.ReplaceAllString(s, "://***@")
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return "“" + s + "”"
}
