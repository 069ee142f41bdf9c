package diff_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pure are the packages that decide, by where they stand, and what they may import and use of time beside what
// all of them may: types, layouts and what reads them. A clock they do not see.
var pure = map[string]struct{ imports, time []string }{
	".":            {imports: []string{"telnyxsync/internal/numbers"}},
	"../plan":      {imports: []string{"encoding/json", "iter"}},
	"../numbers":   {imports: []string{"iter"}, time: []string{"Unix"}}, // of a time that came in
	"../messages":  {imports: []string{"iter", "telnyxsync/internal/plan"}},
	"../retention": {imports: []string{"encoding/json", "iter", "regexp", "strconv", "unicode", "telnyxsync/internal/plan"}, time: []string{"Date", "Hour", "UTC"}},
}

var (
	imports = []string{"cmp", "errors", "fmt", "maps", "slices", "strings", "time", "telnyxsync/internal/plan", "telnyxsync/internal/resource"}
	ofTime  = []string{"Time", "Duration", "Second", "Minute", "RFC3339", "Parse"}
)

func TestPure(t *testing.T) {
	for dir, more := range pure {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
				continue
			}
			seen++
			path := filepath.Join(dir, f.Name())
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range file.Imports {
				if name, _ := strconv.Unquote(i.Path.Value); !slices.Contains(imports, name) && !slices.Contains(more.imports, name) {
					t.Errorf("%s imports %s", path, name)
				}
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if of, ok := s.X.(*ast.Ident); ok && of.Name == "time" && !slices.Contains(ofTime, s.Sel.Name) && !slices.Contains(more.time, s.Sel.Name) {
						t.Errorf("%s uses time.%s", path, s.Sel.Name)
					}
				}
				return true
			})
		}
		if seen == 0 {
			t.Errorf("%s has no files", dir)
		}
	}
}
