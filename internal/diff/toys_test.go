package diff_test

import (
	"cmp"
	"slices"
	"strings"
	"time"

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

// tape is listed, expires, and shows what it is made of to a closer look alone, like a medium.
type tape struct {
	Name   resource.Name     `yaml:"name" rule:"local"`
	File   resource.File     `yaml:"file" rule:"writeonly"`
	URL    resource.URL      `yaml:"url" rule:"writeonly"`
	TTL    resource.Duration `yaml:"ttl" rule:"writeonly,assumed"`
	Before resource.Duration `yaml:"before" rule:"policy"`
	Verify bool              `yaml:"verify" rule:"policy"`
	Title  string            `yaml:"title"`
}

func (tape) KindName() string { return "tapes" }

// vault belongs to a trunk, whose id is its key, and holds secrets and what no GET returns, like
// credentials.
type vault struct {
	Trunk   resource.RefTo[trunk] `yaml:"trunk" rule:"local"`
	TrunkID resource.ID           `yaml:"trunk_id" rule:"local"`
	Door    string                `yaml:"door"`
	Place   string                `yaml:"place" rule:"writeonly"`
	Locks   vaultLocks            `yaml:"locks"`
	Deed    resource.Secret       `yaml:"deed" rule:"json"`
}

type vaultLocks struct {
	Maker string          `yaml:"maker"`
	Key   resource.Secret `yaml:"key"`
	Code  resource.Secret `yaml:"code"`
}

func (vault) KindName() string { return "vaults" }

// fieldOrName is the natural key of what has a name.
func fieldOrName(field string) func(string, resource.Object) string {
	return func(name string, o resource.Object) string { return cmp.Or(resource.GetString(o, field), name) }
}

func toys() []resource.Kind {
	none := func(string, resource.Object) string { return "" }
	return []resource.Kind{
		{
			Name: "trunks", Schema: resource.SchemaOf[trunk](), Listed: true, Tagged: true, IDs: true,
			Key: func(_ string, o resource.Object) string {
				if id := resource.GetString(o, "/id"); id != "" {
					return "id=" + id
				}
				if resource.GetString(o, "/mode") == "shared" {
					return "shared"
				}
				return ""
			},
			Uncreatable: func(o resource.Object) (why resource.Reason) {
				if resource.GetString(o, "/id") != "" || resource.GetString(o, "/mode") == "shared" {
					why.Code = "trunks.cannot_be_made"
				}
				return why
			},
			Forgotten: func(l *resource.Live) (why resource.Reason) {
				if resource.GetString(l.Object, "/mode") == "shared" {
					why.Code = "trunks.cannot_be_deleted"
				}
				return why
			},
			Words: map[resource.Code]string{
				"trunks.cannot_be_made":    "it cannot be made",
				"trunks.cannot_be_deleted": "shared trunks are only forgotten",
			},
			DeleteCalls: func(l *resource.Live) int {
				if on, _ := resource.Get(l.Object, "/on"); on == true {
					return 2
				}
				return 1
			},
		},
		{
			Name: "boxes", Schema: resource.SchemaOf[box](), KeyField: "/name", Rekeying: true, Incarnation: "/born",
			Key: fieldOrName("/name"),
		},
		{
			Name: "tapes", Schema: resource.SchemaOf[tape](), KeyField: "/name", Rekeying: true, Listed: true, Incarnation: "/born",
			Key: fieldOrName("/name"),
			Uncreatable: func(o resource.Object) (why resource.Reason) {
				if o["file"] == nil && o["url"] == nil {
					why.Code = "tapes.made_of_nothing"
				}
				return why
			},
			Words: map[resource.Code]string{"tapes.made_of_nothing": "there is nothing to make it of"},
			Renewal: func(o resource.Object) (life, before time.Duration) {
				life = resource.GetDuration(o, "/ttl", 100*day)
				return life, resource.GetDuration(o, "/before", life/10)
			},
			Deep: func(o resource.Object) bool { return o["verify"] == true },
		},
		{
			Name: "vaults", Schema: resource.SchemaOf[vault](), KeyField: "/trunk_id", KeyRef: "/trunk", Rekeying: true,
			Key: func(_ string, o resource.Object) string {
				if ref, ok := o["trunk"].(resource.Ref); ok {
					return ref.ID
				}
				return resource.GetString(o, "/trunk_id")
			},
		},
		{Name: "routes", Schema: resource.SchemaOf[route](), Listed: true, Key: none},
	}
}

// now is when all plans are made.
var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// digest is that of a secret, as the state would make it.
func digest(text string) string { return "digest of " + text }

// fileDigest is that of a file whose content is told by a letter.
func fileDigest(letter string) string { return "sha256:" + strings.Repeat(letter, 64) }

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
	case "boxes", "tapes", "vaults":
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
