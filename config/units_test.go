package config

import (
	"fmt"
	"testing"
	"time"
)

func TestUnits(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "7d": 168 * time.Hour, "1.5h": 90 * time.Minute, "250ms": 250 * time.Millisecond,
		"1d12h": 36 * time.Hour,
		"":      0, "0s": 0, "10": 0, "-1s": 0, "1w": 0, "1 h": 0, "h": 0, "1h30": 0, "1e3s": 0, "9999999999s": 0, "5000d": 0, "１s": 0,
	} {
		if got, err := ParseDuration(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]Bytes{
		"128MiB": 128 << 20, "1GiB": 1 << 30, "500KB": 500_000, "4096B": 4096, "1 MiB": 1 << 20,
		"": -1, "128": -1, "128M": -1, "1.5GiB": -1, "-1B": -1, "99999999999999GiB": -1, "1mib": -1,
	} {
		if got, err := ParseBytes(text); (err == nil) != (want >= 0) || (err == nil && got != want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]Rate{
		"60/m": {60, time.Minute}, "5/s": {5, time.Second}, "1000/h": {1000, time.Hour}, "1/d": {1, 24 * time.Hour}, "0": {},
	} {
		if got, err := ParseRate(text); err != nil || got != want || got.Off() != (text == "0") {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "60", "0/m", "60/w", "-1/m", "1.5/m", "9999999999/m", "/m"} {
		if got, err := ParseRate(text); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
	for text, want := range map[string]Percent{"60%": 0.6, "0%": 0, "100%": 1, "12.5%": 0.125, "60 %": 0.6} {
		if got, err := ParsePercent(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "60", "101%", "-1%", "%", "0.6"} {
		if got, err := ParsePercent(text); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

func TestNearest(t *testing.T) {
	keys := []string{"schedule", "sections", "sources", "title", "id", "list", "min_articles", "max_articles"}
	for word, want := range map[string]string{
		"schedul": "schedule", "shcedule": "schedule", "Schedule": "schedule", "section": "sections", "source": "sources", "titel": "title",
		"max-articles": "max_articles", "crom": "", "colour": "", "": "", "x": "", "lists": "list",
	} {
		if got := nearest(word, keys); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

// FuzzUnits: what is read is in its bounds, and means the same when it is written in the smallest unit.
func FuzzUnits(f *testing.F) {
	for _, text := range []string{"1h30m", "0.5ms", "128MiB", "4096 B", "60/m", "0", "60%", "99.999 %", "999999999.999d", "9999999GiB"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseDuration(text); err == nil {
			again, err := ParseDuration(fmt.Sprintf("%dm%d.%03ds", d/time.Minute, d%time.Minute/time.Second, d%time.Second/time.Millisecond))
			if d <= 0 || d > maxDuration || d >= time.Millisecond && (err != nil || again != d.Truncate(time.Millisecond)) {
				t.Errorf("duration %q: %v, again %v %v", text, d, again, err)
			}
		}
		if b, err := ParseBytes(text); err == nil {
			again, err := ParseBytes(fmt.Sprintf("%dB", b))
			if b < 0 || b < 1e15 && (err != nil || again != b) {
				t.Errorf("size %q: %v, again %v %v", text, b, again, err)
			}
		}
		if r, err := ParseRate(text); err == nil && !r.Off() && (r.Count < 0 || r.Per < time.Second) {
			t.Errorf("rate %q: %v", text, r)
		}
		if p, err := ParsePercent(text); err == nil && (p < 0 || p > 1) {
			t.Errorf("share %q: %v", text, p)
		}
	})
}
