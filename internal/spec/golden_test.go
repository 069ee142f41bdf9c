package spec_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestGolden loads each archive of testdata and compares what comes out: `errors`, or else `tree`.
// The comment of an archive may hold the lines
//
//	kinds: toy        the toy kinds instead of the real ones
//	load: PATH…       what is loaded, instead of the whole archive
//
// A file named NAME.quoted holds Go strings, one a line, and becomes NAME: for texts that an
// archive cannot hold. A file named NAME.link holds the target of a symbolic link.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives in testdata: %v", err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(filepath.Join(here, name))
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			table, paths := realKinds(), []string{"."}
			for line := range strings.Lines(string(a.Comment)) {
				switch key, value, _ := strings.Cut(strings.TrimSpace(line), ":"); key {
				case "kinds":
					table = toys()
				case "load":
					paths = strings.Fields(value)
				}
			}
			input, want := unpack(t, a)
			got := outcome(spec.Load(table, paths...))
			if *update {
				a.Files = append(input, got)
				if err := os.WriteFile(filepath.Join(here, name), txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got.Name != want.Name || !bytes.Equal(got.Data, want.Data) {
				t.Errorf("got %s:\n%s\nwant %s:\n%s", got.Name, got.Data, want.Name, want.Data)
			}
		})
	}
}

// unpack writes the input files of an archive and returns them, and what is expected.
func unpack(t *testing.T, a *txtar.Archive) (input []txtar.File, want txtar.File) {
	t.Helper()
	for _, f := range a.Files {
		if f.Name == "errors" || f.Name == "tree" {
			want = f
			continue
		}
		input = append(input, f)
		must(t, os.MkdirAll(filepath.Dir(f.Name), 0o755))
		if name, ok := strings.CutSuffix(f.Name, ".link"); ok {
			must(t, os.Symlink(strings.TrimSpace(string(f.Data)), name))
			continue
		}
		name, quoted := strings.CutSuffix(f.Name, ".quoted")
		if quoted {
			var text string
			for line := range strings.Lines(string(f.Data)) {
				s, err := strconv.Unquote(strings.TrimSpace(line))
				if err != nil {
					t.Fatalf("%s: %v: %s", f.Name, err, line)
				}
				text += s
			}
			f.Data = []byte(text)
		}
		must(t, os.WriteFile(name, f.Data, 0o644))
	}
	return input, want
}

// outcome is what Load returned, as text: errors one a line, or roots and entries as JSON lines.
func outcome(c resource.Config, err error) txtar.File {
	if err != nil {
		return txtar.File{Name: "errors", Data: []byte(err.Error() + "\n")}
	}
	var b strings.Builder
	for _, r := range c.Roots {
		sections := slices.Sorted(maps.Keys(r.Sections))
		fmt.Fprintf(&b, "root %s: %d entries, sections %v\n", filepath.Base(r.Path), r.Entries, sections)
	}
	for _, e := range c.Entries {
		fmt.Fprintf(&b, "%s: %s: %s", e.Pos, e.Addr, resource.Text(e.Object))
		if e.Protect != nil {
			fmt.Fprintf(&b, " protect=%t", *e.Protect)
		}
		if e.Observe {
			b.WriteString(" observe")
		}
		if e.Ignore != nil {
			fmt.Fprintf(&b, " ignore=%q", e.Ignore)
		}
		b.WriteString("\n")
	}
	// The name of the temporary directory is the one thing that changes from run to run.
	here, _ := os.Getwd()
	text := strings.ReplaceAll(b.String(), "root "+filepath.Base(here)+":", "root .:")
	return txtar.File{Name: "tree", Data: []byte(text)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
