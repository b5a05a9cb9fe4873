package config

import (
	"math"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// assign parses r as a value of s and stores it in s's field of to. The error
// is a *ValueError.
func (s *Setting) assign(to *Settings, r raw, home string) error {
	text := ""
	if len(r.texts) > 0 {
		text = r.texts[len(r.texts)-1]
	}
	target := s.bind(to)
	// npm's word for "as if it were not set". (Of a boolean npm makes false,
	// so that strict-ssl=null turns checks off; not here.)
	if text == "null" && !r.list {
		text, r.texts = s.Default, nil
		if text == "" {
			clearValue(target)
			return nil
		}
	}
	want := ""
	switch v := target.(type) {
	case *bool:
		b, ok := parseBool(text, r.src.Level)
		*v, want = b, wanted(ok, "true or false")
	case *Tri:
		b, ok := parseBool(text, r.src.Level)
		*v, want = No, wanted(ok, "true or false")
		if b {
			*v = Yes
		}
	case *string:
		*v, want = s.parseText(text, r.base, home)
	case *int:
		n, ok := parseCount(text, math.MaxInt32)
		*v, want = int(n), wanted(ok, "a whole number")
	case *time.Duration:
		*v, want = s.parseDuration(text)
	case *time.Time:
		t, ok := parseDate(text)
		*v, want = t, wanted(ok, "a date such as 2006-01-02")
	case *Secret:
		*v = NewSecret(text)
		if s.Kind == Proxy && text != "" {
			want = wanted(validProxy(text) || text == "false", "a URL such as http://proxy.example:3128")
			if text == "false" || want != "" {
				*v = Secret{}
			}
		}
	case *[]string:
		*v, want = s.parseList(r)
	default:
		panic("config: no parser for the field of " + s.Key)
	}
	if want == "" {
		return nil
	}
	if s.Kind == Hidden || s.Kind == Proxy {
		text = ""
	}
	return &ValueError{Key: s.Key, Text: text, Want: want, Source: r.src}
}

func wanted(ok bool, want string) string {
	if ok {
		return ""
	}
	return want
}

func clearValue(target any) {
	switch v := target.(type) {
	case *bool:
		*v = false
	case *Tri:
		*v = Unset
	case *string:
		*v = ""
	case *int:
		*v = 0
	case *time.Duration:
		*v = 0
	case *time.Time:
		*v = time.Time{}
	case *Secret:
		*v = Secret{}
	case *[]string:
		*v = nil
	}
}

// parseBool reads a boolean. In files and the environment npm takes any other
// text for true (nopt, validateBoolean), and ignore-scripts=yes must not mean
// false; on a command line such a text is a slip.
func parseBool(text string, level Level) (value, ok bool) {
	switch text {
	case "true", "1", "":
		return true, true
	case "false", "0":
		return false, true
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n != 0, true
	}
	return true, level > FromFlag
}

// parseText is a value of the kinds that are strings.
func (s *Setting) parseText(text, base, home string) (value, want string) {
	switch s.Kind {
	case Enum:
		if !listed(s.Values, text) {
			return "", "one of " + strings.Join(strings.Fields(s.Values), ", ")
		}
	case Path:
		if text == "" {
			return "", ""
		}
		return absolute(text, base, home), ""
	case URL:
		if !validURL(text) {
			return "", "a URL such as https://registry.example/"
		}
	}
	return text, ""
}

// absolute is a path from base, with "~/" for home.
func absolute(path, base, home string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && home != "" && (rest == "" || rest[0] == '/' || rest[0] == filepath.Separator) {
		return filepath.Join(home, rest)
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(base, path)
}

// validURL asks for a scheme we can speak and a host.
func validURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// validProxy is validURL for proxies: as in the environment a scheme may be missing,
// and SOCKS 5 is one.
func validProxy(text string) bool {
	scheme, rest, found := strings.Cut(text, "://")
	switch {
	case !found:
		return validURL("http://" + text)
	case scheme == "socks5" || scheme == "socks5h":
		return validURL("http://" + rest)
	}
	return validURL(text)
}

// parseCount is a number from 0 to limit without a fraction, as JavaScript
// writes it.
func parseCount(text string, limit float64) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n > limit || n != math.Trunc(n) {
		return 0, false
	}
	return n, true
}

// maxTime is the longest duration that is accepted: a hundred years, which a
// time.Duration holds.
const maxTime = 100 * 365 * 24 * time.Hour

func (s *Setting) parseDuration(text string) (value time.Duration, want string) {
	unit, want := time.Millisecond, "a number of milliseconds"
	switch s.Kind {
	case Minutes:
		unit, want = time.Minute, "a number of minutes"
	case Days:
		unit, want = 24*time.Hour, "a number of days"
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n <= float64(maxTime/unit)) {
		return 0, want
	}
	return time.Duration(n * float64(unit)), ""
}

// parseDate reads the dates people write; npm takes whatever Date.parse does.
func parseDate(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01", "2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseList takes the items of a list apart: npm writes several in one
// variable with an empty line between them, pnpm as JSON, people with commas.
func (s *Setting) parseList(r raw) (items []string, want string) {
	for _, text := range r.texts {
		if r.src.Level == FromEnv && strings.HasPrefix(text, "[") {
			if list, ok := jsonList(text); ok {
				items = append(items, list...)
				continue
			}
		}
		for part := range strings.SplitSeq(text, "\n\n") {
			switch s.Kind {
			case Names:
				items = append(items, strings.FieldsFunc(part, func(c rune) bool { return c == ',' || c == ' ' || c == '\n' })...)
			case Versions:
				for item := range strings.FieldsFuncSeq(part, func(c rune) bool { return c == ',' || c == '\n' }) {
					items = append(items, strings.TrimSpace(item))
				}
			default:
				items = append(items, part)
			}
		}
	}
	kept := items[:0]
	for _, item := range items {
		if item == "" {
			continue
		}
		if s.Values != "" && !listed(s.Values, item) {
			return nil, "some of " + strings.Join(strings.Fields(s.Values), ", ")
		}
		kept = append(kept, item)
	}
	return kept, ""
}
