package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// hostile are files made to exhaust a parser. Each is as large as a file may be.
func hostile() map[string]string {
	deep := func(step string, n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.Repeat(" ", i) + step + "\n")
		}
		return b.String()
	}
	keys := func(form string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, form, i)
		}
		return b.String()
	}
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), ","))
	}
	fill := func(s string) string { return strings.Repeat(s, maxSize/len(s)) }
	return map[string]string{
		"too large":               fill("# x\n") + "# x\n",
		"alias bomb":              bomb,
		"open brackets":           fill("["),
		"open braces":             fill("{"),
		"100 000 brackets":        strings.Repeat("[", 100_000),
		"pairs in pairs":          fill("{a: "),
		"65 brackets":             "sections: " + strings.Repeat("[", 65) + strings.Repeat("]", 65),
		"lists in lists":          fill("- "),
		"65 lists":                strings.Repeat("- ", 65) + "a",
		"65 levels":               deep("a:", 66),
		"1 400 levels":            deep("a:", 1400),
		"question marks":          fill("? "),
		"keys in keys":            fill("a: "),
		"many keys":               keys("k%d: 1\n", 60_000),
		"many keys in braces":     "{" + keys("k%d: 1,", 60_000) + "}",
		"many explicit keys":      keys("? k%d\n: 1\n", 20_000),
		"same key":                strings.Repeat("listen: x\n", 20_000),
		"many unknown keys":       minimal + strings.Repeat("  - {a: 1, b: 2, c: 3}\n", 20_000),
		"a long line of faults":   "site: {" + keys("secret%d: x, ", 50_000) + "}",
		"a long line of secrets":  "x " + strings.Repeat("secret: 'x' ", 30_000),
		"a long line of few":      "site: {" + keys("k%d: 1, ", 900) + "title: \"" + strings.Repeat("secret: x ", 60_000) + "\"}",
		"many bad references":     minimal + "channels:\n" + strings.Repeat("  - {id: a, account: nobody, kind: draft, sections: [nowhere]}\n", 9000),
		"many bad schedules":      minimal + strings.Repeat("  - {id: a, title: b, schedule: \"0 0 30 2 *\", sources: [{list: x}]}\n", 9000),
		"anchors":                 fill("&a "),
		"tags":                    fill("!a "),
		"anchored items":          strings.Repeat("- &a x\n", 40_000),
		"documents":               fill("--- a\n"),
		"document ends":           fill("...\n"),
		"commas":                  "listen: [" + fill("1,"),
		"closing brackets":        fill("]"),
		"pipes":                   fill("|\n"),
		"colons":                  fill(": "),
		"merge keys":              fill("<<: a\n"),
		"directives":              fill("%a\n"),
		"open quote":              "listen: \"" + strings.Repeat("x\\n", 300_000),
		"one long word":           fill("x"),
		"one long Chinese line":   fill("文"),
		"a long title of colours": "site: {title: " + strings.Repeat("\x1b[31m", 100_000) + "}\n",
		"nothing":                 "",
		"blanks":                  fill(" "),
		"line ends":               fill("\n"),
		"tabs":                    fill("\t"),
		"comments":                fill("#\n"),
		"NUL":                     minimal + "\x00",
		"UTF-16":                  "\xff\xfes\x00i\x00",
		"GBK":                     "site: {title: \xce\xc4\xc3\xf7\xcd\xf8}",
		"bare list":               "- a\n- b\n",
		"bare word":               "wefeed\n",
		"null":                    "~\n",
	}
}

// TestHostileFiles: each is refused with a position, soon (a quadratic cost would take minutes), and without a flood of
// faults.
func TestHostileFiles(t *testing.T) {
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := Parse("config.yaml", []byte(text), "", Options{Getenv: noEnv})
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("took %s", took)
			} else if took > time.Second {
				t.Logf("took %s", took)
			}
			var faults Faults
			if !errors.As(err, &faults) || len(faults) == 0 || len(faults) > maxFaults+1 {
				t.Fatalf("%d faults, %v", len(faults), err != nil)
			}
			for _, f := range faults {
				if f.Line < 1 || f.Column < 1 || len(f.Text()) > 4000 {
					t.Fatalf("%.300s", f.Text())
				}
			}
		})
	}
}

// TestUnderTheBounds: what is large but honest is read.
func TestUnderTheBounds(t *testing.T) {
	nested := "{id: s0, title: T, sources: [{list: \"http://a.cn/\"}]}"
	for i := range 25 {
		nested = fmt.Sprintf("{id: s%d, title: T, sections: [%s]}", i+1, nested)
	}
	nested = minimal + "  - " + nested + "\n"
	if n := len(mustParse(t, nested).FlatSections()); n != 27 {
		t.Errorf("%d sections", n)
	}
	if n := len(mustParse(t, manySections(2000)).FlatSections()); n != 2000 {
		t.Errorf("%d sections", n)
	}
}

// manySections returns a configuration of n sections, about 100 bytes each.
func manySections(n int) string {
	var b strings.Builder
	b.WriteString("site: {title: 门户, url: \"https://a.cn\", tag: \"a.cn,2026\"}\nsections:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - id: s%d\n    title: 栏目\n    schedule: \"*/10 * * * *\"\n    sources: [{list: \"https://a.cn/%d/\"}]\n", i, i)
	}
	return b.String()
}

func BenchmarkParse2000Sections(b *testing.B) {
	text := []byte(manySections(2000))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("x", text, "", Options{Getenv: noEnv}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseExampleSize(b *testing.B) {
	text := []byte(manySections(17))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("x", text, "", Options{Getenv: noEnv}); err != nil {
			b.Fatal(err)
		}
	}
}
