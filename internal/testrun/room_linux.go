package testrun

import "syscall"

// roomy tells whether a directory is in memory and has room for the tests of all packages: in a container
// it can be as small as 64 MB.
func roomy(dir string) bool {
	const tmpfs, enough = 0x01021994, 1 << 30
	var s syscall.Statfs_t
	return syscall.Statfs(dir, &s) == nil && int64(s.Type) == tmpfs && s.Bavail >= uint64(enough/s.Bsize) //nolint:unconvert // on other machines it is an int32
}
