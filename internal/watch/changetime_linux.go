package watch

import (
	"os"
	"syscall"
	"time"
)

// changeTime is when a file was last written, renamed or given other rights. Copying with `cp -p` or `rsync -t` sets the
// modification time back, but not this one.
func changeTime(info os.FileInfo) time.Time {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctim.Unix())
	}
	return info.ModTime()
}
