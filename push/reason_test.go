package push_test

import (
	"regexp"
	"slices"
	"testing"
	"unicode"

	"wefeed/push"
)

// Every reason says to an admin, in Chinese, what happened and what to do, and is a good metric label.
func TestReasonsExplainThemselves(t *testing.T) {
	label := regexp.MustCompile(`^[a-z][a-z0-9_]{1,30}$`)
	chinese := func(s string) bool {
		n := 0
		for _, r := range s {
			if unicode.Is(unicode.Han, r) {
				n++
			}
		}
		return n >= 4
	}
	reasons := push.Reasons()
	seen := map[string]push.Reason{}
	for _, r := range reasons {
		what, todo := r.Explain()
		if !label.MatchString(string(r)) {
			t.Errorf("%q is no label", r)
		}
		if !chinese(what) || !chinese(todo) {
			t.Errorf("%s explains itself as %q, %q", r, what, todo)
		}
		if other, ok := seen[what]; ok {
			t.Errorf("%s and %s say the same", r, other)
		}
		seen[what] = r
	}
	for _, r := range []push.Reason{
		push.ReasonStopped, push.ReasonDryRun, push.ReasonExpired, push.ReasonNothingNew, push.ReasonTooFew, push.ReasonNoQuota,
		push.ReasonTaken, push.ReasonUnsupported, push.ReasonNoAccount, push.ReasonNoChannel, push.ReasonTitle, push.ReasonWithdrawn,
		push.ReasonCorrected, push.ReasonNoAnswer, push.ReasonUnseen, push.ReasonOver24h, push.ReasonNoOutcome, push.ReasonNetwork,
		push.ReasonBusy, push.ReasonQuotaUsed, push.ReasonToken, push.ReasonSecret, push.ReasonIP, push.ReasonForbidden,
		push.ReasonContent, push.ReasonImage, push.ReasonOriginal, push.ReasonAdmin, push.ReasonAdminLate, push.ReasonNobody,
		push.ReasonPartly, push.ReasonSendFailed, push.ReasonInternal,
	} {
		if !slices.Contains(reasons, r) {
			t.Errorf("%s is not explained", r)
		}
	}
	if what, todo := push.Reason("none such").Explain(); what != "" || todo != "" {
		t.Errorf("an unknown reason is explained as %q, %q", what, todo)
	}
}

func TestReasonsAboutContent(t *testing.T) {
	var about []push.Reason
	for _, r := range push.Reasons() {
		if r.AboutContent() {
			about = append(about, r)
		}
	}
	slices.Sort(about)
	if want := []push.Reason{push.ReasonContent, push.ReasonImage, push.ReasonOriginal}; !slices.Equal(about, want) {
		t.Errorf("%v, want %v", about, want)
	}
}

func TestTransientReasonsPass(t *testing.T) {
	for r, want := range map[push.Reason]bool{
		push.ReasonNetwork: true, push.ReasonBusy: true, push.ReasonStopped: true, push.ReasonToken: true,
		push.ReasonSecret: false, push.ReasonIP: false, push.ReasonContent: false, push.ReasonOver24h: false, "none such": false,
	} {
		if r.Transient() != want {
			t.Errorf("%s: transient is %v", r, !want)
		}
	}
}
