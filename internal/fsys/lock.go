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
	return AwaitLock(ctx, func() (*Lock, error) { return TryLock(path, mode) })
}

// AwaitLock tries until it gets a lock, or an error other than [ErrLocked], or
// ctx ends.
func AwaitLock(ctx context.Context, try func() (*Lock, error)) (*Lock, error) {
	wait := lockPollFirst
	for {
		l, err := try()
		if !errors.Is(err, ErrLocked) {
			return l, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("%w: %w", err, context.Cause(ctx))
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
	return lockFile(f, mode)
}

// TryLockDir is TryLock for a directory itself, which must be there: nothing is
// written, and the lock is there whatever becomes of what is in it. The error
// wraps [errors.ErrUnsupported] where directories cannot be locked: on Windows,
// and on some network file systems.
func TryLockDir(dir string, mode LockMode) (*Lock, error) {
	if !locksDirs {
		return nil, fmt.Errorf("lock %s: %w", dir, errors.ErrUnsupported)
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	return lockFile(f, mode)
}

// lockFile locks f, or closes it.
func lockFile(f *os.File, mode LockMode) (*Lock, error) {
	if err := tryLock(f, mode); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return &Lock{f}, nil
}

// Unlock gives the lock back.
func (l *Lock) Unlock() error { return l.f.Close() }
