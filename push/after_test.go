package push_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"wefeed/push"
	"wefeed/push/pushtest"
)

// TestAftermath: what the portal changes after an edition left mends an untouched draft, and is told otherwise, once.
func TestAftermath(t *testing.T) {
	for name, test := range map[string]struct {
		channel push.Channel
		change  func(w *world, media string)
		told    string
		updates int
	}{
		"a draft is corrected": {draftsChannel("c"), func(w *world, _ string) { w.correct("x/2", "更正") }, "", 1},
		"an editor changed the draft": {draftsChannel("c"), func(w *world, media string) {
			w.ok(w.account.Edit(media, 1, push.Piece{Title: "编辑的标题"}))
			w.correct("x/2", "更正")
		}, "编辑改过草稿", 0},
		"an editor sent the draft":       {draftsChannel("c"), func(w *world, _ string) { w.account.Clear(0); w.correct("x/2", "更正") }, "不在草稿箱", 0},
		"followers have what is changed": {massChannel("c"), func(w *world, _ string) { w.correct("x/2", "更正") }, "无法修改", 0},
		"nothing is changed":             {massChannel("c"), func(*world, string) {}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.channel)
			var log bytes.Buffer
			w.dispatcher.Logger = slog.New(slog.NewTextHandler(&log, nil))
			w.collect("x/1", "x/2")
			e := w.carry(w.slot("c"))
			_, ds := w.read(e)
			log.Reset()
			test.change(w, ds[0].MediaID)
			for range 2 {
				w.ok(w.dispatcher.Aftermath(w.ctx, e.ID))
			}
			if n := w.account.Calls(pushtest.CallUpdate); n != test.updates {
				t.Errorf("%d updates, want %d", n, test.updates)
			}
			text, err := w.account.Text(ds[0].MediaID)
			if err != nil || test.updates > 0 && (text[1].Title != "更正" || text[0].Title != "x/1") {
				t.Errorf("the draft holds %+v, %v", text, err)
			}
			want := 0
			if test.told != "" {
				want = 1
			}
			if got := strings.Count(log.String(), "level=WARN"); got != want || !strings.Contains(log.String(), test.told) {
				t.Errorf("told %d times, want %d of %q:\n%s", got, want, test.told, log.String())
			}
		})
	}
}
