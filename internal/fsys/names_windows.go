package fsys

func checkName(seg string) error { return checkWindowsName(seg) }
