package spec_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

// document renders entries as the text of one file.
func document(t *rapid.T, list []drawn) []byte {
	root := &yaml.Node{Kind: yaml.MappingNode}
	sections := map[string]*yaml.Node{}
	for _, e := range list {
		if sections[e.Kind] == nil {
			sections[e.Kind] = &yaml.Node{Kind: yaml.MappingNode}
			set(root, e.Kind, sections[e.Kind])
		}
		name := plain("!!str", e.Name)
		sections[e.Kind].Content = append(sections[e.Kind].Content, name, e.node)
	}
	text, err := yaml.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "CRLF") && !strings.Contains(string(text), "|") && !strings.Contains(string(text), ">") {
		text = []byte(strings.ReplaceAll(string(text), "\n", "\r\n"))
	}
	if rapid.Bool().Draw(t, "BOM") {
		text = append([]byte("\ufeff"), text...)
	}
	return text
}

// bare is a configuration without what depends on where it was written.
func bare(c resource.Config) (out []resource.Entry) {
	for _, e := range c.Entries {
		e.Pos, e.Root, e.File = resource.Position{}, "", ""
		if f, ok := e.Object["file"].(resource.File); ok {
			f.Root = ""
			e.Object["file"] = f
		}
		out = append(out, e)
	}
	return out
}

func bothTables() map[string][]resource.Kind {
	return map[string][]resource.Kind{"real": realKinds(), "toy": toys()}
}

// TestWrittenIsLoaded: what is written is what is loaded, key for key and value for value.
func TestWrittenIsLoaded(t *testing.T) {
	for name, table := range bothTables() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.yaml")
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), hold().Name), []byte(holdWAV), 0o600); err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				must(t, os.WriteFile(filepath.Join(filepath.Dir(path), fmt.Sprintf("numbers-%d.txt", i)), []byte(numbersText(i)), 0o600))
			}
			rapid.Check(t, func(t *rapid.T) {
				list := entries(t, table)
				text := document(t, list)
				must2(t, os.WriteFile(path, text, 0o600))
				c, err := spec.Load(table, path)
				if err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
				var want []resource.Entry
				for _, e := range list {
					want = append(want, e.Entry)
				}
				slices.SortFunc(want, func(a, b resource.Entry) int { return a.Compare(b.Addr) })
				if got := bare(c); !reflect.DeepEqual(got, want) {
					t.Fatalf("got\n%+v\nwant\n%+v\nof\n%s", got, want, text)
				}
				for i := range c.Entries {
					if found := c.Find(c.Entries[i].Addr); found != &c.Entries[i] {
						t.Fatalf("Find(%s) = %v", c.Entries[i].Addr, found)
					}
				}
			})
		})
	}
}

// TestSplitIsTheSame: over how many files and directories entries are spread makes no difference.
func TestSplitIsTheSame(t *testing.T) {
	table := toys()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		list := entries(t, table)
		n++
		whole, parts := filepath.Join(dir, fmt.Sprint(n, "-whole.yaml")), filepath.Join(dir, fmt.Sprint(n, "-parts"))
		must2(t, os.WriteFile(whole, document(t, list), 0o600))
		files := map[string][]drawn{"empty.yaml": nil}
		for _, e := range list {
			file := rapid.SampledFrom([]string{"a.yaml", "b.yml", "z/a.yaml", "z/y/x.yaml"}).Draw(t, "file")
			files[file] = append(files[file], e)
		}
		for name, list := range files {
			must2(t, os.MkdirAll(filepath.Dir(filepath.Join(parts, name)), 0o700))
			must2(t, os.WriteFile(filepath.Join(parts, name), document(t, list), 0o600))
		}
		one, err := spec.Load(table, whole)
		must2(t, err)
		many, err := spec.Load(table, parts)
		must2(t, err)
		if a, b := bare(one), bare(many); !reflect.DeepEqual(a, b) {
			t.Fatalf("one file\n%+v\nmany files\n%+v", a, b)
		}
		if a, b := one.Roots[0], many.Roots[0]; a.Entries != b.Entries || !reflect.DeepEqual(a.Sections, b.Sections) {
			t.Fatalf("roots %+v and %+v", a, b)
		}
		again, err := spec.Load(table, parts, whole)
		if len(list) > 0 && err == nil || len(list) == 0 && err != nil || len(again.Roots) != 2 {
			t.Fatalf("each entry is there twice: %v", err)
		}
	})
}

