package render

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"telnyxsync/internal/resource"
)

// wordless are the packages that say why by codes alone.
var wordless = []string{"plan", "diff"}

// statuses are no sentences, and have a blank in what programs read of them.
var statuses = []string{"not started"}

// No text with a blank is in the packages that decide: their reasons are codes, and the words are here. What a panic
// says is for programmers.
func TestNoSentences(t *testing.T) {
	for _, name := range wordless {
		eachFile(t, name, func(fset *token.FileSet, file *ast.File) {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if f, is := n.Fun.(*ast.Ident); is && f.Name == "panic" {
						return false
					}
				case *ast.Field:
					n.Tag = nil
				case *ast.BasicLit:
					if n.Kind != token.STRING {
						return true
					}
					if text, err := strconv.Unquote(n.Value); err != nil || strings.Contains(text, " ") && !slices.Contains(statuses, text) {
						t.Errorf("%s: %s is a sentence: make it a code with words in package render", fset.Position(n.Pos()), n.Value)
					}
				}
				return true
			})
		})
	}
}

// Each code that those packages declare has words.
func TestDeclaredCodesHaveWords(t *testing.T) {
	declared := map[resource.Code]bool{}
	for _, name := range wordless {
		eachFile(t, name, func(fset *token.FileSet, file *ast.File) {
			ast.Inspect(file, func(n ast.Node) bool {
				spec, is := n.(*ast.ValueSpec)
				if !is || !isCode(spec.Type) {
					return true
				}
				for _, v := range spec.Values {
					text, err := strconv.Unquote(v.(*ast.BasicLit).Value)
					if err != nil {
						t.Fatal(err)
					}
					declared[resource.Code(text)] = true
					if words[resource.Code(text)] == nil {
						t.Errorf("%s: the code %s has no words", fset.Position(spec.Pos()), text)
					}
				}
				return true
			})
		})
	}
	for code := range diffWords {
		if !declared[code] {
			t.Errorf("nobody says %s, which has words", code)
		}
	}
}

func isCode(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "Code"
	case *ast.SelectorExpr:
		return e.Sel.Name == "Code"
	}
	return false
}

// eachFile reads the files of one of our packages, without its tests.
func eachFile(t *testing.T, name string, f func(fset *token.FileSet, file *ast.File)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", name, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files of %s: %v", name, err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		f(fset, file)
	}
}
