package daemon

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notify tells systemd something, if systemd asked for it. Whether it arrives changes nothing here.
func (d *Daemon) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		d.Log.Warn("systemd could not be notified", "error", err)
	}
}

func ready(status string) string { return daemon.SdNotifyReady + "\nSTATUS=" + oneLine(status) }

func reloading() string {
	// Type=notify-reload wants to know when the reload began; older systemd ignores it.
	return daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec()
}

// watchdog feeds systemd's watchdog for as long as loop, watcher and scheduler are all alive. What
// Telnyx does has no part in it.
func (d *Daemon) watchdog(ctx context.Context) {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		d.Log.Warn("the watchdog's environment cannot be read", "error", err)
	}
	if limit <= 0 {
		return
	}
	t := time.NewTicker(limit / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if silent := d.beats.silent(limit); len(silent) > 0 {
				d.Log.Error("the watchdog is not fed", "silent", silent)
				continue
			}
			d.notify(daemon.SdNotifyWatchdog)
		}
	}
}

// oneLine fits a text into a line of the notify protocol.
func oneLine(s string) string {
	out := []rune(s)
	for i, r := range out {
		if r < ' ' {
			out[i] = ' '
		}
	}
	return string(out)
}
