package main

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wefeed/internal/faultkit"
)

// TestFaults tells what readers, admins and followers see while a disk, a database or a network is out of order, and that
// nothing is lost or doubled for it.
func TestFaults(t *testing.T) {
	t.Parallel()
	sideBySide(t, map[string]func(*testing.T){
		"full disk":         fullDisk,
		"locked/sqlite":     lockedSQLite,
		"locked/postgres":   lockedPostgres,
		"bad way to WeChat": badWayToWeChat,
		"bad way to portal": badWayToPortal,
	})
}

// oneDraft makes a site with one channel into the draft box.
func oneDraft(t *testing.T, dsn string) (*site, *lane) {
	t.Helper()
	l := &lane{id: "drafts", kind: "draft", section: sectionA}
	return newSite(t, memoryDir(t), dsn, l), l
}

// must ends the test with the log's end.
func (s *site) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v\nThe log ends with:\n%s", err, s.lastWords())
	}
}

// await waits until look has no objection, or ends the test.
func (s *site) await(t *testing.T, what string, look func() error) {
	t.Helper()
	s.must(t, s.until(what, look))
}

// The disk is full when an edition is about to go into the ledger. It does not go out, feeds are served, the gateway says
// that it is not ready and why, and it recovers by itself.
func fullDisk(t *testing.T) {
	disk := faultkit.NewDisk(t, 32<<20)
	s, l := oneDraft(t, "sqlite:"+filepath.Join(disk.Dir, "wefeed.db"))
	s.must(t, s.begin())
	full := make(chan struct{})
	cover := &faultkit.Trap{Path: "/cgi-bin/material/add_material", At: faultkit.After, Act: faultkit.Hold(full, faultkit.Pass)}
	l.out.Arm(cover)
	s.must(t, s.publish(sectionA, titleCut))
	s.await(t, "the cover", func() error { return closed(cover.Hit()) })
	disk.Fill()
	s.await(t, "a gateway that is not ready", func() error { return s.ready(http.StatusServiceUnavailable) })
	close(full)
	s.await(t, "a delivery that cannot be written down", func() error { return s.logged(`"msg":"job failed","job":"{\"do\":\"deliver\"`) })
	s.must(t, errors.Join(s.logged(`"msg":"not ready","error":"`), s.logged("disk is full"), s.feeds(sectionA, ""), s.feeds(sectionB, "")))
	if n := l.out.Count("/cgi-bin/draft/add"); n != 0 {
		t.Errorf("%d drafts were made that the ledger does not know", n)
	}
	disk.Free()
	freed := time.Now()
	s.await(t, "a gateway that is ready", func() error { return s.ready(http.StatusOK) })
	t.Logf("ready %v after there was space again", time.Since(freed).Round(100*time.Millisecond))
	s.await(t, "the draft", func() error { return s.once(l, titleCut, "handed_over") })
	t.Logf("the draft was made %v after it", time.Since(freed).Round(100*time.Millisecond))
}

// closed reports whether a channel is closed.
func closed(c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	default:
		return errors.New("not yet")
	}
}

func lockedSQLite(t *testing.T) {
	s, l := oneDraft(t, "sqlite:wefeed.db")
	locked(t, s, l, func() func() { return faultkit.LockSQLite(t, filepath.Join(s.dir, "wefeed.db")) })
}

func lockedPostgres(t *testing.T) {
	dsn := postgres.Database(t)
	s, l := oneDraft(t, dsn)
	locked(t, s, l, func() func() { return faultkit.LockTables(t, dsn) })
}

// Somebody else holds the database until the gateway has said that it is not ready. Feeds are served all the time, and what
// was published meanwhile comes late, not never.
func locked(t *testing.T, s *site, l *lane, lock func() (release func())) {
	s.must(t, s.begin())
	release := lock()
	s.must(t, s.publish(sectionA, titleCut))
	s.await(t, "a gateway that is not ready", func() error {
		s.must(t, errors.Join(s.feeds(sectionA, ""), s.feeds(sectionB, "")))
		return s.ready(http.StatusServiceUnavailable)
	})
	release()
	s.await(t, "the draft", func() error { return s.once(l, titleCut, "handed_over") })
	s.await(t, "a gateway that is ready", func() error { return s.ready(http.StatusOK) })
}

// The way to WeChat stalls until the gateway gives up, then carries ten bytes at a time.
func badWayToWeChat(t *testing.T) {
	s, l := oneDraft(t, "sqlite:wefeed.db")
	way := faultkit.NewProxy(t, strings.TrimPrefix(l.out.URL(), "http://"))
	l.api = "http://" + way.Addr()
	s.must(t, s.begin())
	way.Set(faultkit.Weather{Stall: true})
	s.must(t, s.publish(sectionA, titleCut))
	s.await(t, "a call that is given up", func() error { return s.logged(`"msg":"edition not set"`) })
	s.must(t, s.feeds(sectionA, titleCut))
	way.Set(faultkit.Weather{Slice: 10, Pause: 10 * time.Microsecond})
	s.await(t, "the draft", func() error { return s.once(l, titleCut, "handed_over") })
}

// The way to the portal carries ten bytes at a time, then breaks off within every page, then is good again.
func badWayToPortal(t *testing.T) {
	s, l := oneDraft(t, "sqlite:wefeed.db")
	way := faultkit.NewProxy(t, strings.TrimPrefix(s.direct, "http://"))
	s.portal = "http://" + way.Addr()
	way.Set(faultkit.Weather{Slice: 10})
	s.must(t, s.begin())
	way.Set(faultkit.Weather{Refuse: true}) // ends the connections that stand
	way.Set(faultkit.Weather{CutDown: 500})
	s.must(t, s.publish(sectionA, titleCut))
	s.await(t, "a collect that fails", func() error { return s.logged(`"msg":"source failed","source":"` + sectionA) })
	s.must(t, errors.Join(s.feeds(sectionA, ""), s.feeds(sectionB, ""), s.ready(http.StatusOK)))
	if err := s.feeds(sectionA, titleCut); err == nil {
		t.Error("an article came through a page that was cut off")
	}
	way.Set(faultkit.Weather{})
	s.await(t, "the draft", func() error { return s.once(l, titleCut, "handed_over") })
}
