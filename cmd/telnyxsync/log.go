package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"

	"github.com/lmittmann/tint"
)

// daemonLog is the daemon's logger: for a person on a terminal, for systemd's journal where that
// is the reader, plain text or JSON otherwise.
func (a *app) daemonLog(level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, err
	}
	switch {
	case format == "json":
		return slog.New(slog.NewJSONHandler(a.err, &slog.HandlerOptions{Level: l})), nil
	case format == "auto" && isJournal(a.err):
		return slog.New(newJournal(a.err, l)), nil
	}
	return slog.New(tint.NewTextHandler(a.err, &tint.Options{Level: l, NoColor: !color(a.err), TimeFormat: "2006-01-02 15:04:05"})), nil
}

// isJournal tells whether a stream is the one that systemd connected to the journal:
// $JOURNAL_STREAM holds its device and inode.
func isJournal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && os.Getenv("JOURNAL_STREAM") == fmt.Sprintf("%d:%d", st.Dev, st.Ino)
}

// journal writes lines with the priority prefixes that the journal reads (sd-daemon(3)), and without
// what it adds itself: time, level and colour.
type journal map[slog.Level]slog.Handler

func newJournal(w io.Writer, level slog.Level) journal {
	j := journal{}
	for l, priority := range map[slog.Level]string{slog.LevelDebug: "<7>", slog.LevelInfo: "<6>", slog.LevelWarn: "<4>", slog.LevelError: "<3>"} {
		j[l] = tint.NewTextHandler(prefixed{w, priority}, &tint.Options{Level: level, NoColor: true, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
				return slog.Attr{}
			}
			return a
		}})
	}
	return j
}

func (j journal) at(l slog.Level) slog.Handler {
	switch {
	case l >= slog.LevelError:
		return j[slog.LevelError]
	case l >= slog.LevelWarn:
		return j[slog.LevelWarn]
	case l >= slog.LevelInfo:
		return j[slog.LevelInfo]
	}
	return j[slog.LevelDebug]
}

// Enabled implements slog.Handler.
func (j journal) Enabled(ctx context.Context, l slog.Level) bool { return j.at(l).Enabled(ctx, l) }

// Handle implements slog.Handler.
func (j journal) Handle(ctx context.Context, r slog.Record) error {
	return j.at(r.Level).Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (j journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return j.each(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (j journal) WithGroup(name string) slog.Handler {
	return j.each(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (j journal) each(f func(slog.Handler) slog.Handler) slog.Handler {
	out := journal{}
	for l, h := range j {
		out[l] = f(h)
	}
	return out
}

// prefixed puts a prefix before every line; a record comes in one Write.
type prefixed struct {
	w      io.Writer
	prefix string
}

func (p prefixed) Write(b []byte) (int, error) {
	text := p.prefix + strings.ReplaceAll(strings.TrimSuffix(string(b), "\n"), "\n", "\n"+p.prefix) + "\n"
	if _, err := io.WriteString(p.w, text); err != nil {
		return 0, err
	}
	return len(b), nil
}
