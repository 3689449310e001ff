package source_test

import (
	"strings"
	"testing"
	"time"

	"wefeed/feeds"
	"wefeed/feeds/source"
)

// TestParseDate reads dates as portals and feeds print them, at noon of Monday, 23 November 2026, in Beijing.
func TestParseDate(t *testing.T) {
	const day, minute, second = feeds.PrecisionDay, feeds.PrecisionMinute, feeds.PrecisionSecond
	for _, c := range []struct {
		text string
		want string // "" for no date
		p    feeds.Precision
	}{
		// A day alone.
		{"2026-11-23", "2026-11-23T00:00:00", day},
		{"2020/05/29", "2020-05-29T00:00:00", day},
		{"2026.11.3", "2026-11-03T00:00:00", day},
		{"2026年11月3日", "2026-11-03T00:00:00", day},
		{"2026 年 11 月 3 日", "2026-11-03T00:00:00", day},
		{"[2026-11-23]", "2026-11-23T00:00:00", day},
		{"（2026年11月23日）", "2026-11-23T00:00:00", day},
		{"2026-11-23（星期一）", "2026-11-23T00:00:00", day},
		{"二〇二六年十一月二十三日", "2026-11-23T00:00:00", day},
		{"二○二六年十月三十一日", "2026-10-31T00:00:00", day},
		{"二零二六年一月十日", "2026-01-10T00:00:00", day},
		{"20261123", "2026-11-23T00:00:00", day},
		{"26-11-22", "2026-11-22T00:00:00", day},
		{"[26/11/22]", "2026-11-22T00:00:00", day},
		{"2024-02-29", "2024-02-29T00:00:00", day},
		{"Mon, 23 Nov 2026", "2026-11-23T00:00:00", day},
		{"November 23, 2026", "2026-11-23T00:00:00", day},
		{"Nov. 3, 2026", "2026-11-03T00:00:00", day},

		// With a clock time.
		{"2026年11月23日 08:05", "2026-11-23T08:05:00", minute},
		{"2026年11月23日08:05", "2026-11-23T08:05:00", minute},
		{"2026年11月23日 8时5分", "2026-11-23T08:05:00", minute},
		{"2026年11月23日 星期一 08:05", "2026-11-23T08:05:00", minute},
		{"2026-11-23 08：05", "2026-11-23T08:05:00", minute},
		{"2026-11-23 08:05:09", "2026-11-23T08:05:09", second},
		{"2026-11-23 08:05:09.0", "2026-11-23T08:05:09", second},
		{"2026-11-23T08:05:09", "2026-11-23T08:05:09", second},
		{"2026/11/23 下午3:05", "2026-11-23T15:05:00", minute},
		{"2026/11/23 3:05:06 PM", "2026-11-23T15:05:06", second},
		{"2026/11/23 12:05 AM", "2026-11-23T00:05:00", minute},
		{"2026-11-22 晚上8:30", "2026-11-22T20:30:00", minute},
		{"2026-11-22 中午12:30", "2026-11-22T12:30:00", minute},
		{"20261123080509", "2026-11-23T08:05:09", second},
		{"2026-11-23 25:61", "2026-11-23T00:00:00", day},
		{"Nov 22, 2026 3:05 PM", "2026-11-22T15:05:00", minute},

		// With a zone of its own.
		{"2026-11-23T08:05:09+08:00", "2026-11-23T08:05:09", second},
		{"2026-11-23T08:05:09+0800", "2026-11-23T08:05:09", second},
		{"2026-11-23T00:05Z", "2026-11-23T08:05:00", minute},
		{"2026-11-23T00:05:09.123456Z", "2026-11-23T08:05:09", second},
		{"2026-11-22 19:05:09 -05:00", "2026-11-23T08:05:09", second},
		{"Mon, 23 Nov 2026 08:05:09 +0800", "2026-11-23T08:05:09", second},
		{"Mon, 23 Nov 2026 08:05:09 +08:00", "2026-11-23T08:05:09", second},
		{"Mon, 23 Nov 2026 00:05:09 GMT", "2026-11-23T08:05:09", second},
		{"Mon, 23 Nov 2026 00:05 UT", "2026-11-23T08:05:00", minute},
		{"Sun, 22 Nov 2026 19:05:09 EST", "2026-11-23T08:05:09", second},
		{"Mon, 23 Nov 26 08:05:09 +0800", "2026-11-23T08:05:09", second},
		{"23 Nov 2026 08:05:09 +0800", "2026-11-23T08:05:09", second},
		{"23 Nov 26 08:05 +0800", "2026-11-23T08:05:00", minute},
		{"Monday, 23-Nov-26 00:05:09 GMT", "2026-11-23T08:05:09", second},
		{"Monday, 23 November 2026 08:05:09 +0800", "2026-11-23T08:05:09", second},
		{"Mon, 23 Nov 2026 08:05:09", "2026-11-23T08:05:09", second},
		{"Fri, 23 Nov 2026 08:05:09 +0800", "2026-11-23T08:05:09", second}, // it is a Monday
		{"Mon, 23 Nov 2026 08:05:09 CST", "2026-11-23T08:05:09", second},   // China, not Chicago
		{"Mon Nov 23 08:05:09 CST 2026", "2026-11-23T08:05:09", second},    // Java
		{"Mon Nov 23 08:05:09 GMT+08:00 2026", "2026-11-23T08:05:09", second},
		{"Mon Nov 23 2026 08:05:09 GMT+0800 (China Standard Time)", "2026-11-23T08:05:09", second},

		// In words, and without a year.
		{"刚刚", "2026-11-23T12:00:00", minute},
		{"30秒前", "2026-11-23T11:59:00", minute},
		{"5分钟前", "2026-11-23T11:55:00", minute},
		{"3小时前", "2026-11-23T09:00:00", minute},
		{"13 个小时前", "2026-11-22T23:00:00", minute},
		{"2天前", "2026-11-21T00:00:00", day},
		{"1周前", "2026-11-16T00:00:00", day},
		{"今天 08:05", "2026-11-23T08:05:00", minute},
		{"昨天 10:00", "2026-11-22T10:00:00", minute},
		{"昨天", "2026-11-22T00:00:00", day},
		{"前天 晚上9:15", "2026-11-21T21:15:00", minute},
		{"11-23", "2026-11-23T00:00:00", day},
		{"11-22 10:05", "2026-11-22T10:05:00", minute},
		{"11月3日", "2026-11-03T00:00:00", day},
		{"(11/03)", "2026-11-03T00:00:00", day},
		{"11-24", "2026-11-24T00:00:00", day},
		{"11-25", "2025-11-25T00:00:00", day},
		{"12-31", "2025-12-31T00:00:00", day},
		{"02-29", "2024-02-29T00:00:00", day},

		// Inside a line.
		{"发布时间：2026-11-23 08:05:09 来源：海河日报", "2026-11-23T08:05:09", second},
		{"发稿时间:2026年11月23日 08:05 浏览:12", "2026-11-23T08:05:00", minute},
		{"时间：2026-11-22　　作者：1998", "2026-11-22T00:00:00", day},
		{"文号2026-99-99，发布于2026-11-22", "2026-11-22T00:00:00", day},
		{"规划到2035-12-31，发布于2026-11-22", "2026-11-22T00:00:00", day},
		{"a" + strings.Repeat(" ", 3000) + "2026-11-22", "2026-11-22T00:00:00", day},

		// Ahead of now, as printed: the rules keep it out of the feeds.
		{"2026-12-25", "2026-12-25T00:00:00", day},
		{"Fri, 25 Dec 2048 08:00:00 +0800", "2048-12-25T08:00:00", second},

		// No dates.
		{"", "", ""},
		{"待定", "", ""},
		{"0001-01-01T00:00:00Z", "", ""},
		{"0000-00-00 00:00:00", "", ""},
		{"9999-12-31T23:59:59Z", "", ""},
		{"2026-02-30", "", ""},
		{"2026-13-01", "", ""},
		{"Mon, 32 Nov 2026 08:05:09 GMT", "", ""},
		{"浏览次数：1024", "", ""},
		{"电话 022-2345-6789", "", ""},
		{"1.2.3", "", ""},
		{"12:30", "", ""},
		{"123456789012", "", ""},
		{strings.Repeat("9", 100_000), "", ""},
		{strings.Repeat(" ", 5000) + "\xff", "", ""},
	} {
		name := c.text[:min(len(c.text), 60)]
		got, p, ok := source.ParseDate(c.text, beijing, noon)
		if !ok {
			if c.want != "" {
				t.Errorf("%q: no date, want %s", name, c.want)
			}
			continue
		}
		if s := got.Format("2006-01-02T15:04:05"); s != c.want || p != c.p {
			t.Errorf("%q: %s %s, want %s %s", name, s, p, c.want, c.p)
		}
		if got.Location() != beijing {
			t.Errorf("%q: in zone %v, want the source's", name, got.Location())
		}
	}
}

