package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
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
	"diff":      {"resource", "plan", "numbers"},
	"retention": {"resource", "plan"},
	"messages":  {"resource", "plan"},
	"render":    {"resource", "plan"},
	"state":     {"resource"},
	"secret":    {"resource"},
	"export":    {"resource"},
	"apply":     {"resource", "plan", "numbers", "retention", "messages", "client", "diff", "state"},
	"daemon":    {"resource", "plan", "numbers", "spec", "diff", "render", "apply", "state", "watch"},

	"resource": {}, "client": {}, "telnyxsim": {}, "contract": {}, "watch": {}, "testrun": {},
}

// pure are the packages that must do no I/O, with what they may therefore not import.
var pure = map[string][]string{
	"diff":      {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
	"retention": {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
	"messages":  {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
	"numbers":   {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
	"plan":      {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
	"render":    {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
	"resource":  {"context", "net", "net/http", "os", "log", "log/slog", "database/sql", "os/exec", "syscall"},
}

func TestImportRules(t *testing.T) {
	t.Parallel()
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

// writing are the methods by which something is changed on Telnyx.
var writing = []string{"Create", "Update", "Delete", "Dismiss", "Assign", "Send", "Retry", "Relocate", "Refresh"}

// Only package apply changes anything on Telnyx: neither a command nor the daemon calls what does, of whatever it is handed.
func TestOnlyApplyWrites(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, dir := range []string{".", "../../internal/daemon", "../../internal/export"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			seen++
			ast.Inspect(file, func(n ast.Node) bool {
				call, is := n.(*ast.CallExpr)
				if !is {
					return true
				}
				f, is := call.Fun.(*ast.SelectorExpr)
				if !is || !slices.Contains(writing, f.Sel.Name) {
					return true
				}
				if pkg, is := f.X.(*ast.Ident); is && pkg.Name == "os" {
					return true // a file
				}
				t.Errorf("%s: %s is for package apply alone", fset.Position(call.Pos()), f.Sel.Name)
				return true
			})
		}
	}
	if seen < 40 {
		t.Errorf("only %d files were looked at", seen)
	}
}
