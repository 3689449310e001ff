package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

const hidden = "<secret>"

// A Secret never prints: every way of formatting, logging or encoding it gives <secret>. Only [Secret.Reveal] tells.
// The zero Secret is empty.
type Secret struct {
	// A pointer, so that even fmt's view of an unexported field shows an address and not the secret.
	value *string
}

// NewSecret hides s.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{&s}
}

// Reveal returns the secret itself. Do not print it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether there is nothing to hide.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// Equal reports whether both hide the same; go-cmp uses it.
func (s Secret) Equal(o Secret) bool { return s.Reveal() == o.Reveal() }

// String returns <secret>.
func (s Secret) String() string { return hidden }

// GoString returns <secret>.
func (s Secret) GoString() string { return hidden }

// Format writes <secret> for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue returns <secret>.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns <secret>.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON returns "<secret>".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalYAML returns <secret>.
func (s Secret) MarshalYAML() (any, error) { return hidden, nil }

// A DSN is a data source name; its password never prints, see [Secret].
type DSN struct{ Secret }

// String returns the name with <secret> in the password's place.
func (d DSN) String() string {
	raw := d.Reveal()
	if strings.HasPrefix(raw, "sqlite:") {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return hidden
	}
	// A query may carry a password too (?password=…), so none of it is shown.
	shown := u.Scheme + "://"
	if u.User != nil {
		shown += u.User.Username()
		if _, ok := u.User.Password(); ok {
			shown += ":" + hidden
		}
		shown += "@"
	}
	return shown + u.Host + u.Path
}
