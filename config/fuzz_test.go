package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse: whatever the bytes, there is either a configuration or a list of faults with places that exist; and the
// same bytes always give the same.
func FuzzParse(f *testing.F) {
	base, err := os.ReadFile(filepath.Join("testdata", "base.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(base)
	f.Add([]byte(account))
	for _, m := range mutations {
		text := string(base)
		for i := 0; i < len(m.replace); i += 2 {
			text = strings.Replace(text, m.replace[i], m.replace[i+1], 1)
		}
		f.Add([]byte(text))
	}
	for _, small := range []string{"", "~", "&a", "*a", "!t", "? ", ": ", "{", "[", "- ", "a: |\n", "<<: *a\n", "site: &x {<<: *x}\n", "%YAML 1.2\n---\n"} {
		f.Add([]byte(small))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			return
		}
		opts := Options{Getenv: func(string) string { return "" }}
		c, err := Parse("x.yaml", data, dir, opts)
		again, errAgain := Parse("x.yaml", data, dir, opts)
		if err == nil {
			if diff := cmp.Diff(c, again, zones, prefixes); errAgain != nil || diff != "" {
				t.Errorf("parsed twice: %v %s", errAgain, diff)
			}
			return
		}
		var faults Faults
		if !errors.As(err, &faults) || len(faults) == 0 || c != nil {
			t.Fatalf("no faults but %v", err)
		}
		if errAgain == nil || errAgain.Error() != err.Error() {
			t.Errorf("parsed twice:\n%v\n%v", err, errAgain)
		}
		lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + 1
		for _, fault := range faults {
			if fault.Line < 1 || fault.Line > lines+1 || fault.Column < 1 || strings.ContainsAny(fault.Message, "\n\r\x1b") || !utf8.ValidString(fault.Text()) {
				t.Errorf("%+v", fault)
			}
		}
	})
}
