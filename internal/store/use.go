package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"godwit/internal/fsys"
)

// lockName is the file whose lock keeps installs and [Store.Prune] apart.
const lockName = "lock"

// Use says that what is in the store is relied on until the lock ends: nothing
// is removed meanwhile. Any number may use a store; waiting is called if it is
// being pruned. The lock is nil for a store that cannot be written to, from
// which nobody can remove anything either.
func (s *Store) Use(ctx context.Context, waiting func()) (*fsys.Lock, error) {
	if _, err := os.Lstat(filepath.Join(s.dir, lockName)); s.frozen && err != nil {
		return nil, nil // to lock it would be to write there
	}
	lock, err := s.lock(ctx, fsys.Shared, waiting)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(s.dir, 0o755); err == nil {
			lock, err = s.lock(ctx, fsys.Shared, waiting)
		}
	}
	if fsys.ReadOnly(err) {
		return nil, nil
	}
	return lock, s.explain(err)
}

func (s *Store) lock(ctx context.Context, mode fsys.LockMode, waiting func()) (*fsys.Lock, error) {
	path := filepath.Join(s.dir, lockName)
	lock, err := fsys.TryLock(path, mode)
	if errors.Is(err, fsys.ErrLocked) {
		waiting()
		lock, err = fsys.AcquireLock(ctx, path, mode)
	}
	return lock, err
}
