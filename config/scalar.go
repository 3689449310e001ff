package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"time"
)

// plainness says in which clothes a value may come. Numbers and booleans must be plain, so that "50" in quotes is told
// from 50; text must not be a number by accident, so that a title of 2026 is told from the number.
type plainness int

const (
	anyScalar plainness = iota
	textOnly
	numberOnly
	boolOnly
)

// A kind is a type of scalar values: how it is written, read and shown to editors.
type kind struct {
	accepts plainness
	parse   func(string) (any, error)
	zh, en  string // what it is called, with an example
	schema  map[string]any
}

func pattern(p string) map[string]any { return map[string]any{"type": "string", "pattern": p} }

// kinds are all types of scalars that a configuration has.
var kinds = map[reflect.Type]kind{
	reflect.TypeFor[string](): {textOnly, func(s string) (any, error) { return s, nil },
		"文字", "text", map[string]any{"type": "string"}},
	reflect.TypeFor[Secret](): {textOnly, func(s string) (any, error) { return NewSecret(s), nil },
		"密钥", "secret", map[string]any{"type": "string"}},
	reflect.TypeFor[DSN](): {textOnly, func(s string) (any, error) { return DSN{NewSecret(s)}, nil },
		"sqlite:文件名 或 postgres://…", "sqlite:FILE or postgres://…", pattern(`^(sqlite:.+|postgres(ql)?://.+)$`)},
	reflect.TypeFor[bool](): {boolOnly, parseBool,
		" true 或 false", "true or false", map[string]any{"type": "boolean"}},
	reflect.TypeFor[int](): {numberOnly, parseInt,
		"整数，如 8", "whole number such as 8", map[string]any{"type": "integer"}},
	reflect.TypeFor[float64](): {numberOnly, parseFloat,
		"数字，如 5 或 0.5", "number such as 5 or 0.5", map[string]any{"type": "number"}},
	reflect.TypeFor[time.Duration](): {textOnly, func(s string) (any, error) { return ParseDuration(s) },
		"时长，如 90s、10m、24h、7d", "duration such as 90s, 10m, 24h, 7d", pattern(`^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$`)},
	reflect.TypeFor[Percent](): {textOnly, func(s string) (any, error) { return ParsePercent(s) },
		"百分比，如 60%", "percentage such as 60%", pattern(`^[0-9]{1,3}(\.[0-9]+)? ?%$`)},
	reflect.TypeFor[Bytes](): {textOnly, func(s string) (any, error) { return ParseBytes(s) },
		"大小，如 128MiB", "size such as 128MiB", pattern(`^[0-9]+ ?(B|KB|KiB|MB|MiB|GB|GiB)$`)},
	reflect.TypeFor[Rate](): {anyScalar, func(s string) (any, error) { return ParseRate(s) },
		"频率，如 60/m（每分钟 60 次，单位 s m h d）；0 = 不限", "rate such as 60/m (s, m, h or d); 0 = off",
		map[string]any{"anyOf": []any{pattern(`^([0-9]+/[smhd]|0)$`), map[string]any{"const": 0}}}},
	reflect.TypeFor[netip.Prefix](): {textOnly, parsePrefix,
		"网段，如 10.1.0.0/16 或 ::1/128", "prefix such as 10.1.0.0/16 or ::1/128", pattern(`^[0-9a-fA-F:.]+/[0-9]{1,3}$`)},
	reflect.TypeFor[*time.Location](): {textOnly, parseZone,
		"时区，如 Asia/Shanghai", "time zone such as Asia/Shanghai", map[string]any{"type": "string"}},
}

func parseBool(s string) (any, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return nil, fmt.Errorf("%q is neither true nor false", s)
}

// parseInt reads decimal digits only: 010 is eight in YAML 1.1 and ten in 1.2, so it is refused.
func parseInt(s string) (any, error) {
	n, err := strconv.Atoi(s)
	if err != nil || strconv.Itoa(n) != s {
		return nil, fmt.Errorf("%q is no whole number", s)
	}
	return n, nil
}

func parseFloat(s string) (any, error) {
	for _, r := range s {
		if (r < '0' || r > '9') && r != '.' && r != '-' {
			return nil, fmt.Errorf("%q is no number", s)
		}
	}
	return strconv.ParseFloat(s, 64)
}

// parsePrefix refuses host bits: 10.1.2.3/8 may have been meant as one address or as a network.
func parsePrefix(s string) (any, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		if a, bare := netip.ParseAddr(s); bare == nil && a.Zone() == "" {
			return nil, advice(fmt.Sprintf("单个地址写成 %[1]s/%[2]d · a single address is written %[1]s/%[2]d", a, a.BitLen()))
		}
		return nil, fmt.Errorf("%q is no prefix", s)
	}
	if p != p.Masked() {
		return nil, advice(fmt.Sprintf("这个网段应写成 %[1]s · the network is written %[1]s", p.Masked()))
	}
	return p, nil
}

// parseZone refuses the empty name and Local, which follow the host.
func parseZone(s string) (any, error) {
	if s == "" || s == "Local" {
		return nil, fmt.Errorf("%q is no zone", s)
	}
	return time.LoadLocation(s)
}

// inRange reports whether v, of kind k, is within the range tag.
func inRange(k kind, v any, span string) bool {
	low, high := between(span)
	bound := func(text string) float64 {
		b, err := k.parse(text)
		if err != nil {
			panic("config: bad range tag " + span) // a mistake in types.go, found by every test
		}
		return number(b)
	}
	return number(v) >= bound(low) && number(v) <= bound(high)
}

func number(v any) float64 {
	rv := reflect.ValueOf(v)
	if rv.CanInt() {
		return float64(rv.Int())
	}
	return rv.Float()
}
