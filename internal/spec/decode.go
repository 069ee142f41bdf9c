package spec

import (
	"maps"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"telnyxsync/internal/resource"

	"gopkg.in/yaml.v3"
)

// entry decodes one entry: what every kind has (protect, observe, ignore), then the kind's fields.
func (d *decoder) entry(r *resource.Root, kind *resource.Kind, name string, k, v *yaml.Node) {
	e := &entry{
		Entry: resource.Entry{
			Addr: resource.Addr{Kind: kind.Name, Name: name},
			Pos:  d.pos(k),
			Root: r.Path,
			File: filepath.ToSlash(d.at.name),
		},
		kind:   kind,
		places: map[string]resource.Position{},
		wrong:  map[string]bool{},
	}
	path := join(kind.Name, name)
	if !resource.ValidName(name) {
		d.fail(k, path, "the name must be printable text of at most 255 bytes, without space at its ends, and neither . nor ..")
	}
	// Whatever is wrong with it, the entry is there: references to it are not to blame. And what
	// stands in a second one is checked too, as nobody knows which of the two will be kept.
	if first := d.first[e.Addr]; first != nil {
		d.fail(k, path, "the entry is there already at %s: keep one of them", first.Pos)
	} else {
		d.first[e.Addr] = e
	}
	if !d.isMapping(v, path) {
		return
	}
	e.Object = d.object(e, kind.Schema, v, path, "", map[string]func(n *yaml.Node, path string){
		"protect": func(n *yaml.Node, path string) {
			if b, ok := d.bool(n, path); ok {
				e.Protect = &b
			}
		},
		"observe": func(n *yaml.Node, path string) { e.Observe, _ = d.bool(n, path) },
		"ignore":  func(n *yaml.Node, path string) { e.Ignore = d.ignore(kind.Schema, n, path) },
	})
	if d.first[e.Addr] == e {
		d.entries = append(d.entries, e)
	}
}

// ignore reads the JSON pointers of what is not to be compared.
func (d *decoder) ignore(s *resource.Schema, n *yaml.Node, path string) (pointers []string) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, `must be a list of JSON pointers, as in ["/tags"], not %s`, describe(n))
		return nil
	}
	known := map[string]bool{}
	var collect func(s *resource.Schema, at string)
	collect = func(s *resource.Schema, at string) {
		for _, f := range s.Fields {
			known[at+resource.Pointer(f.Name)] = true
			collect(f.Schema, at+resource.Pointer(f.Name))
		}
	}
	collect(s, "")
	for _, c := range n.Content {
		if c.Kind != yaml.ScalarNode || !known[c.Value] {
			names := make([]string, 0, len(known))
			for k := range known {
				names = append(names, k)
			}
			d.fail(c, path, "%s is no field of this kind%s; write a JSON pointer such as /tags", describe(c), didYouMean(c.Value, names))
			continue
		}
		pointers = append(pointers, c.Value)
	}
	slices.Sort(pointers)
	return slices.Compact(pointers)
}

// object decodes the fields of a mapping. common are the keys that every entry may have beside them.
func (d *decoder) object(e *entry, s *resource.Schema, n *yaml.Node, path, pointer string, common map[string]func(n *yaml.Node, path string)) resource.Object {
	o := resource.Object{}
	d.pairs(n, path, func(key string, k, v *yaml.Node) {
		if decode := common[key]; decode != nil {
			decode(v, join(path, key))
			return
		}
		f := s.Field(key)
		if f == nil {
			names := slices.AppendSeq(s.Names(), maps.Keys(common))
			slices.Sort(names)
			d.fail(k, join(path, key), "unknown key%s; known are %s", didYouMean(key, names), strings.Join(names, ", "))
			return
		}
		p := pointer + resource.Pointer(key)
		e.places[p] = d.pos(v)
		if value, ok := d.value(e, f, v, join(path, key), p); ok {
			o[key] = value
		} else {
			e.wrong[p] = true
		}
	})
	return o
}

