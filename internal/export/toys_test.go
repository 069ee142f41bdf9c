package export_test

import (
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/export"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/resource"
)

// trunk is listed and tagged; what it is made with is returned by nothing.
type trunk struct {
	ID      resource.ID           `yaml:"id" rule:"local"`
	Label   string                `yaml:"label" rule:"null"`
	Host    resource.Host         `yaml:"host"`
	On      bool                  `yaml:"on"`
	Limits  trunkLimits           `yaml:"limits"`
	Tags    resource.Set[string]  `yaml:"tags"`
	Headers []trunkHeader         `yaml:"headers"`
	Peer    resource.RefTo[trunk] `yaml:"peer"`
	Region  string                `yaml:"region" rule:"required,writeonly"`
	Mode    string                `yaml:"mode" rule:"createonly,enum=own|shared"`
	Token   resource.Secret       `yaml:"token" rule:"required"`
	Before  resource.Duration     `yaml:"before" rule:"policy"`
	File    resource.File         `yaml:"file" rule:"writeonly"`
}

type trunkLimits struct {
	In   int             `yaml:"in"`
	Out  int             `yaml:"out"`
	Key  resource.Secret `yaml:"key"`
	Kind string          `yaml:"kind" rule:"required,writeonly,enum=soft|hard"`
}

type trunkHeader struct {
	Name  string `yaml:"name"`
	Value string `yaml:"value"`
}

func (trunk) KindName() string { return "trunks" }

// box is keyed by its name.
type box struct {
	Name resource.Name `yaml:"name" rule:"local"`
	Text string        `yaml:"text"`
}

func (box) KindName() string { return "boxes" }

func trunks() resource.Kind {
	return resource.Kind{
		Name: "trunks", Schema: resource.SchemaOf[trunk](),
		Key: func(_ string, o resource.Object) string { return resource.GetString(o, "/id") },
		Export: resource.Export{
			Identity: func(_ string, l *resource.Live) resource.Object { return resource.Object{"id": l.ID} },
			Stem:     func(l *resource.Live) string { return "trunk-" + l.ID },
			Secrets: func(o resource.Object) []string {
				if resource.GetString(o, "/label") == "keyed" {
					return []string{"/limits/key"}
				}
				return nil
			},
			Note: "Trunks,\nas they were found.",
		},
	}
}

func boxes() resource.Kind {
	return resource.Kind{
		Name: "boxes", Schema: resource.SchemaOf[box](),
		Key: func(name string, o resource.Object) string {
			if n := resource.GetString(o, "/name"); n != "" {
				return n
			}
			return name
		},
		Export: resource.Export{
			Identity: func(name string, l *resource.Live) resource.Object {
				if name == l.ID {
					return nil
				}
				return resource.Object{"name": l.ID}
			},
			Stem: func(l *resource.Live) string { return l.ID },
		},
	}
}

func toys() []resource.Kind { return []resource.Kind{trunks(), boxes()} }

func realKinds() []resource.Kind { return kinds.Pure(kinds.Table()) }

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// entries exports toys.
func entries(live map[string][]resource.Live, owned ...resource.Owned) []*export.Entry {
	return export.Entries(export.Source{Kinds: toys(), Live: live, Owned: owned, Instance: "default", Now: now})
}

// text renders into one file.
func text(t testing.TB, list []*export.Entry) string {
	t.Helper()
	files := export.Render(list, false, "head")
	if len(files) != 1 || files[0].Name != "telnyxsync.yaml" {
		t.Fatalf("%d files", len(files))
	}
	return string(files[0].Text)
}

func box1(id string) resource.Live {
	return resource.Live{ID: id, Object: resource.Object{"text": "x"}}
}

func trunk1(id string, owners ...string) resource.Live {
	l := resource.Live{ID: id, Object: resource.Object{"on": true}, Hints: hints()}
	for _, o := range owners {
		instance, name, _ := strings.Cut(o, ":")
		l.Owners = append(l.Owners, resource.Owner{Instance: instance, Name: name})
	}
	return l
}

// hints tell what no object shows.
func hints() resource.Object {
	return resource.Object{"region": "eu", "limits": resource.Object{"kind": "hard"}}
}

// names are the entries' names, by the ids of what they mean.
func names(list []*export.Entry, live []resource.Live) map[string]string {
	out := map[string]string{}
	for _, e := range list {
		id := e.Name
		for _, field := range []string{"id", "name"} {
			if v, ok := e.Object[field].(string); ok {
				id = v
			}
		}
		out[id] = e.Name
	}
	if len(out) != len(live) {
		return nil
	}
	return out
}

func compare(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
