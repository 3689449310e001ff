package source

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"wefeed/feeds"
)

// A match is a date found in a text.
type match struct {
	time      time.Time
	precision feeds.Precision
}

var (
	isoDate  = regexp.MustCompile(`(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s?(Z|[+-]\d{2}:?\d{2})`)
	fullDate = regexp.MustCompile(`(?:^|[^\d])((?:19|20)\d{2})\s*[年/\-.．]\s*(\d{1,2})\s*[月/\-.．]\s*(\d{1,2})(?:\s*日)?(?:[^\d]|$)`)
	clock    = regexp.MustCompile(`^[T\s]*(?:[(（]?(?:星期|周)[一二三四五六日天][)）]?)?\s*(凌晨|早上|上午|中午|下午|傍晚|晚上|AM|PM|am|pm)?\s*(\d{1,2})\s*[:：时点]\s*(\d{1,2})(?:\s*[:：分]\s*(\d{1,2}))?\s*(AM|PM|am|pm)?`)
	ago      = regexp.MustCompile(`(\d{1,4})\s*个?(秒|分钟|小时|天|周|星期)(?:以)?前`)
	dayName  = regexp.MustCompile(`(今天|昨天|前天)`)
	monthDay = regexp.MustCompile(`(?:^|[^\d年/\-.])(\d{1,2})\s*[月/\-]\s*(\d{1,2})(?:\s*日)?(?:[^\d/\-.]|$)`)
	numerals = regexp.MustCompile(`([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日`)
	english  = regexp.MustCompile(`(?i)(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?(?:\d{1,2}[\s\-]+[a-z]{3,9}|[a-z]{3,9}\.?\s+\d{1,2})[ ,\-]+\d{2}.{0,40}`)
	digits   = regexp.MustCompile(`^((?:19|20)\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?$`)
	short    = regexp.MustCompile(`(?:^|[^\d/\-.])(\d{2})[\-/](\d{2})[\-/](\d{2})(?:[^\d/\-]|$)`)
)

// ParseDate finds the first date in a text, which may be inside words (发布时间：2026-11-20 08:30). Without a zone of its own
// it is read in zone; CST is +08:00, whatever it means in America. A day without a year is the nearest one that is not
// ahead of now. A date alone is midnight in zone with precision day. The result is in zone. Years
// before 1900 and from 2100 on are no dates.
func ParseDate(text string, zone *time.Location, now time.Time) (time.Time, feeds.Precision, bool) {
	text = strings.TrimSpace(text)
	if len(text) > 4096 {
		text = strings.ToValidUTF8(text[:4096], "")
	}
	now = now.In(zone)
	for _, find := range []func(string, *time.Location, time.Time) (match, bool){
		findISO, findEnglish, findFull, findDigits, findNumerals, findAgo, findDayName, findShort, findMonthDay,
	} {
		if m, ok := find(text, zone, now); ok && m.time.Year() >= 1900 && m.time.Year() < 2100 {
			return m.time, m.precision, true
		}
	}
	return time.Time{}, "", false
}

func findISO(text string, zone *time.Location, _ time.Time) (match, bool) {
	m := isoDate.FindStringSubmatch(text)
	if m == nil {
		return match{}, false
	}
	off := strings.Replace(m[7], ":", "", 1)
	if off == "Z" {
		off = "+0000"
	}
	sec, precision := m[6], feeds.PrecisionSecond
	if sec == "" {
		sec, precision = "00", feeds.PrecisionMinute
	}
	t, err := time.Parse("2006-01-02 15:04:05 -0700", m[1]+"-"+m[2]+"-"+m[3]+" "+m[4]+":"+m[5]+":"+sec+" "+off)
	return match{t.In(zone), precision}, err == nil
}

// zones are the abbreviations that feeds use. Java on a Chinese server writes CST for China Standard Time.
var zones = map[string]string{
	"CST": "+0800", "GMT": "+0000", "UTC": "+0000", "UT": "+0000", "Z": "+0000", "HKT": "+0800", "JST": "+0900",
	"EST": "-0500", "EDT": "-0400", "PST": "-0800", "PDT": "-0700", "MST": "-0700", "CDT": "-0500",
}

// englishLayouts are read after the day of the week, commas and hyphens went; months of any length are cut to three
// letters.
var englishLayouts = []string{
	"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04", "2 Jan 2006",
	"2 Jan 06 15:04:05 -0700", "2 Jan 06 15:04:05", "2 Jan 06 15:04 -0700", "2 Jan 06 15:04", "2 Jan 06",
	"Jan 2 15:04:05 -0700 2006", "Jan 2 15:04:05 2006",
	"Jan 2 2006 15:04:05 -0700", "Jan 2 2006 15:04:05", "Jan 2 2006 15:04 -0700", "Jan 2 2006 15:04", "Jan 2 2006",
	"Jan 2 2006 3:04:05 PM", "Jan 2 2006 3:04 PM", "2 Jan 2006 3:04 PM",
}

