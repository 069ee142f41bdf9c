package diff_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"

	"github.com/rogpeppe/go-internal/txtar"
	"gopkg.in/yaml.v3"
)

func section[T any](t testing.TB, a *txtar.Archive, name string) (out T) {
	t.Helper()
	for _, f := range a.Files {
		if f.Name == name {
			if err := yaml.Unmarshal(f.Data, &out); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	return out
}

// world reads the input of an archive.
func world(t testing.TB, a *txtar.Archive) diff.Input {
	t.Helper()
	options := section[struct {
		Prune, Stateless, Foreign    bool
		Instance                     string
		Only, Sections, Unread, Lost []string
		NeedSecrets                  bool `yaml:"need_secrets"`
		Keyless                      bool
	}](t, a, "options")
	in := diff.Input{
		Kinds: toys(), Instance: options.Instance,
		Prune: options.Prune, Stateless: options.Stateless, Foreign: options.Foreign, NeedSecrets: options.NeedSecrets, Now: now,
		Secrets: map[resource.SecretRef]resource.Resolved{},
	}
	for name, text := range section[map[string]string](t, a, "secrets") {
		hash := digest(text)
		if options.Keyless {
			hash = ""
		}
		in.Secrets[resource.SecretRef{Env: name}] = resource.Resolved{Secret: resource.NewSecret(text, hash)}
	}
	in.Secrets[resource.SecretRef{Env: "UNREADABLE"}] = resource.Resolved{Err: errors.New("the secret {env: UNREADABLE}: it is not there")}
	for _, text := range options.Only {
		in.Only = append(in.Only, addr(text))
	}
	in.Desired = config(options.Sections, entries(t, a)...)
	in.Live = liveOf(section[map[string]any](t, a, "live"))
	for _, kind := range options.Unread {
		delete(in.Live, kind)
	}
	type row struct {
		ID, Root string
		Applied  map[string]any
		Protect  bool
		Attempts map[string][]any
		Renewed  time.Time
		Born     string
	}
	rows := section[map[string]row](t, a, "owned")
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		r := rows[name]
		o := resource.Owned{Addr: addr(name), ID: r.ID, Root: "/root", Protect: r.Protect, Renewed: r.Renewed, Incarnation: r.Born}
		if r.Root != "" {
			o.Root = r.Root
		}
		if r.Applied != nil {
			o.Applied = tree(toy(o.Addr.Kind).Schema, r.Applied, false).(resource.Object)
		}
		for path, a := range r.Attempts {
			if o.Attempts == nil {
				o.Attempts = map[string]resource.Attempt{}
			}
			value := a[0]
			if s := toy(o.Addr.Kind).Schema.At(path); s != nil {
				value = tree(s, value, false)
			}
			o.Attempts[path] = resource.Attempt{Value: resource.Text(value), Count: a[1].(int)}
		}
		in.Owned = append(in.Owned, o)
	}
	intents := section[map[string]resource.Intent](t, a, "intents")
	for _, name := range slices.Sorted(maps.Keys(intents)) {
		i := intents[name]
		i.Addr, i.At = addr(name), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		in.Intents = append(in.Intents, i)
	}
	return in
}

func entries(t testing.TB, a *txtar.Archive) (out []resource.Entry) {
	for kind, of := range section[map[string]yaml.Node](t, a, "desired") {
		for i := 0; i+1 < len(of.Content); i += 2 {
			key := of.Content[i]
			fields := map[string]any{}
			if err := of.Content[i+1].Decode(&fields); err != nil {
				t.Fatal(err)
			}
			e := resource.Entry{
				Addr: resource.Addr{Kind: kind, Name: key.Value},
				Pos:  resource.Position{File: "a.yaml", Line: key.Line, Col: key.Column},
			}
			if protect, ok := fields["protect"].(bool); ok {
				e.Protect = &protect
			}
			e.Observe, _ = fields["observe"].(bool)
			ignore, _ := fields["ignore"].([]any)
			for _, p := range ignore {
				e.Ignore = append(e.Ignore, p.(string))
			}
			for _, name := range []string{"protect", "observe", "ignore"} {
				delete(fields, name)
			}
			e.Object = tree(toy(kind).Schema, fields, true).(resource.Object)
			out = append(out, e)
		}
	}
	return out
}

func liveOf(kinds map[string]any) map[string]diff.Observed {
	out := map[string]diff.Observed{}
	for _, k := range toys() {
		seen := diff.Observed{Observation: resource.Observation{Failed: map[string]error{}, Doubts: map[string]error{}}}
		switch of := kinds[k.Name].(type) {
		case string:
			seen.Err = errors.New(of)
		case []any:
			for _, v := range of {
				fields := v.(map[string]any)
				id := fields["id"].(string)
				if why, failed := fields["failed"].(string); failed {
					seen.Failed[id] = errors.New(why)
					continue
				}
				if why, doubt := fields["doubt"].(string); doubt {
					seen.Doubts[id] = errors.New(why)
				}
				expires, _ := fields["expires"].(time.Time)
				created, _ := fields["created"].(time.Time)
				born, _ := fields["born"].(time.Time)
				for _, name := range []string{"id", "doubt", "expires", "created", "born"} {
					delete(fields, name)
				}
				l := live(k.Name, id, tree(k.Schema, fields, false).(resource.Object))
				l.Expires, l.Created, l.Incarnation = expires, created, resource.Incarnation(born)
				seen.Objects = append(seen.Objects, l)
			}
		}
		out[k.Name] = seen
	}
	return out
}

// tree gives decoded YAML the types of a tree. References are addresses only where somebody wrote them.
func tree(s *resource.Schema, v any, written bool) any {
	switch v := v.(type) {
	case map[string]any:
		switch s.Type {
		case resource.RefType:
			return resource.Ref{ID: v["id"].(string)}
		case resource.SecretType:
			return resource.SecretRef{Env: v["env"].(string)}
		case resource.FileType:
			return resource.File{Root: "/root", Name: v["name"].(string), Size: 5, SHA256: strings.Repeat(v["of"].(string), 64)}
		}
		o := resource.Object{}
		for name, field := range v {
			o[name] = tree(s.Field(name), field, written)
		}
		return o
	case string:
		switch {
		case s.Type == resource.RefType && written:
			return resource.Ref{Addr: resource.Addr{Kind: s.RefKind, Name: v}}
		case s.Type == resource.SecretType:
			return digest(v)
		case s.Type == resource.FileType && len(v) == 1:
			return fileDigest(v)
		}
	case int:
		return int64(v)
	}
	return s.Canon(v)
}
