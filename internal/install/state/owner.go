package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
)

const ownerName = "project"

// Owner is the project that a directory outside of it belongs to, as Own noted it; ""
// if nobody did.
func Owner(dir string) (string, error) {
	owner, err := fsys.ReadFile(filepath.Join(dir, dirName, ownerName), maxFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look whose %s is: %w", dir, err)
	}
	return strings.TrimSuffix(string(owner), "\n"), nil
}

// Own notes that a directory belongs to the project at root, which is absolute.
func Own(dir, root string) error {
	err := os.MkdirAll(filepath.Join(dir, dirName), 0o755)
	if err == nil {
		err = fsys.WriteFile(filepath.Join(dir, dirName, ownerName), []byte(root+"\n"), fsys.WriteOptions{})
	}
	if err != nil {
		return fmt.Errorf("note whose %s is: %w", dir, err)
	}
	return nil
}

// Records reports whether name is that of the directory in which this package keeps
// what it knows.
func Records(name string) bool { return name == dirName }
