package diff_test

import (
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// The toy kinds. Between them they use all that a kind can say.

// trunk is listed and tagged, like a connection.
type trunk struct {
	ID     resource.ID          `yaml:"id" rule:"local"`
	Mode   string               `yaml:"mode" rule:"fixed,enum=own|shared"`
	On     bool                 `yaml:"on" rule:"outage=false"`
	Limits trunkLimits          `yaml:"limits"`
	Codecs []string             `yaml:"codecs" rule:"null"`
	Tags   resource.Set[string] `yaml:"tags" rule:"null"`
	Hook   resource.URL         `yaml:"hook" rule:"null"`
}

type trunkLimits struct {
	In      int    `yaml:"in" rule:"null"`
	Out     int    `yaml:"out"`
	Profile string `yaml:"profile" rule:"createonly"`
}

func (trunk) KindName() string { return "trunks" }

// box is keyed by its name and cannot be listed.
type box struct {
	Name resource.Name `yaml:"name" rule:"local"`
	Host resource.Host `yaml:"host" rule:"required"`
	App  string        `yaml:"app" rule:"null"`
}

func (box) KindName() string { return "boxes" }

// route has neither tag nor key, and refers to all there is.
type route struct {
	Trunk  resource.RefTo[trunk] `yaml:"trunk"`
	Box    resource.RefTo[box]   `yaml:"box" rule:"null"`
	Next   resource.RefTo[route] `yaml:"next" rule:"null"`
	Prefix string                `yaml:"prefix"`
}

func (route) KindName() string { return "routes" }

func toys() []resource.Kind {
	none := func(string, resource.Object) string { return "" }
	return []resource.Kind{
		{
			Name: "trunks", Schema: resource.SchemaOf[trunk](), Listed: true, Tagged: true,
			Key: func(_ string, o resource.Object) string {
				if id := resource.GetString(o, "/id"); id != "" {
					return "id=" + id
				}
				if resource.GetString(o, "/mode") == "shared" {
					return "shared"
				}
				return ""
			},
			Uncreatable: func(o resource.Object) string {
				if resource.GetString(o, "/id") != "" || resource.GetString(o, "/mode") == "shared" {
					return "it cannot be made"
				}
				return ""
			},
			Forgotten: func(l *resource.Live) string {
				if resource.GetString(l.Object, "/mode") == "shared" {
					return "shared trunks are only forgotten"
				}
				return ""
			},
			DeleteCalls: func(l *resource.Live) int {
				if on, _ := resource.Get(l.Object, "/on"); on == true {
					return 2
				}
				return 1
			},
		},
		{
			Name: "boxes", Schema: resource.SchemaOf[box](), KeyField: "/name", Rekeying: true,
			Key: func(name string, o resource.Object) string {
				if n := resource.GetString(o, "/name"); n != "" {
					return n
				}
				return name
			},
		},
		{Name: "routes", Schema: resource.SchemaOf[route](), Listed: true, Key: none},
	}
}

func toy(name string) *resource.Kind {
	all := toys()
	return &all[slices.IndexFunc(all, func(k resource.Kind) bool { return k.Name == name })]
}

// live is an object of a toy kind as it would have been read.
func live(kind, id string, o resource.Object) resource.Live {
	l := resource.Live{ID: id, Object: o}
	switch kind {
	case "trunks":
		l.Keys = []string{"id=" + id}
		if resource.GetString(o, "/mode") == "shared" {
			l.Keys = append(l.Keys, "shared")
		}
		tags, _ := o["tags"].([]any)
		plain := []any{}
		for _, t := range tags {
			if owner, ok := resource.ParseOwner(t.(string)); ok {
				l.Owners = append(l.Owners, owner)
			} else {
				plain = append(plain, t)
			}
		}
		o["tags"] = plain
	case "boxes":
		l.Keys = []string{id}
	}
	l.Label = kind + " label"
	return l
}

func addr(text string) resource.Addr {
	kind, name, _ := strings.Cut(text, "/")
	return resource.Addr{Kind: kind, Name: name}
}

// config is a configuration of one root, /root. The sections are those of the entries and more.
func config(sections []string, entries ...resource.Entry) resource.Config {
	r := resource.Root{Path: "/root", Sections: map[string]bool{}, Entries: len(entries)}
	for _, s := range sections {
		r.Sections[s] = true
	}
	for i := range entries {
		entries[i].Root = r.Path
		r.Sections[entries[i].Kind] = true
	}
	slices.SortFunc(entries, func(a, b resource.Entry) int { return a.Compare(b.Addr) })
	return resource.Config{Roots: []resource.Root{r}, Entries: entries}
}
