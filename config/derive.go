package config

import (
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// topSchedule is when top sections are collected that name no schedule.
const topSchedule = "*/10 * * * *"

// maxSecretFile bounds what is read from a secret file, in bytes.
const maxSecretFile = 64 << 10

// derive fills in what follows from other values.
func (d *decoder) derive(c *Config) {
	if c.Site.Timezone == nil {
		c.Site.Timezone = time.UTC // its fault is noted; the rest can still be checked
	}
	c.Key = d.secretFile(c, c.KeyFile, "key_file")
	d.inherit(c.Sections, "sections", topSchedule, c.Site.Timezone)
	for i := range c.Accounts {
		d.account(c, &c.Accounts[i], fmt.Sprintf("accounts[%d]", i))
	}
	for i := range c.Channels {
		d.channel(&c.Channels[i], fmt.Sprintf("channels[%d]", i))
		d.audienceList(c, c.Channels[i], fmt.Sprintf("channels[%d]", i))
	}
}

// inherit hands schedules down to child sections, and gives sources their ids and zones.
func (d *decoder) inherit(list []Section, path, schedule string, zone *time.Location) {
	for i := range list {
		s, at := &list[i], fmt.Sprintf("%s[%d]", path, i)
		if !d.given(at + ".schedule") {
			s.Schedule = schedule
		}
		for j := range s.Sources {
			src := &s.Sources[j]
			if src.Timezone == nil {
				src.Timezone = zone
			}
			if sat := fmt.Sprintf("%s.sources[%d].id", at, j); !d.given(sat) {
				src.ID = s.ID
				if len(s.Sources) > 1 && j > 0 {
					d.fault(sat, "同一栏目的第二个来源必须写 id（a further source of a section needs an id）",
						"如 "+s.ID+"-2；来源的 id 永不更改 · it is for ever")
				}
			}
		}
		d.inherit(s.Sections, at+".sections", s.Schedule, zone)
	}
}

// account reads the secret files and settles dry_run.
func (d *decoder) account(c *Config, a *Account, path string) {
	for _, s := range []struct {
		key   string
		value *Secret
		file  string
	}{{"secret", &a.Secret, a.SecretFile}, {"token", &a.Token, a.TokenFile}, {"aes_key", &a.AESKey, a.AESKeyFile}} {
		at := path + "." + s.key
		if s.file == "" {
			continue
		}
		if d.given(at) {
			d.fault(at+"_file", fmt.Sprintf("%s 和 %s_file 只能写一个（both %s and %s_file are given）", s.key, s.key, s.key, s.key), "")
			continue
		}
		*s.value = d.secretFile(c, s.file, at+"_file")
	}
	if !d.given(path + ".dry_run") {
		a.DryRun = !loopback(a.APIBase)
	}
}

// channel settles what depends on the kind.
func (d *decoder) channel(ch *Channel, path string) {
	if !d.given(path+".audience") && (ch.Kind == "mass" || ch.Kind == "notice") {
		ch.Audience = "all"
	}
	if !d.given(path+".max_articles") && ch.Kind == "notice" {
		ch.MaxArticles = 1
	}
	if !d.given(path + ".long_title") {
		ch.LongTitle = "hold"
		if ch.Kind == "draft" {
			ch.LongTitle = "cut" // an editor sees the draft before followers do
		}
	}
}

// secretFile reads a secret from a file, without its last line end.
func (d *decoder) secretFile(c *Config, file, path string) Secret {
	if file == "" || d.bad[path] {
		return Secret{}
	}
	data, err := readSmall(c.Path(file))
	switch {
	case err != nil:
		d.fault(path, "文件读不了："+quote(file)+"（the file cannot be read）", err.Error())
	case strings.TrimSpace(string(data)) == "":
		d.fault(path, "文件是空的："+quote(file)+"（the file is empty）", "")
	}
	return NewSecret(strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"))
}

// audienceList reads the openids of a channel's audience_file. They are people's: no fault quotes one.
func (d *decoder) audienceList(c *Config, ch Channel, path string) {
	path += ".audience_file"
	if ch.AudienceFile == "" || d.bad[path] {
		return
	}
	b, err := os.ReadFile(c.Path(ch.AudienceFile))
	if err != nil {
		d.fault(path, "文件读不了："+quote(ch.AudienceFile)+"（the file cannot be read）", err.Error())
		return
	}
	openids := strings.Fields(string(b))
	slices.Sort(openids)
	openids = slices.Compact(openids)
	if len(openids) < 2 || len(openids) > 10_000 {
		d.fault(path, fmt.Sprintf("文件里有 %d 个不同的 openid，应为 2 到 10000 个（%d openids, expected 2 to 10000）", len(openids), len(openids)),
			"每行一个 · one a line")
		return
	}
	if c.Lists == nil {
		c.Lists = map[string][]string{}
	}
	c.Lists[ch.ID] = openids
}

// readSmall reads a regular file of at most maxSecretFile bytes: a pipe or device would hang or never end.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecretFile {
		return nil, fmt.Errorf("not a regular file of at most %d bytes", maxSecretFile)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSecretFile))
}

// loopback reports whether the URL's host is this machine.
func loopback(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.IsLoopback()
}
