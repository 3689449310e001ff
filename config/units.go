package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Percent is a share from 0 to 1, written as 60%.
type Percent float64

// Bytes is a size, written as 128MiB.
type Bytes int64

// An advice is a parser's error that says more than "this is none": it becomes the fault's hint.
type advice string

// Error returns the advice.
func (a advice) Error() string { return string(a) }

// A Rate is so many in a time, written as 60/m. The zero Rate, written as 0, is no limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// Off reports whether there is no limit.
func (r Rate) Off() bool { return r.Count == 0 }

// maxDuration keeps sums of durations far from overflow.
const maxDuration = 10 * 366 * 24 * time.Hour

var (
	durationPart = regexp.MustCompile(`^([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)`)
	sizeForm     = regexp.MustCompile(`^([0-9]{1,15}) ?(B|KB|KiB|MB|MiB|GB|GiB)$`)
	rateForm     = regexp.MustCompile(`^([0-9]{1,9})/([smhd])$`)
	percentForm  = regexp.MustCompile(`^([0-9]{1,3}(?:\.[0-9]{1,3})?) ?%$`)
)

var durationUnits = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
}

var sizeUnits = map[string]int64{
	"B": 1, "KB": 1e3, "KiB": 1 << 10, "MB": 1e6, "MiB": 1 << 20, "GB": 1e9, "GiB": 1 << 30,
}

// ParseDuration reads a duration above 0 such as 90s, 1h30m or 7d (a day is 24 hours); at most ten years.
func ParseDuration(s string) (time.Duration, error) {
	var sum float64
	rest := s
	for rest != "" {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, fmt.Errorf("%q is no duration", s)
		}
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no duration", s)
		}
		sum += n * float64(durationUnits[m[2]])
		rest = rest[len(m[0]):]
	}
	if sum <= 0 || sum > float64(maxDuration) {
		return 0, advice("必须大于 0，最多十年 · above 0 and at most ten years")
	}
	return time.Duration(math.Round(sum)), nil
}

// ParseBytes reads a size such as 128MiB, 500KB or 4096B.
func ParseBytes(s string) (Bytes, error) {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is no size", s)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if unit := sizeUnits[m[2]]; err != nil || n > math.MaxInt64/unit {
		return 0, fmt.Errorf("%q is too large", s)
	}
	return Bytes(n * sizeUnits[m[2]]), nil
}

// ParseRate reads a rate such as 60/m (per second, minute, hour or day), or 0 for no limit.
func ParseRate(s string) (Rate, error) {
	if s == "0" {
		return Rate{}, nil
	}
	m := rateForm.FindStringSubmatch(s)
	if m == nil {
		return Rate{}, fmt.Errorf("%q is no rate", s)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n == 0 {
		return Rate{}, fmt.Errorf("%q is no rate above 0", s)
	}
	return Rate{Count: n, Per: durationUnits[m[2]]}, nil
}

// ParsePercent reads a share such as 60%, from 0% to 100%.
func ParsePercent(s string) (Percent, error) {
	m := percentForm.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is no percentage", s)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil || n > 100 {
		return 0, advice("最多 100% · at most 100%")
	}
	return Percent(n / 100), nil
}

// between splits a range tag such as 1..8; its ends are in the field's own form.
func between(tag string) (low, high string) {
	low, high, _ = strings.Cut(tag, "..")
	return low, high
}
