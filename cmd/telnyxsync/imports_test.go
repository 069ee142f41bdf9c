package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// may lists which of our packages each package may import: imports point one way. A package that
// is not listed imports nothing of ours; only the command and tests may import anything.
var may = map[string][]string{
	"kinds":     {"resource", "client"},
	"plan":      {"resource"},
	"numbers":   {"resource", "plan"},
	"spec":      {"resource"},
	"diff":      {"resource", "plan", "numbers", "render"}, // render for the words of reasons, as long as changes hold texts
	"retention": {"resource", "plan"},
	"render":    {"resource", "plan"},
	"state":     {"resource"},
	"secret":    {"resource"},
	"export":    {"resource"},
	"apply":     {"resource", "plan", "numbers", "retention", "client", "diff", "state"},
	"daemon":    {"resource", "plan", "numbers", "spec", "diff", "render", "apply", "state", "watch"},

	"resource": {}, "client": {}, "telnyxsim": {}, "contract": {}, "watch": {},
}

// pure are the packages that must do no I/O, with what they may therefore not import.
var pure = map[string][]string{
	"diff":      {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
	"retention": {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
	"numbers":   {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
	"plan":      {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
	"render":    {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
	"resource":  {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
}

func TestImportRules(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "telnyxsync/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	const ours = "telnyxsync/internal/"
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name, internal := strings.CutPrefix(p.ImportPath, ours)
		if !internal {
			continue
		}
		seen++
		allowed, known := may[name]
		if !known {
			t.Errorf("%s is not in the table of imports: decide what it may know", name)
		}
		for _, i := range p.Imports {
			if other, is := strings.CutPrefix(i, ours); is && !slices.Contains(allowed, other) {
				t.Errorf("%s imports %s, which it must not know", name, other)
			}
			if slices.Contains(pure[name], i) {
				t.Errorf("%s imports %s, and is to do no I/O", name, i)
			}
		}
	}
	if seen < 8 {
		t.Errorf("only %d packages were looked at", seen)
	}
}
