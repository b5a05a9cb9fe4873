package fsys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// LockMode says who else may hold a lock.
type LockMode uint8

const (
	Exclusive LockMode = iota // nobody
	Shared                    // others that asked for Shared
)

// Lock is a held lock. It ends with [Lock.Unlock] or with the process, however
// that ends.
type Lock struct{ f *os.File }

// Lock polls, since a blocking flock(2) cannot be cancelled: a quick hand-over
// costs 2 ms at most, a long wait 10 calls per second.
const (
	lockPollFirst = 2 * time.Millisecond
	lockPollMax   = 100 * time.Millisecond
)

// AcquireLock waits for the lock of the file at path until ctx ends. The file
// is made if missing and stays. Locks are between open files: a second call in
// one process waits as another process does.
func AcquireLock(ctx context.Context, path string, mode LockMode) (*Lock, error) {
	wait := lockPollFirst
	for {
		l, err := TryLock(path, mode)
		if !errors.Is(err, ErrLocked) {
			return l, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("lock %s: %w", path, context.Cause(ctx))
		case <-timer.C:
		}
		wait = min(2*wait, lockPollMax)
	}
}

// TryLock takes the lock of the file at path, or returns an error that wraps
// [ErrLocked] at once.
func TryLock(path string, mode LockMode) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil && mode == Shared && ReadOnly(err) {
		f, err = os.Open(path) // readers of a read-only store can still be seen by a writer
	}
	if err != nil {
		return nil, err
	}
	if err := tryLock(f, mode); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Lock{f}, nil
}

// Unlock gives the lock back.
func (l *Lock) Unlock() error { return l.f.Close() }