// TestParseDateNewYear checks the days without a year around the turn of one.
func TestParseDateNewYear(t *testing.T) {
	eve := time.Date(2026, 12, 31, 23, 0, 0, 0, beijing)
	for text, want := range map[string]string{"01-01": "2027-01-01", "01-02": "2026-01-02", "12-31": "2026-12-31", "12月30日": "2026-12-30"} {
		if got, _, ok := source.ParseDate(text, beijing, eve); !ok || got.Format("2006-01-02") != want {
			t.Errorf("%s on New Year's Eve is %v, want %s", text, got, want)
		}
	}
}

// TestParseDateZone checks that a date is read in the source's zone, summer time included, whatever zone now is in.
func TestParseDateZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-07-01":                    "2026-07-01T00:00:00+02:00",
		"2026-11-23 08:05":              "2026-11-23T08:05:00+01:00",
		"Wed, 01 Jul 2026 08:05:09":     "2026-07-01T08:05:09+02:00",
		"Wed, 01 Jul 2026":              "2026-07-01T00:00:00+02:00",
		"2026-07-01T08:05:09+08:00":     "2026-07-01T02:05:09+02:00",
		"Wed, 01 Jul 2026 08:05:09 CST": "2026-07-01T02:05:09+02:00",
		"今天 01:00":                      "2026-11-23T01:00:00+01:00",
	} {
		got, _, ok := source.ParseDate(text, berlin, noon)
		if s := got.Format(time.RFC3339); !ok || s != want {
			t.Errorf("%q: %s, want %s", text, s, want)
		}
	}
}
