package config

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestSecretsNeverPrint tries every way in which a configuration may end in a log, a page or an error.
func TestSecretsNeverPrint(t *testing.T) {
	const secret = "geheim-4711"
	c := mustParse(t, minimal+`accounts:
  - {id: a, appid: wx, secret: `+secret+`, token: `+secret+`, kind: service}
store: postgres://user:`+secret+`@db/wefeed?sslpassword=`+secret+`
`)
	s := c.Accounts[0].Secret
	inside := struct {
		s    Secret
		list []Secret
		m    map[string]Secret
		p    *Secret
		d    DSN
	}{s, []Secret{s}, map[string]Secret{"k": s}, &s, c.Store}

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t", "%08.3f", "%U"} {
		for _, v := range []any{s, &s, c.Store, &c.Store, c.Accounts[0], c.Accounts, c, *c, inside, &inside, fmt.Errorf("e: %w %v", errTest, s)} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	fmt.Fprintln(&out, s, c.Store, c, inside)
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "s", s, "p", &s, "account", c.Accounts[0], "c", c, "store", c.Store, "inside", inside)
	}
	for _, v := range []any{s, c.Store, c.Accounts, []Secret{s}, map[string]any{"k": s}} {
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		y, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(j)
		out.Write(y)
	}
	x, err := xml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(x)

	for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret)} {
		if i := strings.Index(out.String(), form); i >= 0 {
			t.Errorf("a secret shows: …%s", out.String()[max(0, i-200):i+len(form)])
		}
	}
	if !strings.Contains(out.String(), hidden) {
		t.Error("nothing says that there is a secret")
	}
	if s.Reveal() != secret || !s.Equal(NewSecret(secret)) || s.Equal(Secret{}) || s.Empty() || !(Secret{}).Empty() {
		t.Error("a secret must still be of use")
	}
}

var errTest = fmt.Errorf("test")

func TestDSNShowsNoPassword(t *testing.T) {
	for raw, want := range map[string]string{
		"sqlite:/var/lib/wefeed.db":             "sqlite:/var/lib/wefeed.db",
		"postgres://u:p@db:5432/w":              "postgres://u:<secret>@db:5432/w",
		"postgres://u@db/w?password=p":          "postgres://u@db/w",
		"postgres://db/w":                       "postgres://db/w",
		"postgres://u:p%zz@db/w":                hidden,
		"host=db user=u password=p dbname=feed": hidden,
	} {
		if got := (DSN{NewSecret(raw)}).String(); got != want {
			t.Errorf("%s shows as %s, want %s", raw, got, want)
		}
	}
}

func TestMask(t *testing.T) {
	for line, want := range map[string]string{
		`    secret: abc`:                       `    secret: ***`,
		`    secret: abc, def # x`:              `    secret: ************`,
		`  - {id: a, secret: abc, kind: d}`:     `  - {id: a, secret: ***, kind: d}`,
		`  - {secret: "a,b}", token: 'c'}`:      `  - {secret: ******, token: ***}`,
		`    secret: ${X:-abc}`:                 `    secret: *********`,
		`    SECRET : abc`:                      `    SECRET : ***`,
		`    "token": "密钥`:                      `    "token": ***`,
		`    secret：abc`:                        `    secret：***`,
		`    secret_file: /run/key`:             `    secret_file: /run/key`,
		`store: postgres://u:p@db/w`:            `store: postgres://***@db/w`,
		`    key: url`:                          `    key: url`,
		`    - {list: "http://a.cn/?a@b", x: }`: `    - {list: "http://a.cn/?a@b", x: }`,
	} {
		if got := mask(line); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}
