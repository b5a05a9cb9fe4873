package build

import "bytes"

// maxTail is how much of a script's output is kept: an error stands at the end,
// and a compiler writes megabytes before it. Twice this is held at most.
const maxTail = 32 << 10

// tail is a writer that keeps the end of what is written.
type tail struct{ buf []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p[max(0, len(p)-maxTail):]...)
	if len(t.buf) > 2*maxTail {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-maxTail:]...)
	}
	return len(p), nil
}

// text is what was kept, from the beginning of a line on.
func (t *tail) text() string {
	text := t.buf
	if len(text) > maxTail {
		text = text[len(text)-maxTail:]
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			text = text[i+1:]
		}
		return "...\n" + string(text)
	}
	return string(text)
}