func must2(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

var soup = []string{
	"external_connections", "siprec_connectors", "zoom", "external_sip_connection", "tags", "protect", "ignore", "null", "~", "5",
	":", ": ", "- ", "-", "? ", "\n", "\n  ", "\n    ", " ", "{", "}", "[", "]", ",", "&a ", "*a", "<<", "!!", "!x ", "'", "\"", "\\", "|", ">", "#",
	"---", "...", "%YAML 1.1", "\t", "\r", "\x00", "\xff", "\u0085", "\u2028", "\ufeff", "ü", "@", "`",
}

// TestLoadNeverPanics: whatever is written, errors are lines that name the file and a place in it.
func TestLoadNeverPanics(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(soup)).Draw(t, "soup"), "")
		must2(t, os.WriteFile(path, []byte(text), 0o600))
		if bad := badErrors(path, []byte(text)); bad != "" {
			t.Fatal(bad)
		}
	})
}

// badErrors loads a file and tells what is wrong with the errors; "" if nothing is.
func badErrors(path string, text []byte) string {
	c, err := spec.Load(realKinds(), path)
	if err == nil {
		for _, e := range c.Entries {
			if !resource.ValidName(e.Name) || e.Object == nil || e.Pos.Line < 1 || e.Pos.Col < 1 || e.Root != path {
				return fmt.Sprintf("entry %+v", e)
			}
		}
		return ""
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Sprintf("not the join of errors: %v", err)
	}
	var before resource.Position
	for _, one := range joined.Unwrap() {
		e, ok := one.(*spec.Error)
		if !ok {
			return fmt.Sprintf("not an *Error: %v", one)
		}
		line := e.Error()
		// YAML takes a few more characters than the line feed for line ends.
		lines := 2 + strings.Count(string(text), "\n") + strings.Count(string(text), "\r") +
			strings.Count(string(text), "\u0085") + strings.Count(string(text), "\u2028") + strings.Count(string(text), "\u2029")
		switch {
		case strings.ContainsAny(line, "\n\r\x1b\x00"):
			return fmt.Sprintf("more than one line: %q", line)
		case !strings.HasPrefix(line, path+":"), e.Pos.File != path, e.Text == "":
			return fmt.Sprintf("no place: %q", line)
		case e.Pos.Line < 1, e.Pos.Col < 1, e.Pos.Line > lines, e.Pos.Col > len(text)+2:
			return fmt.Sprintf("a place out of the file: %q", line)
		case e.Pos.Compare(before) < 0:
			return fmt.Sprintf("not in order: %q", line)
		}
		before = e.Pos
	}
	return ""
}

// FuzzLoad feeds one file's bytes.
func FuzzLoad(f *testing.F) {
	archives, err := filepath.Glob("../../examples/*/*.yaml")
	must(f, err)
	for _, name := range archives {
		text, err := os.ReadFile(name)
		must(f, err)
		f.Add(text)
	}
	for i := range soup {
		f.Add([]byte(strings.Join(soup[i:], "")))
	}
	f.Add([]byte("external_connections: {a: {tags: &a [x], external_sip_connection: zoom}, b: *a}"))
	f.Add([]byte("siprec_connectors:\n  007: {host: a.example.com, port: 08}\n"))
	path := filepath.Join(f.TempDir(), "a.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		must(t, os.WriteFile(path, text, 0o600))
		if bad := badErrors(path, text); bad != "" {
			t.Fatal(bad)
		}
	})
}
