// Package turns lets only so many at a time do what takes much memory, or keeps a
// processor busy.
package turns

import "context"

// Turns is how many may go on at one time.
type Turns chan struct{}

// New makes n turns.
func New(n int) Turns { return make(Turns, n) }

// Take waits for a turn until ctx ends, and returns why it did. done gives the turn
// back, is never nil, and is called once.
func (t Turns) Take(ctx context.Context) (done func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return func() {}, context.Cause(ctx)
	}
}
