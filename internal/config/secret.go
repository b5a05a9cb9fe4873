package config

import (
	"fmt"
	"io"
	"net/url"
)

// Secret is text that must not reach a log, an error or a listing. Whatever
// formats it shows "***"; [Secret.Reveal] is the one way to the text. The
// zero value hides nothing.
type Secret struct {
	// A pointer, because fmt prints unexported fields of a struct around a
	// Secret without asking its methods.
	text *string
}

// NewSecret hides s.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{&s}
}

const hidden = "***"

// Reveal is the text itself, for the header or the handshake it is meant for.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is nothing to hide.
func (s Secret) Empty() bool { return s.text == nil }

// String hides the text.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return hidden
}

// GoString hides the text from %#v.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// Format hides the text from every verb, %x and %d included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText hides the text from JSON, also as a key, and from other encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON hides the text.
func (s Secret) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", s.String()), nil }

// hideUserinfo is a URL without the user and password it may carry.
func hideUserinfo(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return hidden
	}
	if u.User != nil {
		u.User = nil
		host := u.Host
		u.Host = ""
		return u.Scheme + "://" + hidden + "@" + host + u.RequestURI()
	}
	return s
}
