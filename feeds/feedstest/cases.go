package feedstest

import (
	"time"

	"wefeed/feeds"
)

func (s *suite) pending() {
	s.learned("a")
	unread := Incoming("x/1", "一")
	unread.Pending, unread.FromPage = true, false
	saved := s.save(Collected("a", Start, unread))
	s.want("Touched by a pending one", saved.Touched, []string(nil))
	saved = s.save(Collected("a", Start.Add(time.Minute), Incoming("x/1", "一")))
	s.want("Touched when it was read", saved.Touched, []string{"a"})
	if a := s.one("x/1"); a.Status != feeds.StatusLive || !a.FirstSeen.Equal(Start) {
		s.Errorf("read as %+v", a)
	}
}

func (s *suite) withdrawal() {
	s.learned("a")
	s.save(Collected("a", Start, Incoming("x/1", "一")))
	gone := feeds.Check{ArticleID: s.one("x/1").ID, Gone: true}
	saved := s.check(Start.Add(time.Minute), gone)
	s.want("Held", ids(saved.Held), []string{gone.ArticleID})
	s.want("holding touches no feed", saved.Touched, []string(nil))
	if a := s.one("x/1"); a.Status != feeds.StatusHeld || !a.NextCheck.Equal(Start.Add(11*time.Minute)) {
		s.Errorf("held as %+v", a)
	}
	s.check(Start.Add(2*time.Minute), gone) // too soon to count
	saved = s.check(Start.Add(11*time.Minute), gone)
	s.want("Withdrawn", ids(saved.Withdrawn), []string{gone.ArticleID})
	s.want("Touched", saved.Touched, []string{"a"})
	a := s.one("x/1")
	if a.Status != feeds.StatusWithdrawn || !a.WithdrawnAt.Equal(Start.Add(11*time.Minute)) || a.Title != "一" {
		s.Errorf("withdrawn as %+v", a)
	}
	listed := Incoming("x/1", "又来")
	listed.FromPage = false
	s.save(Collected("a", Start.Add(time.Hour), listed))
	if a := s.one("x/1"); a.Status != feeds.StatusWithdrawn {
		s.Error("a withdrawn article came back because a list shows it")
	}
	saved = s.save(Collected("a", Start.Add(time.Hour), Incoming("x/1", "又来")))
	if a := s.one("x/1"); a.Status != feeds.StatusLive || a.ID != gone.ArticleID || a.Missing != 0 || !a.WithdrawnAt.IsZero() {
		s.Errorf("published again as %+v", a)
	}
	s.want("publishing again touches", saved.Touched, []string{"a"})
}

func (s *suite) comesBack() {
	s.learned("a")
	s.save(Collected("a", Start, Incoming("x/1", "一")))
	id := s.one("x/1").ID
	s.check(Start.Add(time.Minute), feeds.Check{ArticleID: id, Gone: true})
	s.check(Start.Add(2*time.Minute), feeds.Check{ArticleID: id, Failed: true})
	if a := s.one("x/1"); a.Status != feeds.StatusHeld || a.Missing != 1 {
		s.Errorf("a failed check changed it to %+v", a)
	}
	page := Incoming("x/1", "改").Item
	saved := s.check(Start.Add(3*time.Minute), feeds.Check{ArticleID: id, Page: &page})
	s.want("Updated", ids(saved.Updated), []string{id})
	if a := s.one("x/1"); a.Status != feeds.StatusLive || a.Missing != 0 || !a.MissingAt.IsZero() || a.Title != "改" {
		s.Errorf("came back as %+v", a)
	}
}

func (s *suite) dueChecks() {
	s.learned("a", "b")
	s.save(Collected("a", Start, Incoming("x/1", "一")))
	s.save(Collected("a", Start.Add(time.Minute), Incoming("x/2", "二"), Incoming("x/3", "三")))
	s.save(Collected("b", Start.Add(time.Minute), Incoming("y/1", "四")))
	s.check(Start.Add(2*time.Minute), feeds.Check{ArticleID: s.one("x/1").ID})
	due := func(section string, now time.Time, limit int) []string {
		found, err := s.DueChecks(s.Context(), section, now, limit)
		if err != nil {
			s.Fatal(err)
		}
		var keys []string
		for _, a := range found {
			keys = append(keys, a.Key)
		}
		return keys
	}
	now := Start.Add(time.Hour)
	s.want("section a", due("a", now, 20), []string{"x/2", "x/3", "x/1"})
	s.want("two of section a", due("a", now, 2), []string{"x/2", "x/3"})
	s.want("section b", due("b", now, 20), []string{"y/1"})
	s.want("before their time", due("a", Start.Add(-time.Hour), 20), []string(nil))
}

func (s *suite) checksOnly() {
	s.learned("a")
	before, err := s.SourceState(s.Context(), "a")
	if err != nil {
		s.Fatal(err)
	}
	s.check(Start, feeds.Check{ArticleID: "unknown", Gone: true})
	after, err := s.SourceState(s.Context(), "a")
	if err != nil {
		s.Fatal(err)
	}
	s.want("the state", after, before)
}

func (s *suite) faults() {
	f := &feeds.Fault{Kind: feeds.FaultTimeout, Detail: "超时"}
	for i := range 2 {
		if err := s.SaveFault(s.Context(), "a", Start.Add(time.Duration(i)*time.Minute), f); err != nil {
			s.Fatal(err)
		}
	}
	st, err := s.SourceState(s.Context(), "a")
	if err != nil {
		s.Fatal(err)
	}
	s.want("after two faults", st, feeds.SourceState{ID: "a", TriedAt: Start.Add(time.Minute), Fault: feeds.FaultTimeout, Detail: "超时", Failures: 2})
	s.save(Collected("a", Start.Add(time.Hour)))
	if st, err = s.SourceState(s.Context(), "a"); err != nil || st.Fault != "" || st.Failures != 0 || st.Detail != "" || st.Learned.IsZero() {
		s.Errorf("after a collect %+v, %v", st, err)
	}
}

func (s *suite) validators() {
	s.save(Collected("a", Start))
	c := Collected("a", Start.Add(time.Minute))
	c.Validators = nil
	s.save(c)
	if st, err := s.SourceState(s.Context(), "a"); err != nil || st.Validators.ETag != `"list"` {
		s.Errorf("state %+v, %v", st, err)
	}
}

func (s *suite) atomic() {
	bad := Incoming("", "无名")
	bad.Keys = nil
	if _, err := s.SaveCollected(s.Context(), Collected("a", Start, Incoming("x/1", "一"), bad)); err == nil {
		s.Error("an item without a key was stored")
	}
	known, err := s.Known(s.Context(), []string{"x/1"})
	if err != nil || len(known) != 0 {
		s.Errorf("half of it was stored: %v, %v", known, err)
	}
}

func (s *suite) unknown() {
	st, err := s.SourceState(s.Context(), "a")
	if err != nil {
		s.Fatal(err)
	}
	s.want("a source never collected", st, feeds.SourceState{ID: "a"})
	known, err := s.Known(s.Context(), nil)
	if err != nil || len(known) != 0 {
		s.Errorf("no keys name %v, %v", known, err)
	}
	found, err := s.ByID(s.Context(), []string{"0123"})
	if err != nil || len(found) != 0 {
		s.Errorf("an unknown id names %v, %v", found, err)
	}
}
