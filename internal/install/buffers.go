package install

import (
	"math/bits"
	"sync"
)

// buffers is the memory of tarballs that were extracted, for those that come
// next. Without it a cold install takes as much of the system as all tarballs
// are long, a page fault for every 4 KiB.
type buffers struct {
	mu   sync.Mutex
	free [bufferSizes][][]byte // free[i] have 1<<(i+smallestBuffer) bytes
	idle int                   // bytes in free
}

const (
	smallestBuffer = 15 // 32 KiB: six of seven tarballs are smaller
	// Up to 1 MiB: one of two hundred tarballs is larger, and half of all bytes
	// are in those. The collector gets their memory back when it is short.
	bufferSizes = 6
	// Of eight tarballs that are extracted while others arrive, and too little to
	// be short of.
	maxIdle = 8 << 20
)

// take is room for size bytes and one more, with which a reader sees the end.
func (b *buffers) take(size int64) []byte {
	i := max(bits.Len64(uint64(max(size, 0)))-smallestBuffer, 0)
	if i >= bufferSizes {
		return make([]byte, 0, size+1)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.free[i]
	if len(list) == 0 {
		return make([]byte, 0, 1<<(i+smallestBuffer))
	}
	last := len(list) - 1
	b.free[i] = list[:last]
	b.idle -= cap(list[last])
	return list[last]
}

// give takes data, which nobody uses any more.
func (b *buffers) give(data []byte) {
	i := bits.Len(uint(cap(data))) - 1 - smallestBuffer
	if i < 0 || i >= bufferSizes {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.idle+cap(data) <= maxIdle {
		b.free[i] = append(b.free[i], data[:0])
		b.idle += cap(data)
	}
}
