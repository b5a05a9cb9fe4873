package registry

import (
	"bytes"
	"testing"
)

func TestRoomOfLargeBodies(t *testing.T) {
	body := make([]byte, 2*trusted+4<<20)
	for name, c := range map[string]struct{ promised, most int64 }{
		"as promised":         {int64(len(body)), int64(len(body)) + 1},
		"nothing promised":    {-1, 4 * trusted},
		"far more than comes": {1 << 40, 4 * trusted},
		"less than comes":     {trusted, 4*trusted + 4},
	} {
		got, err := readAll(bytes.NewReader(body), nil, c.promised)
		if err != nil || len(got) != len(body) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if int64(cap(got)) > c.most+(1<<16) { // the allocator rounds up
			t.Errorf("%s: room for %d bytes, want %d", name, cap(got), c.most)
		}
	}
}
