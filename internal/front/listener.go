package front

import (
	"net"
	"sync"
)

// Limit lets at most n connections of ln be open: those beyond wait in the
// kernel's queue.
func Limit(ln net.Listener, n int) net.Listener {
	return &limited{Listener: ln, slots: make(chan struct{}, n), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	slots  chan struct{}
	once   sync.Once
	closed chan struct{}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return &slotted{Conn: conn, free: sync.OnceFunc(func() { <-l.slots })}, nil
	}
	return &slottedTCP{tcp, sync.OnceFunc(func() { <-l.slots })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// slotted gives its slot back when it is closed.
type slotted struct {
	net.Conn
	free func()
}

func (c *slotted) Close() error {
	defer c.free()
	return c.Conn.Close()
}

// slottedTCP is slotted with all that TCP has: ReadFrom above all, by which
// files are sent.
type slottedTCP struct {
	*net.TCPConn
	free func()
}

func (c *slottedTCP) Close() error {
	defer c.free()
	return c.TCPConn.Close()
}
