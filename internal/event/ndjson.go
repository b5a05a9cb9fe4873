package event

import (
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"sync"
	"unicode"
)

// NDJSON writes every event as one line of JSON: the fields of its type and
// "event", the type's name; both start with a lower-case letter.
type NDJSON struct {
	mu sync.Mutex
	w  io.Writer
}

// NewNDJSON returns a sink that writes to w.
func NewNDJSON(w io.Writer) *NDJSON { return &NDJSON{w: w} }

// Emit writes e. A reader that went away is no reason to stop an install.
func (n *NDJSON) Emit(e Event) {
	line, err := json.Marshal(object(reflect.ValueOf(e), true))
	if err != nil {
		panic("event: " + err.Error()) // the types of this package always encode
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.w.Write(append(line, '\n'))
}

// object turns a struct into a map with lower-case keys, so that the events
// need no tags that repeat their field names.
func object(v reflect.Value, named bool) map[string]any {
	out := map[string]any{}
	t := v.Type()
	if named {
		out["event"] = lower(t.Name())
	}
	for i := range t.NumField() {
		f := v.Field(i)
		if f.Kind() == reflect.Struct {
			out[lower(t.Field(i).Name)] = object(f, false)
		} else {
			out[lower(t.Field(i).Name)] = f.Interface()
		}
	}
	return out
}

func lower(s string) string {
	return strings.ToLower(s[:1]) + strings.TrimLeftFunc(s[1:], func(r rune) bool { return !unicode.IsLetter(r) })
}
