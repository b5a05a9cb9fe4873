package host

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// MountFresh makes a new file system of the given kind and mounts it at dir,
// an empty folder. It is kept in the sparse file image, which must not exist
// (tmpfs needs none). size is in bytes. It needs root and loop devices.
func MountFresh(kind, image, dir string, size int64) error {
	if kind == "tmpfs" {
		return command("mount", "-t", "tmpfs", "-o", "size="+strconv.FormatInt(size, 10), "tmpfs", dir)
	}
	f, err := os.OpenFile(image, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = f.Truncate(size)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	options := "loop"
	mkfs := []string{"mkfs." + kind, "-q", image}
	switch kind {
	case "ext4":
		// Without noinit_itable a kernel thread writes inode tables for minutes.
		options = "loop,noinit_itable"
	case "xfs", "btrfs":
	default:
		return fmt.Errorf("no file system %q: use one of %s", kind, strings.Join(FileSystems, ", "))
	}
	if err := command(mkfs[0], mkfs[1:]...); err != nil {
		return err
	}
	return command("mount", "-t", kind, "-o", options, image, dir)
}

// shutdownFS and shutdownNoFlush are FS_IOC_SHUTDOWN and its flag NOLOGFLUSH,
// which ext4, f2fs and xfs share (xfs_fs.h: XFS_IOC_GOINGDOWN).
const (
	shutdownFS      = 0x8004587d
	shutdownNoFlush = 2
)

// Drop unmounts what MountFresh mounted at dir and removes its image. What was
// not yet written is thrown away where the file system can do that: writing
// out hundreds of megabytes would disturb the next measurement.
func Drop(image, dir string) error {
	if d, err := os.Open(dir); err == nil {
		// Not all file systems know this; those write everything out.
		_ = unix.IoctlSetPointerInt(int(d.Fd()), shutdownFS, shutdownNoFlush)
		d.Close()
	}
	if err := command("umount", dir); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil {
		return err
	}
	if err := os.Remove(image); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// command runs a program; its error holds what the program said.
func command(name string, args ...string) error {
	var said bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(said.String()))
	}
	return nil
}
