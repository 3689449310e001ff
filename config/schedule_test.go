package config

import (
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestScheduleNext(t *testing.T) {
	shanghai, berlin := zone(t, "Asia/Shanghai"), zone(t, "Europe/Berlin")
	for _, tc := range []struct {
		spec       string
		loc        *time.Location
		from, want string
	}{
		{"*/10 * * * *", shanghai, "2026-11-23T08:05:00Z", "2026-11-23T08:10:00Z"},
		{"*/10 * * * *", shanghai, "2026-11-23T08:10:00Z", "2026-11-23T08:20:00Z"},
		{"0 18 * * *", shanghai, "2026-11-23T09:59:59Z", "2026-11-23T10:00:00Z"},
		{"0 18 * * *", shanghai, "2026-11-23T10:00:00Z", "2026-11-24T10:00:00Z"},
		{"@daily", shanghai, "2026-11-23T15:00:00Z", "2026-11-23T16:00:00Z"},
		{"@daily", time.UTC, "2026-11-23T15:00:00Z", "2026-11-24T00:00:00Z"},
		{"0 9 * * 1-5", shanghai, "2026-11-20T09:00:00+08:00", "2026-11-23T09:00:00+08:00"},
		{"0 0 29 2 *", shanghai, "2026-11-23T00:00:00Z", "2028-02-28T16:00:00Z"},
		{"  30 7 1 * *  ", shanghai, "2026-11-23T00:00:00Z", "2026-12-01T07:30:00+08:00"},
		// Summer time begins in Berlin on 29 March 2026: 02:30 does not exist that day.
		{"30 2 * * *", berlin, "2026-03-28T12:00:00Z", "2026-03-30T02:30:00+02:00"},
		// @every is anchored by the caller, to the last run, and keeps its fraction.
		{"@every 90s", shanghai, "2026-11-23T08:00:00.5Z", "2026-11-23T08:01:30.5Z"},
		{"@every 1h30m", shanghai, "2026-11-23T08:00:00Z", "2026-11-23T09:30:00Z"},
		{"@every 7d", shanghai, "2026-11-23T08:00:00Z", "2026-11-30T08:00:00Z"},
	} {
		s, err := ParseSchedule(tc.spec, tc.loc)
		if err != nil {
			t.Errorf("%s: %v", tc.spec, err)
			continue
		}
		from, err := time.Parse(time.RFC3339Nano, tc.from)
		if err != nil {
			t.Fatal(err)
		}
		want, err := time.Parse(time.RFC3339Nano, tc.want)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Next(from); !got.Equal(want) {
			t.Errorf("%s in %s after %s: %s, want %s", tc.spec, tc.loc, tc.from, got, want)
		}
	}
}

// TestScheduleIgnoresTheHostsZone: a bare spec of robfig/cron would follow time.Local.
func TestScheduleIgnoresTheHostsZone(t *testing.T) {
	before := time.Local
	t.Cleanup(func() { time.Local = before })
	time.Local = zone(t, "America/New_York")
	for _, spec := range []string{"0 18 * * *", "@daily", "@monthly"} {
		s, err := ParseSchedule(spec, zone(t, "Asia/Shanghai"))
		if err != nil {
			t.Fatal(err)
		}
		if h, m, _ := s.Next(time.Now()).In(zone(t, "Asia/Shanghai")).Clock(); (h != 18 && h != 0) || m != 0 {
			t.Errorf("%s rings at %02d:%02d in Shanghai", spec, h, m)
		}
	}
}

func TestScheduleRefuses(t *testing.T) {
	for _, spec := range []string{
		"", " ", "*", "* * * *", "* * * * * *", "0 0 30 2 *", "0 0 31 4,6 *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
		"*/0 * * * *", "5-1 * * * *", "a * * * *", "TZ=", "CRON_TZ=", "TZ=UTC", "CRON_TZ=UTC 0 0 * * *", "TZ=Asia/Shanghai @daily",
		"@", "@every", "@every ", "@every 0s", "@every 999ms", "@every -1m", "@every 10", "@every 99999d", "@reboot", "@Daily x",
	} {
		if s, err := ParseSchedule(spec, time.UTC); err == nil {
			t.Errorf("%q is taken: next %s", spec, s.Next(time.Unix(0, 0)))
		}
	}
	if _, err := ParseSchedule("@daily", nil); err == nil {
		t.Error("a schedule needs a zone")
	}
}

func FuzzSchedule(f *testing.F) {
	for _, seed := range []string{"*/10 * * * *", "@every 10m", "TZ=", "0 0 30 2 *", "@daily", "1-5/2,7 ? L * MON", "* * * * *\x00"} {
		f.Add(seed)
	}
	shanghai := zone(f, "Asia/Shanghai")
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := ParseSchedule(spec, shanghai)
		if err != nil {
			return
		}
		if next := s.Next(now); !next.After(now) {
			t.Errorf("%q: next after %s is %s", spec, now, next)
		}
	})
}
