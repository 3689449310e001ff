package pushtest

import (
	"context"
	"slices"
	"time"

	"wefeed/push"
)

// Spend implements push.Store.
func (m *Memory) Spend(_ context.Context, account, call, day string, limit int) (bool, error) {
	defer m.enter("Spend")()
	key := [3]string{account, call, day}
	if m.spent[key] >= limit {
		return false, nil
	}
	m.spent[key]++
	return true, nil
}

// Tell implements push.Store.
func (m *Memory) Tell(_ context.Context, n push.Remark) (bool, error) {
	defer m.enter("Tell")()
	n.Detail = ""
	was := m.remarks[n]
	m.remarks[n] = true
	return !was, nil
}

// Recruit implements push.Recipients.
func (m *Memory) Recruit(_ context.Context, edition string, openids []string) error {
	defer m.enter("Recruit")()
	for _, id := range openids {
		if m.recipient(edition, id) < 0 {
			m.recipients[edition] = append(m.recipients[edition], push.Recipient{OpenID: id, State: push.Intended})
		}
	}
	return nil
}

func (m *Memory) recipient(edition, openid string) int {
	return slices.IndexFunc(m.recipients[edition], func(r push.Recipient) bool { return r.OpenID == openid })
}

// BeginNotices implements push.Recipients.
func (m *Memory) BeginNotices(_ context.Context, edition, node string, n int, now, deadline time.Time) (openids []string, _ error) {
	defer m.enter("BeginNotices")()
	i := m.index(edition, push.StepNotice)
	if i < 0 || m.deliveries[edition][i].State != push.InFlight {
		return nil, push.ErrConflict
	}
	if m.button.Stopped {
		return nil, push.ErrStopped
	}
	d := &m.deliveries[edition][i]
	over := !d.DoubtAt.IsZero() || !now.Before(d.Deadline)
	if d.Node != node && !over {
		return nil, push.ErrConflict
	}
	for j := range m.recipients[edition] {
		r := &m.recipients[edition][j]
		switch {
		case over && r.State == push.InFlight:
			r.State, r.Reason = push.DeliveryUnknown, push.ReasonNoAnswer
		case r.State == push.Intended && len(openids) < n:
			r.State = push.InFlight
			openids = append(openids, r.OpenID)
		}
	}
	d.Node, d.Deadline, d.DoubtAt = node, deadline, time.Time{}
	m.wake(edition, deadline)
	return openids, nil
}

// EndNotices implements push.Recipients.
func (m *Memory) EndNotices(_ context.Context, edition string, ended []push.Recipient) error {
	defer m.enter("EndNotices")()
	for _, r := range ended {
		if i := m.recipient(edition, r.OpenID); i >= 0 && m.recipients[edition][i].State == push.InFlight {
			m.recipients[edition][i] = r
		}
	}
	return nil
}

// Tally implements push.Recipients.
func (m *Memory) Tally(_ context.Context, edition string) (t push.Tally, _ error) {
	defer m.enter("Tally")()
	counts := map[push.DeliveryState]*int{
		push.Intended: &t.Intended, push.InFlight: &t.InFlight, push.Done: &t.Done, push.DeliveryFailed: &t.Failed,
		push.DeliveryUnknown: &t.Unknown,
	}
	for _, r := range m.recipients[edition] {
		*counts[r.State]++
	}
	return t, nil
}