var (
	rfc850    = regexp.MustCompile(`(\d{1,2})-([A-Za-z]{3,9})-(\d{2,4})`)
	gmtOffset = regexp.MustCompile(`^(?:GMT|UTC)?([+-]\d{2}):?(\d{2})$`)
	letters   = regexp.MustCompile(`^[A-Z]+$`)
)

func findEnglish(text string, zone *time.Location, _ time.Time) (match, bool) {
	if !strings.ContainsAny(text, "abcdefghijklmnopqrstuvyABCDEFGHIJKLMNOPQRSTUVY") {
		return match{}, false // the expression is slow, and most dates here are digits
	}
	fields := englishFields(english.FindString(text))
	for n := min(len(fields), 6); n >= 3; n-- {
		some := strings.Join(fields[:n], " ")
		for _, layout := range englishLayouts {
			if t, err := time.ParseInLocation(layout, some, zone); err == nil {
				return match{t.In(zone), clockPrecision(layout)}, true
			}
		}
	}
	return match{}, false
}

// englishFields are a date's words as englishLayouts has them. The day of the week goes: it may be wrong.
func englishFields(date string) []string {
	date = strings.ReplaceAll(rfc850.ReplaceAllString(date, "$1 $2 $3"), ",", " ")
	fields := strings.Fields(date)
	for i, f := range fields {
		f = strings.ToUpper(strings.Trim(f, "()."))
		if m := gmtOffset.FindStringSubmatch(f); m != nil {
			f = m[1] + m[2]
		} else if off, ok := zones[f]; ok {
			f = off
		} else if letters.MatchString(f) {
			f = f[:min(len(f), 3)]
		}
		fields[i] = f
	}
	if len(fields) > 0 && strings.Contains("MON TUE WED THU FRI SAT SUN", fields[0]) {
		return fields[1:]
	}
	return fields
}

func clockPrecision(layout string) feeds.Precision {
	switch {
	case strings.Contains(layout, ":05"):
		return feeds.PrecisionSecond
	case strings.Contains(layout, ":04"):
		return feeds.PrecisionMinute
	}
	return feeds.PrecisionDay
}

func findFull(text string, zone *time.Location, now time.Time) (match, bool) {
	for from := 0; from < len(text); {
		loc := fullDate.FindStringSubmatchIndex(text[from:])
		if loc == nil {
			return match{}, false
		}
		part := func(i int) int { return number(text[from+loc[2*i] : from+loc[2*i+1]]) }
		rest := from + loc[7]
		for _, day := range []string{" ", "日"} {
			rest += len(text[rest:]) - len(strings.TrimPrefix(text[rest:], day))
		}
		if m, ok := build(part(1), part(2), part(3), text[rest:], zone); ok && part(1) <= now.Year()+1 {
			return m, true
		}
		from = rest
	}
	return match{}, false
}

// build makes a date, with the clock time that rest begins with.
func build(year, month, day int, rest string, zone *time.Location) (match, bool) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, zone)
	if month < 1 || month > 12 || t.Day() != day || t.Month() != time.Month(month) {
		return match{}, false
	}
	h, m, s, precision := readClock(rest)
	return match{time.Date(year, time.Month(month), day, h, m, s, 0, zone), precision}, true
}

// readClock reads a clock time at the beginning of a text: 24 hours, or 12 with 上午 and its like.
func readClock(text string) (hour, minute, second int, p feeds.Precision) {
	m := clock.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, 0, feeds.PrecisionDay
	}
	hour, minute = number(m[2]), number(m[3])
	p = feeds.PrecisionMinute
	if m[4] != "" {
		second = number(m[4])
		p = feeds.PrecisionSecond
	}
	if hour > 23 || minute > 59 || second > 59 {
		return 0, 0, 0, feeds.PrecisionDay
	}
	switch half := strings.ToUpper(m[1] + m[5]); {
	case hour < 12 && (half == "下午" || half == "傍晚" || half == "晚上" || half == "PM"):
		hour += 12
	case hour == 12 && (half == "凌晨" || half == "AM"):
		hour = 0
	case hour < 3 && half == "中午":
		hour += 12
	}
	return hour, minute, second, p
}

// findDigits reads a stamp such as 20261123 or 20261123080500, when nothing else stands with it.
func findDigits(text string, zone *time.Location, _ time.Time) (match, bool) {
	m := digits.FindStringSubmatch(text)
	if m == nil {
		return match{}, false
	}
	rest := ""
	if m[4] != "" {
		rest = m[4] + ":" + m[5] + ":" + m[6]
	}
	return build(number(m[1]), number(m[2]), number(m[3]), rest, zone)
}

