package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Options are what a file may refer to.
type Options struct {
	// Getenv gives ${VAR}; nil is os.Getenv. "" counts as unset.
	Getenv func(string) string
}

// Load reads and checks the file. What is wrong with its content is returned as [Faults]; a file that cannot be read is
// any other error.
func Load(path string, opts Options) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("the configuration's folder is unknown: %w", err)
	}
	return Parse(path, data, dir, opts)
}

// Parse checks data, which faults call by name and whose relative paths begin in dir. Its error is always [Faults].
func Parse(name string, data []byte, dir string, opts Options) (*Config, error) {
	if opts.Getenv == nil {
		opts.Getenv = os.Getenv
	}
	text, fault := guardBytes(data)
	if fault != nil {
		return nil, report(name, nil, nil, []Fault{*fault})
	}
	lines := strings.Split(string(text), "\n")
	root, fault := parse(text, lines)
	if fault != nil {
		return nil, report(name, lines, nil, []Fault{*fault})
	}
	d := newDecoder(opts.Getenv)
	c := &Config{Dir: dir}
	if root == nil {
		d.fault("", "文件是空的（the file is empty）", "从 config.example.yaml 开始 · config.example.yaml is a start")
		return nil, report(name, lines, nil, d.faults)
	}
	d.at[""] = start(root)
	if root, ok := d.plain(root, ""); ok {
		d.mapping(root, reflect.ValueOf(c).Elem(), "")
	}
	if !d.bad[""] {
		d.derive(c)
		d.check(c)
	}
	if len(d.faults) > 0 {
		return nil, report(name, lines, d.hide, d.faults)
	}
	return c, nil
}