// value decodes one value by its schema; ok is false if it was wrong, which has been reported.
func (d *decoder) value(e *entry, s *resource.Schema, n *yaml.Node, path, pointer string) (v any, ok bool) {
	if n.Tag == "!!null" {
		if !s.Nullable {
			d.fail(n, path, "null would clear it, which Telnyx does not offer here: write a value, or remove the key to leave it alone")
		}
		return nil, s.Nullable
	}
	if s.Type != resource.ObjectType && s.Type != resource.SecretType && isSecretRef(n) {
		d.fail(n, path, "only fields that hold a secret take a reference: write the value itself")
		return nil, false
	}
	switch s.Type {
	case resource.ObjectType:
		if !d.isMapping(n, path) {
			return nil, false
		}
		return d.object(e, s, n, path, pointer, nil), true
	case resource.List:
		return d.list(e, s, n, path, pointer)
	case resource.Bool:
		return value(d.bool(n, path))
	case resource.Int:
		return value(d.int(s, n, path))
	case resource.RefType:
		return d.reference(s, n, path)
	case resource.SecretType:
		return d.secret(n, path)
	case resource.FileType:
		return value(d.content(s, n, path))
	case resource.NumbersType:
		return value(d.numbers(e, n, path))
	case resource.NumbersFileType:
		return value(d.numbersFile(e, n, path))
	default:
		return value(d.string(s, n, path))
	}
}

func value[T any](v T, ok bool) (any, bool) { return v, ok }

func (d *decoder) list(e *entry, s *resource.Schema, n *yaml.Node, path, pointer string) (any, bool) {
	if s.One && n.Kind == yaml.ScalarNode {
		v, ok := d.value(e, s.Elem, n, path, pointer)
		return []any{v}, ok
	}
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, "must be a list, not %s", describe(n))
		return nil, false
	}
	list, fine := make([]any, 0, len(n.Content)), true
	for i, c := range n.Content {
		at := strconv.Itoa(i)
		v, ok := d.value(e, s.Elem, c, path+"["+at+"]", pointer+"/"+at)
		list, fine = append(list, v), fine && ok
	}
	return s.Canon(list), fine
}

func (d *decoder) bool(n *yaml.Node, path string) (bool, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		hint := ""
		if n.Tag == "!!str" && (strings.EqualFold(n.Value, "true") || strings.EqualFold(n.Value, "false")) {
			hint = ": remove the quotes"
		}
		d.fail(n, path, "must be true or false, not %s%s", describe(n), hint)
		return false, false
	}
	return strings.EqualFold(n.Value, "true"), true
}

var decimal = regexp.MustCompile(`^[+-]?(0|[1-9][0-9]*)$`)

func (d *decoder) int(s *resource.Schema, n *yaml.Node, path string) (int64, bool) {
	i, err := strconv.ParseInt(n.Value, 10, 64)
	switch {
	case n.Kind != yaml.ScalarNode || n.Tag != "!!int" || !decimal.MatchString(n.Value) || err != nil:
		hint := ""
		if n.Tag == "!!str" && decimal.MatchString(n.Value) {
			hint = ": remove the quotes"
		}
		d.fail(n, path, "must be a whole number, not %s%s", describe(n), hint)
		return 0, false
	case s.Min != nil && i < *s.Min, s.Max != nil && i > *s.Max:
		d.fail(n, path, "%d is out of bounds: write a number %s", i, bounds(s))
		return 0, false
	}
	return i, true
}

func bounds(s *resource.Schema) string {
	switch {
	case s.Max == nil:
		return "of at least " + strconv.FormatInt(*s.Min, 10)
	case s.Min == nil:
		return "of at most " + strconv.FormatInt(*s.Max, 10)
	}
	return "from " + strconv.FormatInt(*s.Min, 10) + " to " + strconv.FormatInt(*s.Max, 10)
}

var (
	idFormat  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	hostLabel = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)
	digits    = regexp.MustCompile(`^[+-]?[0-9]+$`)
)