func number(digits string) int { n, _ := strconv.Atoi(digits); return n }

// findShort reads a year of two digits, first in the date and of this century.
func findShort(text string, zone *time.Location, now time.Time) (match, bool) {
	loc := short.FindStringSubmatchIndex(text)
	if loc == nil {
		return match{}, false
	}
	part := func(i int) int { return number(text[loc[2*i]:loc[2*i+1]]) }
	m, ok := build(2000+part(1), part(2), part(3), text[loc[7]:], zone)
	return m, ok && 2000+part(1) <= now.Year()+1
}

func findNumerals(text string, zone *time.Location, _ time.Time) (match, bool) {
	loc := numerals.FindStringSubmatchIndex(text)
	if loc == nil {
		return match{}, false
	}
	year := 0
	for _, d := range text[loc[2]:loc[3]] {
		year = year*10 + numeral(d)
	}
	return build(year, tens(text[loc[4]:loc[5]]), tens(text[loc[6]:loc[7]]), text[loc[1]:], zone)
}

func numeral(r rune) int {
	return map[rune]int{'一': 1, '二': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9, '十': 10}[r]
}

// tens reads 一 to 三十一.
func tens(text string) int {
	before, after, found := strings.Cut(text, "十")
	digit := func(s string) int {
		for _, r := range s {
			return numeral(r)
		}
		return 0
	}
	if !found {
		return digit(text)
	}
	if before == "" {
		return 10 + digit(after)
	}
	return 10*digit(before) + digit(after)
}

func findAgo(text string, _ *time.Location, now time.Time) (match, bool) {
	if strings.Contains(text, "刚刚") {
		return match{now.Truncate(time.Minute), feeds.PrecisionMinute}, true
	}
	m := ago.FindStringSubmatch(text)
	if m == nil {
		return match{}, false
	}
	n := number(m[1])
	switch m[2] {
	case "秒":
		return match{now.Add(-time.Duration(n) * time.Second).Truncate(time.Minute), feeds.PrecisionMinute}, true
	case "分钟":
		return match{now.Add(-time.Duration(n) * time.Minute).Truncate(time.Minute), feeds.PrecisionMinute}, true
	case "小时":
		return match{now.Add(-time.Duration(n) * time.Hour).Truncate(time.Minute), feeds.PrecisionMinute}, true
	case "天":
		return match{midnight(now.AddDate(0, 0, -n)), feeds.PrecisionDay}, true
	}
	return match{midnight(now.AddDate(0, 0, -7*n)), feeds.PrecisionDay}, true
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

func findDayName(text string, zone *time.Location, now time.Time) (match, bool) {
	loc := dayName.FindStringIndex(text)
	if loc == nil {
		return match{}, false
	}
	back := map[string]int{"今天": 0, "昨天": 1, "前天": 2}[text[loc[0]:loc[1]]]
	day := now.AddDate(0, 0, -back)
	return build(day.Year(), int(day.Month()), day.Day(), text[loc[1]:], zone)
}

// findMonthDay reads a day without a year: the nearest such day that is not after tomorrow.
func findMonthDay(text string, zone *time.Location, now time.Time) (match, bool) {
	loc := monthDay.FindStringSubmatchIndex(text)
	if loc == nil {
		return match{}, false
	}
	month, day := number(text[loc[2]:loc[3]]), number(text[loc[4]:loc[5]])
	rest := strings.TrimPrefix(text[loc[5]:], "日")
	for year := now.Year() + 1; year >= now.Year()-4; year-- { // -4: 29 February
		m, ok := build(year, month, day, rest, zone)
		if ok && !m.time.After(now.AddDate(0, 0, 1)) {
			return m, true
		}
	}
	return match{}, false
}

var urlDates = []*regexp.Regexp{
	regexp.MustCompile(`/t((?:19|20)\d{2})(\d{2})(\d{2})_\d+`),
	regexp.MustCompile(`/((?:19|20)\d{2})[/\-](\d{1,2})[/\-](\d{1,2})(?:/|_|-|$)`),
	regexp.MustCompile(`/((?:19|20)\d{2})-?(\d{2})/?(\d{2})/`),
	regexp.MustCompile(`/((?:19|20)\d{2})/(\d{2})(\d{2})/`),
}

// urlDate reads the day that many portals have in an article's address.
func urlDate(address string, zone *time.Location, now time.Time) (time.Time, bool) {
	for _, re := range urlDates {
		m := re.FindStringSubmatch(address)
		if m == nil {
			continue
		}
		if got, ok := build(number(m[1]), number(m[2]), number(m[3]), "", zone); ok && !got.time.After(now.AddDate(0, 0, 1)) {
			return got.time, true
		}
	}
	return time.Time{}, false
}
