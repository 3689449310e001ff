package main

import (
	"fmt"
	"regexp"
)

// An overlay turns the example configuration into the demo's: its real addresses and a pace that one can watch.
type overlay struct {
	gateway, portal, sandbox string // host:port
	realSchedules            bool
}

// A change replaces what pattern finds, and must find something: else the example moved on without the demo.
type change struct {
	pattern, with string
}

func (o overlay) changes() []change {
	changes := []change{
		{`(?m)^listen: 127\.0\.0\.1:8080`, `listen: "` + o.gateway + `"`},
		{`127\.0\.0\.1:8080`, o.gateway},
		{`127\.0\.0\.1:8081`, o.portal},
		{`127\.0\.0\.1:8082`, o.sandbox},
		{`(\bsettle: )90s`, "${1}5s"},
		{`(\blook_gap: )10s`, "${1}2s"},
		{`(\bapart: )10m`, "${1}10s"},
		{`(\bhost_rate: )5\b`, "${1}0"},
		{`(\breader_limit: )60/m`, "${1}0"},
	}
	if o.realSchedules {
		return changes
	}
	return append(changes,
		change{`(?s)(\n  - id: drafts\n.*?schedule: )"[^"]*"`, `${1}"@every 10s"`},
		change{`(?s)(\n  - \{?id: daily\b.*?schedule: )"[^"]*"`, `${1}"@every 30s"`},
		change{`(schedule: )"\*/\d+ \* \* \* \*"`, `${1}"@every 5s"`},
	)
}

// apply returns the example with all changes.
func (o overlay) apply(example []byte) ([]byte, error) {
	out := append([]byte("# 演示用：每次启动时重写 · written anew at each start of the demo\n"), example...)
	for _, c := range o.changes() {
		re := regexp.MustCompile(c.pattern)
		if !re.Match(out) {
			return nil, fmt.Errorf("the example configuration has nothing like %s", c.pattern)
		}
		out = re.ReplaceAll(out, []byte(c.with))
	}
	return out, nil
}
