package spec_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// sample has what the other toys lack of what a schema can express.
type sample struct {
	Home  resource.URL          `yaml:"home" rule:"required" doc:"Where it lives."`
	Life  resource.Duration     `yaml:"life"`
	Sound resource.File         `yaml:"sound"`
	Paths []string              `yaml:"paths" rule:"one"`
	Ports []int                 `yaml:"ports" rule:"null,one,min=1"`
	Mode  string                `yaml:"mode" rule:"null,enum=a|b"`
	Nick  resource.Name         `yaml:"nick" rule:"null"`
	Peer  resource.RefTo[route] `yaml:"peer" rule:"required"`
	Calls resource.NumberList   `yaml:"calls" rule:"null"`
	List  resource.NumbersFile  `yaml:"list"`
	Modes resource.Set[string]  `yaml:"modes" rule:"null,enum=a|b"`
}

func moreToys() []resource.Kind {
	return append(toys(), resource.Kind{
		Name: "samples", Doc: "Samples of everything.", Schema: resource.SchemaOf[sample](),
		Key: func(string, resource.Object) string { return "" },
	})
}

// compiled is the schema of some kinds, by a validator that is not ours.
func compiled(t testing.TB, kinds []resource.Kind) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(spec.JSONSchema(kinds)))
	must(t, err)
	c := jsonschema.NewCompiler()
	must(t, c.AddResource("telnyxsync.schema.json", doc))
	s, err := c.Compile("telnyxsync.schema.json")
	must(t, err)
	meta, err := c.Compile("https://json-schema.org/draft/2020-12/schema")
	must(t, err)
	must(t, meta.Validate(doc))
	return s
}

// asJSON reads a document as an editor does: digits are numbers.
func asJSON(text []byte) (any, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); errors.Is(err, io.EOF) || err == nil && doc.Kind == 0 {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return jsonValue(doc.Content[0])
}

func jsonValue(n *yaml.Node) (v any, err error) {
	switch n.Kind {
	case yaml.MappingNode:
		o := map[string]any{}
		for i := 0; i < len(n.Content) && err == nil; i += 2 {
			o[n.Content[i].Value], err = jsonValue(n.Content[i+1])
		}
		return o, err
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i := 0; i < len(list) && err == nil; i++ {
			list[i], err = jsonValue(n.Content[i])
		}
		return list, err
	}
	err = n.Decode(&v)
	if _, isTime := v.(time.Time); isTime {
		v = n.Value // JSON has none
	}
	return v, err
}

func validate(s *jsonschema.Schema, text []byte) error {
	v, err := asJSON(text)
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// TestJSONSchemaOfExamples: every file of desired state among the examples is valid.
func TestJSONSchemaOfExamples(t *testing.T) {
	s := compiled(t, realKinds())
	examples := filepath.Join("..", "..", "examples")
	n := 0
	must(t, filepath.WalkDir(examples, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path == filepath.Join(examples, "ci"): // pipelines, no desired state
			return fs.SkipDir
		case filepath.Ext(path) != ".yaml":
			return nil
		}
		n++
		text, err := os.ReadFile(path)
		if err == nil {
			if bad := validate(s, text); bad != nil {
				t.Errorf("%s: %v", path, bad)
			}
		}
		return err
	}))
	if n < 3 {
		t.Errorf("only %d files were looked at", n)
	}
}

