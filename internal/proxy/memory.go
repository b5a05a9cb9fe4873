package proxy

import (
	"container/list"
	"sync"
)

// memory keeps values by key within a bound of bytes; those not used for the
// longest time go.
type memory struct {
	max int64

	mu    sync.Mutex
	bytes int64
	order *list.List // of *kept, the last used first
	byKey map[string]*list.Element
}

type kept struct {
	key   string
	value any
	size  int64
}

// entrySize is what an entry costs besides its value: key, list, map.
const entrySize = 256

func newMemory(max int64) *memory {
	return &memory{max: max, order: list.New(), byKey: map[string]*list.Element{}}
}

// lookup finds the value under key, nil if there is none.
func (m *memory) lookup(key string) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.byKey[key]
	if e == nil {
		return nil
	}
	m.order.MoveToFront(e)
	return e.Value.(*kept).value
}

// keep puts a value of so many bytes under key. One that would fill an eighth
// of the memory by itself is not kept: it would drive out hundreds of others.
func (m *memory) keep(key string, value any, size int64) {
	size += entrySize + int64(len(key))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(key)
	if size > m.max/8 {
		return
	}
	m.byKey[key] = m.order.PushFront(&kept{key, value, size})
	m.bytes += size
	for m.bytes > m.max {
		m.drop(m.order.Back().Value.(*kept).key)
	}
}

// forget drops the value under key.
func (m *memory) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(key)
}

func (m *memory) drop(key string) {
	if e := m.byKey[key]; e != nil {
		m.bytes -= e.Value.(*kept).size
		delete(m.byKey, key)
		m.order.Remove(e)
	}
}

// size is the bytes kept.
func (m *memory) size() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bytes
}
