package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"godwit/internal/cli/ui"
	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/tarballs"
)

// carriedFile is the file that they are about, absolute.
func (c *call) carriedFile(args []string) (string, error) {
	switch len(args) {
	case 0:
		return c.fromHere("godwit-cache.tar"), nil
	case 1:
		return c.fromHere(args[0]), nil
	}
	return "", &usageError{"the tarballs go into one file", "for example: godwit cache pack godwit-cache.tar"}
}

// cachePack makes the file, of one that may be there already and of registries.
func (c *call) cachePack(ctx context.Context, args []string) error {
	path, err := c.carriedFile(args)
	if err != nil {
		return err
	}
	var old *tarballs.File
	if old, err = openCarried(path); err != nil {
		return err
	}
	if old != nil {
		defer old.Close()
	}
	w, err := tarballs.Create(path)
	if err != nil {
		return err
	}
	defer w.Abort()
	err = c.fetch(ctx, func(req *install.Request) {
		req.Carry.To = w.Add
		if old != nil {
			req.Carry.From = old
		}
	})
	if err != nil {
		return err
	}
	if old != nil {
		old.Close() // Windows replaces no file that is open
	}
	n, size, err := w.Finish()
	if err == nil {
		fmt.Fprintf(c.Stderr, "%s in %s, %.1f MB\n", ui.Count(n, "tarball"), path, float64(size)/1e6)
	}
	return err
}

// openCarried opens the file, or returns nil where there is none.
func openCarried(path string) (*tarballs.File, error) {
	f, err := tarballs.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return f, err
}

// cacheUnpack brings what is in the file into the store.
func (c *call) cacheUnpack(ctx context.Context, args []string) error {
	path, err := c.carriedFile(args)
	if err != nil {
		return err
	}
	f, err := openCarried(path)
	if err != nil {
		return err
	}
	if f == nil {
		fmt.Fprintf(c.Stderr, "There is no %s; an install downloads what it needs\n", path)
		return nil
	}
	defer f.Close()
	return c.fetch(ctx, func(req *install.Request) {
		req.Verify = nil // it would ask registries; the install does
		req.Carry.From, req.Carry.Only = f, true
	})
}

// cacheKey prints a name for the file: what stands before the last hyphen is the
// same for all lockfiles of one kind of machine, so that a job finds an older one.
func (c *call) cacheKey(ctx context.Context) error {
	var key string
	err := c.fetch(ctx, func(req *install.Request) {
		req.Verify = nil
		req.Carry.Names = func(ids []string) {
			slices.Sort(ids)
			h := sha256.New()
			for _, id := range ids {
				fmt.Fprintln(h, id)
			}
			here := npm.PlatformOf(c.OS, c.Arch, "")
			key = fmt.Sprintf("godwit-1-%s-%s-%x", here.OS, here.CPU, h.Sum(nil)[:16])
		}
	})
	if err == nil {
		_, err = fmt.Fprintln(c.Stdout, key)
	}
	return err
}
