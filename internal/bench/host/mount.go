package host

// FileSystems are the kinds MountFresh can make where it works at all.
var FileSystems = []string{"ext4", "xfs", "btrfs", "tmpfs"}
