package render

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// saying are the types by which package apply tells what is to be done and how it ended, and telling their fields that
// say why. Errors from below have sentences of their own, and are wrapped in more there.
var (
	saying  = []string{"Reason", "Args", "Outcome", "Note", "Event"}
	telling = []string{"Error", "Reason", "Reasons", "Guards"}
)

// sentencesIn are the texts with a blank that a file puts into what is said: into composite literals of those types,
// into their fields, and into reasons that are nothing but a text.
func sentencesIn(file *ast.File) (found []*ast.BasicLit) {
	texts := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if lit, is := n.(*ast.BasicLit); is && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err != nil || strings.Contains(text, " ") && !slices.Contains(statuses, text) {
					found = append(found, lit)
				}
			}
			return true
		})
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if says(n.Type) {
				texts(n)
				return false
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if f, is := left.(*ast.SelectorExpr); is && slices.Contains(telling, f.Sel.Name) && i < len(n.Rhs) {
					texts(n.Rhs[i])
				}
				if at, is := left.(*ast.IndexExpr); is && named(at.X, "Args", "args") && i < len(n.Rhs) {
					texts(n.Rhs[i])
				}
			}
		case *ast.CallExpr:
			if named(n.Fun, "Said") {
				texts(n)
			}
		}
		return true
	})
	return found
}

// says tells whether a type is one of those, or a list or map of them.
func says(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ArrayType:
		return says(e.Elt)
	case *ast.MapType:
		return says(e.Value)
	case *ast.StarExpr:
		return says(e.X)
	case *ast.SelectorExpr:
		pkg, is := e.X.(*ast.Ident)
		return is && (pkg.Name == "plan" || pkg.Name == "resource") && slices.Contains(saying, e.Sel.Name)
	}
	return false
}

func named(e ast.Expr, names ...string) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return slices.Contains(names, e.Name)
	case *ast.SelectorExpr:
		return slices.Contains(names, e.Sel.Name)
	}
	return false
}

// What package apply says of changes are codes, or the text of an error.
func TestApplySaysNoSentences(t *testing.T) {
	eachFile(t, "apply", func(fset *token.FileSet, file *ast.File) {
		for _, lit := range sentencesIn(file) {
			t.Errorf("%s: %s is a sentence: make it a code with words in package render", fset.Position(lit.Pos()), lit.Value)
		}
	})
}

// It is found however it is said.
func TestSentencesAreFound(t *testing.T) {
	for says, want := range map[string]int{
		`x := plan.Outcome{Error: "it failed"}`:                                               1,
		`x := &plan.Note{Reason: plan.Reason{Code: "it failed"}}`:                             1,
		`x := []plan.Reason{{Code: "c", Args: plan.Args{"text": fmt.Sprintf("%d left", 1)}}}`: 1,
		`x := map[string]resource.Event{"a": {Error: "it " + "failed"}}`:                      1,
		`x := plan.Args{"text": "a b", "other": f("c d")}`:                                    2,
		`o.Error, o.Reasons = "it failed", list(resource.Said("it did"))`:                     3, // one of them twice
		`args["text"] = "it failed"`:                                                          1,
		`x := plan.Outcome{Status: "not started", Error: err.Error(), Addr: a("b")}`:          0,
		`x := Job{About: "what it does"}; err := fmt.Errorf("read it: %w", err)`:              0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc f() {\n"+says+"\n}", 0)
		if err != nil {
			t.Fatal(err)
		}
		if found := sentencesIn(file); len(found) != want {
			t.Errorf("%s: found %d, want %d", says, len(found), want)
		}
	}
}
