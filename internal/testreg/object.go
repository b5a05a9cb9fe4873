package testreg

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// An object is a JSON object that keeps the order of its members, as the
// registry keeps the order of a published package.json.
type object []member

type member struct {
	key   string
	value any // what json.Marshal takes; json.RawMessage after parsing
}

// lookup returns the value under key, or nil.
func (o object) lookup(key string) any {
	for _, m := range o {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// set replaces the value under key, or appends it.
func (o *object) set(key string, value any) {
	for i := range *o {
		if (*o)[i].key == key {
			(*o)[i].value = value
			return
		}
	}
	*o = append(*o, member{key, value})
}

// prefer puts key first, with value unless the object has one already.
func (o *object) prefer(key string, value any) {
	for i, m := range *o {
		if m.key == key {
			copy((*o)[1:i+1], (*o)[:i])
			(*o)[0] = m
			return
		}
	}
	*o = append(object{{key, value}}, *o...)
}

// child returns the object under key, parsed; an empty one when there is none
// or it is something else.
func (o object) child(key string) object {
	switch v := o.lookup(key).(type) {
	case object:
		return v
	case json.RawMessage:
		var c object
		if json.Unmarshal(v, &c) == nil {
			return c
		}
	}
	return nil
}

// text returns the string under key, or "".
func (o object) text(key string) string {
	switch v := o.lookup(key).(type) {
	case string:
		return v
	case json.RawMessage:
		var s string
		if json.Unmarshal(v, &s) == nil {
			return s
		}
	}
	return ""
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := encode(m.key)
		if err != nil {
			return nil, err
		}
		value, err := encode(m.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.key, err)
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads the members; their values stay as they were written.
func (o *object) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	open, err := dec.Token()
	if err != nil {
		return err
	}
	if open != json.Delim('{') {
		return fmt.Errorf("a JSON object was expected, not %.20s", data)
	}
	*o = object{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		o.set(key.(string), value)
	}
	_, err = dec.Token()
	return err
}

// encode is json.Marshal that leaves <, > and & readable: ranges are full of them.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
