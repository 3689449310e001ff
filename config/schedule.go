package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// maxSpec bounds a schedule's length; the longest sensible one is far shorter.
const maxSpec = 200

// A Schedule tells when something is due next.
type Schedule struct {
	cron cron.Schedule
	loc  *time.Location
	// every is set for @every: the schedule is then so long after the moment it is asked about, which the caller
	// anchors to the last run.
	every time.Duration
}

// Next returns the first time after t. It is never zero for a schedule made by [ParseSchedule].
func (s Schedule) Next(t time.Time) time.Time {
	if s.every > 0 {
		return t.Add(s.every)
	}
	return s.cron.Next(t.In(s.loc))
}

// Every returns the period of an @every schedule, 0 for any other.
func (s Schedule) Every() time.Duration { return s.every }

// A scheduleError says in both languages why a spec is no schedule.
type scheduleError struct{ zh, en string }

// Error returns the English words.
func (e scheduleError) Error() string { return e.en }

// ParseSchedule compiles five cron fields (minute, hour, day of month, month, day of week) or a descriptor such as
// @every 10m, @hourly or @daily. Its fields are read in loc, never in the host's zone. A seconds field, a zone of its
// own (CRON_TZ=) and a date that never comes (30 February) are errors.
func ParseSchedule(spec string, loc *time.Location) (_ Schedule, err error) {
	// robfig/cron panics on some broken specs ("TZ=" without a blank): no line of YAML may stop the gateway.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cron cannot read it: %v", p)
		}
	}()
	spec = strings.TrimSpace(spec)
	switch {
	case spec == "":
		return Schedule{}, scheduleError{"空的", "it is empty"}
	case len(spec) > maxSpec:
		return Schedule{}, scheduleError{"太长", fmt.Sprintf("longer than %d characters", maxSpec)}
	case strings.Contains(spec, "TZ="):
		return Schedule{}, scheduleError{"不能自带时区，一律按 site.timezone", "a schedule has no zone of its own; site.timezone holds for all"}
	case loc == nil:
		return Schedule{}, scheduleError{"没有时区", "no zone to read it in"}
	}
	if every, ok := strings.CutPrefix(spec, "@every"); ok {
		return parseEvery(every)
	}
	if fields := strings.Fields(spec); !strings.HasPrefix(spec, "@") && len(fields) == 6 {
		return Schedule{}, scheduleError{"有六段；没有“秒”这一段", "six fields: there is no field for seconds"}
	}
	parsed, err := cron.ParseStandard(spec)
	if err != nil {
		return Schedule{}, err
	}
	if fields, ok := parsed.(*cron.SpecSchedule); ok {
		fields.Location = loc
	}
	if parsed.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, loc)).IsZero() {
		return Schedule{}, scheduleError{"这个日期永远不会到来", "it never comes: there is no such date"}
	}
	return Schedule{cron: parsed, loc: loc}, nil
}

func parseEvery(text string) (Schedule, error) {
	d, err := ParseDuration(strings.TrimSpace(text))
	if err != nil {
		return Schedule{}, scheduleError{"@every 后面应为时长，如 @every 10m", "@every needs a duration such as 10m"}
	}
	if d < time.Second {
		return Schedule{}, scheduleError{"@every 至少 1s", "@every must be at least 1s"}
	}
	return Schedule{every: d}, nil
}
