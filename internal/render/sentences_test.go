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
var wordless = []string{"plan", "diff", "numbers", "retention", "messages"}

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

// coded are tables of words, each with the packages that declare its codes.
var coded = []struct {
	packages []string
	tables   []map[resource.Code]string
}{
	{[]string{"diff", "plan"}, []map[resource.Code]string{diffWords, approvalWords}},
	{[]string{"numbers"}, []map[resource.Code]string{numberWords}},
	{[]string{"retention"}, []map[resource.Code]string{retentionWords}},
	{[]string{"messages"}, []map[resource.Code]string{messageWords}},
	{[]string{"apply", "state"}, []map[resource.Code]string{guardWords, applyWords}},
}

// Each code that is declared has words in the table of its package, and nothing else has. All tables are looked at.
func TestDeclaredCodesHaveWords(t *testing.T) {
	seen := 0
	for _, c := range coded {
		has := map[resource.Code]bool{}
		for _, table := range c.tables {
			for code := range table {
				has[code] = true
			}
		}
		seen += len(has)
		declared := map[resource.Code]bool{}
		for _, name := range c.packages {
			eachFile(t, name, func(fset *token.FileSet, file *ast.File) {
				for code, at := range codesIn(t, file) {
					if declared[code] {
						t.Errorf("%s: the code %s is declared twice", fset.Position(at), code)
					}
					if declared[code] = true; !has[code] {
						t.Errorf("%s: the code %s has no words", fset.Position(at), code)
					}
				}
			})
		}
		for code := range has {
			if !declared[code] {
				t.Errorf("nobody in %v says %s, which has words", c.packages, code)
			}
		}
	}
	if seen != len(words) {
		t.Errorf("%d codes were looked at, and %d have words", seen, len(words))
	}
}

// codesIn are the codes that a file declares, and where.
func codesIn(t *testing.T, file *ast.File) map[resource.Code]token.Pos {
	found := map[resource.Code]token.Pos{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is || !isCode(spec.Type) {
			return true
		}
		for _, v := range spec.Values {
			lit, is := v.(*ast.BasicLit)
			if !is {
				continue
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			found[resource.Code(text)] = lit.Pos()
		}
		return true
	})
	return found
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
