package config

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write schema.json, the reference table and the golden files anew")

const (
	tableBegin = "<!-- keys: made by go generate ./config -->\n"
	tableEnd   = "<!-- /keys -->\n"
)

// TestGenerated keeps schema.json and the table of docs/configuration.md in step with the types.
func TestGenerated(t *testing.T) {
	golden(t, "schema.json", Schema())

	path := filepath.Join("..", "docs", "configuration.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), tableBegin)
	_, after, closed := strings.Cut(rest, tableEnd)
	if !ok || !closed {
		t.Fatalf("%s has lost the marks of its table", path)
	}
	golden(t, path, []byte(before+tableBegin+table(Keys())+tableEnd+after))
}

// golden compares got with a file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is out of date (go generate ./config):\n%s", path, diff)
	}
}

func table(keys []Key) string {
	var b strings.Builder
	b.WriteString("\n| 键 · key | 值 · value | 默认 · default | 说明 · meaning |\n| --- | --- | --- | --- |\n")
	for _, k := range keys {
		def := ""
		switch {
		case k.Required:
			def = "**必填 · required**"
		case k.Default != "":
			def = "`" + k.Default + "`"
		}
		form := k.Form
		if k.Bounds != "" {
			form += "；`" + strings.ReplaceAll(k.Bounds, " | ", "` `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s<br>%s |\n", k.Path, form, def, k.ZH, k.EN)
	}
	b.WriteString("\n")
	return b.String()
}

// TestEveryKeyIsExplained holds the tags to what the reference promises.
func TestEveryKeyIsExplained(t *testing.T) {
	for _, k := range Keys() {
		if k.ZH == "" || k.EN == "" {
			t.Errorf("%s has no explanation in both languages", k.Path)
		}
	}
}

// TestDocumentedExamples reads the examples of docs/configuration.md: the smallest file, then the same with an account.
func TestDocumentedExamples(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	text, n := "", 0
	for rest := string(page); ; n++ {
		_, block, found := strings.Cut(rest, "```yaml\n")
		if !found {
			break
		}
		block, rest, _ = strings.Cut(block, "```\n")
		text += block
		env := func(string) string { return "set" }
		if _, err := Parse("configuration.md", []byte(text), "", Options{Getenv: env}); err != nil {
			t.Errorf("example %d: %v", n+1, err)
		}
	}
	if n < 3 {
		t.Errorf("only %d examples", n)
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func asJSON(t *testing.T, text []byte) any {
	t.Helper()
	raw, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestSchemaAgreesWithTheDecoder shows that an editor accepts what the decoder accepts, and sees the commonest faults.
func TestSchemaAgreesWithTheDecoder(t *testing.T) {
	schema := compileSchema(t)
	example, err := os.ReadFile(filepath.Join("..", "config.example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(asJSON(t, example)); err != nil {
		t.Errorf("the example: %v", err)
	}
	for _, tc := range []struct {
		text string
		ok   bool
	}{
		{minimal, true},
		{minimal + "feeds: {limit: \"${LIMIT:-50}\", reader_limit: 0}\n", true},
		{minimal + "push: {settle: 1m30s, stopped: true}\n", true},
		{minimal + "network: {host_rate: 0.5, allow: [10.0.0.0/8]}\n", true},
		{minimal + "crom: 1\n", false},
		{minimal + "feeds: {limit: \"50\"}\n", false},
		{minimal + "feeds: {limit: 0}\n", false},
		{minimal + "push: {settle: 90}\n", false},
		{minimal + "collect: {redesign: {share: 60}}\n", false},
		{minimal + "listen:\n", false},
		{"site: {title: a, url: \"http://a.cn\", tag: \"a.cn,2026\"}\n", false},
		{strings.Replace(minimal, "id: news", "id: News", 1), false},
		{strings.Replace(minimal, "sources", "schedule: \"*/5 * * *\"\n    sources", 1), false},
		{strings.Replace(minimal, "sources", "schedule: \"@every 5m\"\n    sources", 1), true},
	} {
		seen := schema.Validate(asJSON(t, []byte(tc.text))) == nil
		_, err := Parse("test.yaml", []byte(tc.text), "", Options{Getenv: noEnv})
		if seen != tc.ok || (err == nil) != tc.ok {
			t.Errorf("want ok=%v; editor ok=%v, decoder: %v\n%s", tc.ok, seen, err, tc.text)
		}
	}
}
