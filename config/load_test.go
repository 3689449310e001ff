package config

import (
	"path/filepath"
	"testing"
	"time"
	_ "time/tzdata"
)

func noEnv(string) string { return "" }

func load(t testing.TB) *Config {
	t.Helper()
	c, err := Load(filepath.Join("..", "config.example.yaml"), Options{Getenv: noEnv})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestExample(t *testing.T) {
	c := load(t)
	flat := c.FlatSections()
	if len(c.Sections) != 15 || len(flat) != 17 {
		t.Errorf("%d sections, %d with children", len(c.Sections), len(flat))
	}
	_ = time.Now
}
