package main

import (
	"bytes"
	"log/slog"
	"testing"
)

func TestJournalLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := slog.New(newJournal(&b, slog.LevelInfo)).With("job", "x")
	log.Debug("not said")
	log.Info("a change", "address", "siprec_connectors/a b")
	log.Warn("two\nlines")
	log.WithGroup("g").Error("bad", "n", 1)
	want := "<6>a change job=x address=\"siprec_connectors/a b\"\n<4>two\n<4>lines job=x\n<3>bad job=x g.n=1\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