// isText tells whether a scalar may be meant as text. YAML takes digits for a number, and those of
// 08 or of more than an integer holds even for a fraction; as text they are all what they look like.
func isText(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode &&
		(n.Tag == "!!str" || n.Tag == "!!int" || n.Tag == "!!float" && digits.MatchString(n.Value))
}

// string keeps an unquoted number's digits and plus as they were written: ids and phone numbers
// are text, whatever YAML takes them for.
func (d *decoder) string(s *resource.Schema, n *yaml.Node, path string) (string, bool) {
	text := n.Value
	if !isText(n) {
		d.fail(n, path, "must be text, not %s: put it in quotes if it is meant so", describe(n))
		return "", false
	}
	wrong := ""
	switch {
	case s.Enum != nil && !slices.Contains(s.Enum, text):
		d.fail(n, path, "%q is not one of %s%s", clip(text), strings.Join(s.Enum, ", "), didYouMean(text, s.Enum))
		return "", false
	case s.Format == resource.FormatID && !idFormat.MatchString(text):
		wrong = "is not an id of Telnyx: copy it from the portal, digits as they stand there"
	case s.Format == resource.FormatHost && !isHost(text):
		wrong = "is not a host name or an IPv4 address: write it without scheme, port and path"
	case s.Format == resource.FormatName && !resource.ValidName(text):
		wrong = "cannot be a name: write printable text of at most 255 bytes, without space at its ends"
	case s.Format == resource.FormatDuration:
		length, err := resource.ParseDuration(text)
		if err == nil {
			return resource.DurationText(length), true // 24h and 1d are the same
		}
		wrong = err.Error()
	case s.Format == resource.FormatURL && text != "" && !isURL(text):
		wrong = "is not a web address: begin it with https:// or http:// and a host"
	case s.Required && text == "":
		wrong = "must not be empty"
	}
	if wrong != "" {
		d.fail(n, path, "%q %s", clip(text), wrong)
	}
	return text, wrong == ""
}

// isHost tells whether a text can be a host name or an IPv4 address. What ends in a number can only
// be an address: 192.0.2.256 is a slip, not a name.
func isHost(s string) bool {
	s = strings.TrimSuffix(s, ".")
	labels := strings.Split(s, ".")
	if last := labels[len(labels)-1]; digits.MatchString(last) {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Is4()
	}
	return len(s) <= 253 && !slices.ContainsFunc(labels, func(l string) bool { return !hostLabel.MatchString(l) })
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// reference reads the name of an entry, or {id: "…"} for an object that is not managed here.
func (d *decoder) reference(s *resource.Schema, n *yaml.Node, path string) (any, bool) {
	if n.Kind == yaml.ScalarNode {
		name, ok := d.string(&resource.Schema{Type: resource.String, Required: true}, n, path)
		return resource.Ref{Addr: resource.Addr{Kind: s.RefKind, Name: name}}, ok
	}
	want := "the name of an entry of " + s.RefKind + `, or {id: "…"}`
	fields, ok := d.texts(n, path, want, "id")
	if ok && !idFormat.MatchString(fields["id"]) {
		d.fail(n, path, "must be %s", want)
		return nil, false
	}
	return resource.Ref{ID: fields["id"]}, ok
}

// texts reads a mapping with exactly one of the given keys, whose value is text.
func (d *decoder) texts(n *yaml.Node, path, want string, keys ...string) (map[string]string, bool) {
	out := map[string]string{}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && slices.Contains(keys, n.Content[0].Value) {
		if v := n.Content[1]; v.Kind == yaml.ScalarNode && !isText(v) {
			d.fail(v, join(path, n.Content[0].Value), "must be text: put it in quotes if it is meant so")
			return nil, false
		}
		text, ok := d.string(&resource.Schema{Type: resource.String, Required: true}, n.Content[1], join(path, n.Content[0].Value))
		out[n.Content[0].Value] = text
		return out, ok
	}
	d.fail(n, path, "must be %s", want) // what was written may be the secret: it is not repeated
	return nil, false
}
