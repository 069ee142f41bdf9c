package diff_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the package may import. Of time it may use the types, the layouts and what reads them: a clock it does not see.
var allowed = []string{
	"bytes", "cmp", "encoding/json", "errors", "fmt", "maps", "slices", "strings", "time", "unicode", "unicode/utf8",
	"telnyxsync/internal/numbers", "telnyxsync/internal/resource",
}

func TestPure(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", f.Name(), path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if of, ok := s.X.(*ast.Ident); ok && of.Name == "time" && !slices.Contains([]string{"Time", "Duration", "Second", "Minute", "RFC3339", "Parse"}, s.Sel.Name) {
					t.Errorf("%s uses time.%s", f.Name(), s.Sel.Name)
				}
			}
			return true
		})
	}
}