// TestJSONSchemaOfGoldens: what loads in the goldens is valid, and of those that do not, each file of
// the archives named here is refused.
func TestJSONSchemaOfGoldens(t *testing.T) {
	refused := []string{"formats", "nulls", "required", "secrets", "types", "unknown"}
	archives, err := filepath.Glob("testdata/*.txtar")
	must(t, err)
	ofReal, ofToys := compiled(t, realKinds()), compiled(t, toys())
	for _, name := range archives {
		name, err := filepath.Abs(name)
		must(t, err)
		short := strings.TrimSuffix(filepath.Base(name), ".txtar")
		t.Run(short, func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			must(t, err)
			t.Chdir(t.TempDir())
			s := ofReal
			if strings.Contains(string(a.Comment), "kinds: toy") {
				s = ofToys
			}
			input, want := unpack(t, a)
			bad := slices.Contains(refused, short)
			if want.Name != "tree" && !bad {
				return
			}
			for _, f := range input {
				path := strings.TrimSuffix(f.Name, ".quoted")
				if ext := filepath.Ext(path); ext != ".yaml" && ext != ".yml" || strings.HasPrefix(path, ".") || strings.Contains(path, "/.") {
					continue
				}
				text, err := os.ReadFile(path)
				must(t, err)
				if err := validate(s, text); err == nil == bad {
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}
}

// TestJSONSchemaRefuses: one slip each, in what is valid without it.
func TestJSONSchemaRefuses(t *testing.T) {
	s := compiled(t, moreToys())
	for _, text := range []string{
		"trunk: {}", "trunks:", "trunks: []", "trunks: {a: }", "- trunks", "text",
		"trunks: {a: {}}", "trunks: {a: {host: a.example, hosts: b}}", "trunks: {a: {host: }}", "trunks: {a: {host: 'a b'}}",
		"trunks: {a: {host: 'https://a.example'}}", "trunks: {a: {host: 'a.example:5060'}}", "trunks: {a: {host: a..example}}",
		"trunks: {' a': {host: a.example}}", "trunks: {..: {host: a.example}}", `trunks: {"a\tb": {host: a.example}}`, "trunks: {'': {host: a.example}}",
		"trunks: {a: {host: a.example, id: '1 2'}}", "trunks: {a: {host: a.example, id: true}}", "trunks: {a: {host: a.example, id: 1.5}}",
		"trunks: {a: {host: a.example, mode: in}}", "trunks: {a: {host: a.example, limit: 0}}", "trunks: {a: {host: a.example, limit: '5'}}",
		"trunks: {a: {host: a.example, limit: 101}}", "trunks: {a: {host: a.example, on: 'true'}}", "trunks: {a: {host: a.example, on: }}",
		"trunks: {a: {host: a.example, hook: hooks.example}}", "trunks: {a: {host: a.example, hook: 'ftp://hooks.example'}}",
		"trunks: {a: {host: a.example, codecs: a}}", "trunks: {a: {host: a.example, codecs: [true]}}", "trunks: {a: {host: a.example, ports: [a]}}",
		"trunks: {a: {host: a.example, auth: {user: a}}}", "trunks: {a: {host: a.example, auth: {user: '', password: {env: A}}}}",
		"trunks: {a: {host: a.example, backup: {}}}", "trunks: {a: {host: a.example, backup: {id: ''}}}", "trunks: {a: {host: a.example, backup: {name: b}}}",
		"trunks: {a: {host: a.example, token: hunter2}}", "trunks: {a: {host: a.example, token: {env: A, file: b}}}", "trunks: {a: {host: a.example, token: {}}}",
		"trunks: {a: {host: a.example, token: {env: 5}}}", "trunks: {a: {host: a.example, token: {env: TELNYX_API_KEY}}}",
		"trunks: {a: {host: a.example, token: {credential: api-key}}}", "trunks: {a: {host: a.example, token: {file: ''}}}",
		"trunks: {a: {host: a.example, protect: yes}}", "trunks: {a: {host: a.example, observe: }}",
		"trunks: {a: {host: a.example, ignore: /host}}", "trunks: {a: {host: a.example, ignore: [host]}}",
		"samples: {a: {peer: b, home: ''}}", "samples: {a: {peer: '', home: 'http://a'}}", "samples: {a: {home: 'http://a'}}",
		"samples: {a: {peer: b, home: 'http://a', life: 90}}", "samples: {a: {peer: b, home: 'http://a', life: 12h90d}}", "samples: {a: {peer: b, home: 'http://a', life: ''}}",
		"samples: {a: {peer: b, home: 'http://a', sound: ''}}", "samples: {a: {peer: b, home: 'http://a', paths: {}}}", "samples: {a: {peer: b, home: 'http://a', mode: c}}",
		"samples: {a: {peer: b, home: 'http://a', modes: [c]}}", "samples: {a: {peer: b, home: 'http://a', modes: a}}", "samples: {a: {peer: b, home: 'http://a', list: ''}}",
		"samples: {a: {peer: b, home: 'http://a', calls: ['15125550100']}}", "samples: {a: {peer: b, home: 'http://a', calls: ['+1 512 555 0100']}}",
		"samples: {a: {peer: b, home: 'http://a', calls: [+151255]}}", "samples: {a: {peer: b, home: 'http://a', calls: [-15125550100]}}", "samples: {a: {peer: b, home: 'http://a', calls: [~]}}",
		"samples: {a: {peer: b, home: 'http://a', calls: '+15125550100-199'}}", "samples: {a: {peer: b, home: 'http://a', calls: {}}}", "samples: {a: {peer: b, home: 'http://a', calls: [+1512555010012345]}}",
	} {
		if err := validate(s, []byte(text)); err == nil {
			t.Errorf("taken: %s", text)
		}
	}
}

// TestDocs: whoever completes a field is told what it is, in a sentence.
func TestDocs(t *testing.T) {
	sentence := func(at, doc string) {
		if n := len([]rune(doc)); n < 10 || n > 100 || !strings.HasSuffix(doc, ".") || strings.ToUpper(doc[:1]) != doc[:1] {
			t.Errorf("%s: %q is no sentence for an editor", at, doc)
		}
	}
	var fields func(at string, s *resource.Schema)
	fields = func(at string, s *resource.Schema) {
		for _, f := range s.Fields {
			sentence(at+"."+f.Name, f.Doc)
			fields(at+"."+f.Name, f.Schema)
		}
	}
	for _, k := range realKinds() {
		sentence(k.Name, k.Doc)
		fields(k.Name, k.Schema)
	}
}
