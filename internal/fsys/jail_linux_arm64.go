package fsys

import "golang.org/x/sys/unix"

const (
	auditArch = unix.AUDIT_ARCH_AARCH64
	// foreignCalls is beyond all numbers: there is only one interface.
	foreignCalls = 0x40000000
)
