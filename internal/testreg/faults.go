package testreg

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A fault spoils the answers to the requests its pattern selects.
type fault struct {
	pattern pattern
	skip    int // requests to leave alone first
	count   int // requests to spoil after that; -1 for all
	effects []effect
}

// An effect changes an answer before it is sent.
type effect func(*exchange)

// take reports whether this request is one of those the fault is for, and
// counts it.
func (f *fault) take(x *exchange) bool {
	if f.count == 0 || !f.pattern.matches(x.route, x.path) {
		return false
	}
	if f.skip > 0 {
		f.skip--
		return false
	}
	if f.count > 0 {
		f.count--
	}
	return true
}

// parseFaults reads lines "PATTERN [skipN] [xN] EFFECT…".
func parseFaults(file, text string) ([]*fault, error) {
	var faults []*fault
	err := eachLine(file, text, func(words []string) error {
		f := &fault{pattern: pattern(words[0]), count: -1}
		for _, w := range words[1:] {
			if err := f.word(w); err != nil {
				return fmt.Errorf("%s: %w", w, err)
			}
		}
		if len(f.effects) == 0 {
			return errors.New("a fault has a pattern and at least one effect")
		}
		faults = append(faults, f)
		return nil
	})
	return faults, err
}

// word reads one word behind the pattern.
func (f *fault) word(w string) error {
	if n, err := strconv.Atoi(strings.TrimPrefix(w, "x")); err == nil && w[0] == 'x' {
		f.count = n
		return nil
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(w, "skip")); err == nil && w[0] == 's' {
		f.skip = n
		return nil
	}
	if _, err := strconv.Atoi(w); err == nil && len(w) == 3 {
		w = "status=" + w
	}
	name, arg, _ := strings.Cut(w, "=")
	build := effects[name]
	if build == nil {
		return errors.New("no such effect; see the package comment")
	}
	e, err := build(arg)
	if err != nil {
		return err
	}
	f.effects = append(f.effects, e)
	return nil
}

// effects lists what a fault can do. Each is made from what follows the "=".
var effects = map[string]func(arg string) (effect, error){
	"status":          statusEffect,
	"retry-after":     func(arg string) (effect, error) { return setHeader("Retry-After", arg), nil },
	"header":          headerEffect,
	"latency":         latencyEffect,
	"hold":            func(string) (effect, error) { return func(x *exchange) { x.hold = true }, nil },
	"body":            func(arg string) (effect, error) { return replaceBody([]byte(arg)), nil },
	"malformed":       malformedEffect,
	"wrong-integrity": func(string) (effect, error) { return wrongIntegrity, nil },
	"redirect":        func(arg string) (effect, error) { return redirectEffect(arg), nil },
	"corrupt":         corruptEffect,
	"truncate":        count(func(x *exchange, n int) { x.stop = n }),
	"hang":            count(func(x *exchange, n int) { x.stop, x.hang = n, true }),
	"reset":           count(func(x *exchange, n int) { x.stop, x.reset = n, true }),
	"length":          lengthEffect,
	"chunked":         func(string) (effect, error) { return func(x *exchange) { x.chunked = true }, nil },
}

func statusEffect(arg string) (effect, error) {
	status, err := strconv.Atoi(arg)
	if err != nil || status < 200 || status > 599 {
		return nil, errors.New("a status is a number from 200 to 599")
	}
	return func(x *exchange) { x.refuse(status, http.StatusText(status)) }, nil
}

func setHeader(key, value string) effect {
	return func(x *exchange) { x.header.Set(key, value) }
}

func headerEffect(arg string) (effect, error) {
	key, value, ok := strings.Cut(arg, ":")
	if !ok {
		return nil, errors.New("write header=KEY:VALUE")
	}
	return setHeader(key, strings.TrimSpace(value)), nil
}

func latencyEffect(arg string) (effect, error) {
	d, err := time.ParseDuration(arg)
	return func(x *exchange) { x.latency += d }, err
}

// count makes an effect that has a number of body bytes; none means 0, which
// for hang and reset is before the headers too.
func count(f func(x *exchange, n int)) func(string) (effect, error) {
	return func(arg string) (effect, error) {
		n := int64(0)
		var err error
		if arg != "" {
			n, err = parseSize(arg)
		}
		return func(x *exchange) { f(x, int(n)) }, err
	}
}

// malformedEffect makes a body that is not what its type says.
func malformedEffect(arg string) (effect, error) {
	switch arg {
	case "html":
		return func(x *exchange) {
			x.header.Set("Content-Type", "text/html; charset=utf-8")
			x.body = []byte("<!DOCTYPE html>\n<title>Sign in</title><p>Please sign in to the guest network.\n")
		}, nil
	case "truncated": // a whole answer, of half a document
		return func(x *exchange) { x.body = x.body[:len(x.body)/2] }, nil
	case "text":
		return replaceBody([]byte("upstream connect error\n")), nil
	case "empty":
		return replaceBody(nil), nil
	case "array":
		return replaceBody([]byte("[]")), nil
	case "null":
		return replaceBody([]byte("null")), nil
	}
	return nil, errors.New("there are html, truncated, text, empty, array and null")
}

func replaceBody(body []byte) effect {
	return func(x *exchange) { x.body = body }
}

// wrongIntegrity makes a packument or a manifest claim the hashes of other
// bytes, for every version in it.
func wrongIntegrity(x *exchange) {
	sums := hashesOf([]byte("other bytes"))
	x.body = integrityField.ReplaceAll(x.body, []byte(`"integrity":"`+sums.integrity+`"`))
	x.body = shasumField.ReplaceAll(x.body, []byte(`"shasum":"`+sums.shasum+`"`))
}

// redirectEffect sends the client to target, in which {registry} and {other}
// stand for the two hosts; without one, to the same path on the other host.
func redirectEffect(target string) effect {
	return func(x *exchange) {
		if target == "" {
			target = "{other}" + x.escapedPath
		}
		x.refuse(http.StatusFound, "moved")
		x.header.Set("Location", x.hosts.expand(target))
	}
}

// corruptEffect changes one byte: the one in the middle, or the one asked for.
func corruptEffect(arg string) (effect, error) {
	at := int64(-1)
	var err error
	if arg != "" {
		at, err = parseSize(arg)
	}
	return func(x *exchange) {
		if len(x.body) == 0 {
			return
		}
		i := len(x.body) / 2
		if at >= 0 {
			i = min(int(at), len(x.body)-1)
		}
		x.body = append([]byte(nil), x.body...)
		x.body[i] ^= 0xff
	}, err
}

// lengthEffect makes the header claim a length: "+10" and "-10" are relative.
func lengthEffect(arg string) (effect, error) {
	n, err := strconv.Atoi(arg)
	if err != nil {
		return nil, errors.New("write length=N, length=+N or length=-N")
	}
	relative := arg[0] == '+' || arg[0] == '-'
	return func(x *exchange) {
		x.claim = func(real int) int {
			if relative {
				return max(real+n, 0)
			}
			return n
		}
	}, nil
}
