package spec_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/resource"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

// drawn is an entry that a generator made: what Load is to find, and how it is written.
type drawn struct {
	resource.Entry
	node *yaml.Node
}

// entries draws valid entries of some kinds, with names and identities of their own.
func entries(t *rapid.T, table []resource.Kind) (out []drawn) {
	taken := map[string]bool{}
	for _, k := range table {
		for i := range rapid.IntRange(0, 4).Draw(t, "entries") {
			d := &drawer{T: t, names: out, nth: i}
			e := resource.Entry{Addr: resource.Addr{Kind: k.Name, Name: d.name(i)}}
			o, node := d.object(k.Schema)
			fit(k.Name, o, node, i)
			if k.Check != nil && len(k.Check(e.Name, o)) > 0 || k.CheckBeside != nil && len(k.CheckBeside(o, d.find)) > 0 || taken[k.Name+" "+k.Key(e.Name, o)] {
				continue
			}
			if key := k.Key(e.Name, o); key != "" {
				taken[k.Name+" "+key] = true
			}
			e.Object = o
			if d.coin("protect") {
				b := d.coin("protected")
				e.Protect = &b
				set(node, "protect", plain("!!bool", fmt.Sprint(b)))
			}
			if e.Observe = d.coin("observe"); e.Observe {
				set(node, "observe", plain("!!bool", "true"))
			}
			if names := k.Schema.Names(); d.coin("ignore") {
				p := resource.Pointer(rapid.SampledFrom(names).Draw(t, "ignored"))
				e.Ignore = []string{p}
				set(node, "ignore", &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{d.text(p)}})
			}
			out = append(out, drawn{e, node})
		}
	}
	return out
}

// fit gives an entry what its kind asks for beyond the schema.
func fit(kind string, o resource.Object, node *yaml.Node, i int) {
	host := fmt.Sprintf("h%d.example.com", i)
	switch {
	case kind == "trunks":
		o["host"] = host
		set(node, "host", plain("!!str", host))
	case kind == "custom_storage_credentials":
		fitStorage(o, node, i)
	case strings.HasSuffix(kind, "_retention"):
		fitOnly(o, node, "delete_after", "90d")
	case kind == "log_message_rules":
		fitOnly(o, node, "title_contains", "é")
	case o["external_sip_connection"] == "zoom":
		o["outbound"] = resource.Object{"outbound_voice_profile_id": "1911630617284445511"}
		set(node, "outbound", mapping("outbound_voice_profile_id", plain("!!int", "1911630617284445511")))
	}
}

// fitOnly leaves one field.
func fitOnly(o resource.Object, node *yaml.Node, field, value string) {
	clear(o)
	node.Content = nil
	o[field] = value
	set(node, field, plain("!!str", value))
}

// fitStorage is Google's: the other backends have other fields.
func fitStorage(o resource.Object, node *yaml.Node, i int) {
	id := fmt.Sprint(i)
	delete(o, "connection")
	node.Content = nil
	o["backend"], o["connection_id"] = "gcs", id
	o["configuration"] = resource.Object{"bucket": "calls", "credentials": resource.SecretRef{Env: "A_NAME"}}
	set(node, "backend", plain("!!str", "gcs"))
	set(node, "connection_id", plain("!!int", id))
	configuration := mapping("credentials", mapping("env", plain("!!str", "A_NAME")))
	set(configuration, "bucket", plain("!!str", "calls"))
	set(node, "configuration", configuration)
}

// fileNumbers are what the file of the i-th entry holds, see [numbersText].
func fileNumbers(i int) resource.Numbers {
	first := resource.Number(442079460000 + 10*i)
	return resource.Numbers{{From: first, To: first + 1}, {From: first + 5, To: first + 7}}
}

func numbersText(i int) string {
	n := fileNumbers(i)
	return fmt.Sprintf("# numbers\r\n\n  %v # the second\n%v\t\n%v", n[0].To, n[0].From, n[1])
}

// holdWAV is a file that media can be made of, and hold what is to be found of it.
const holdWAV = "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x00\x00\x00\x00"

func hold() resource.File {
	return resource.File{Name: "hold.wav", Size: int64(len(holdWAV)), SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(holdWAV))), Type: "audio/wav"}
}

func set(m *yaml.Node, key string, v *yaml.Node) {
	for i := 0; i < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content[i+1] = v
			return
		}
	}
	m.Content = append(m.Content, plain("!!str", key), v)
}

func plain(tag, value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
	if value == "<<" {
		n.Style = yaml.DoubleQuotedStyle // the encoder forgets what it means without
	}
	return n
}

func mapping(key string, v *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{plain("!!str", key), v}}
}

// drawer draws values by their schema, each with one of the ways to write it.
type drawer struct {
	*rapid.T
	names []drawn
	nth   int // of its kind
}

func (d *drawer) coin(label string) bool { return rapid.Bool().Draw(d.T, label) }

func (d *drawer) name(i int) string {
	return rapid.SampledFrom([]string{"a", "über uns", "007", "a/b", "~", "null", "true", "+15125550100", "x: y", "- z", "#", "*a", "1.5", "<<"}).Draw(d.T, "name") +
		strings.Repeat("'", i)
}

func (d *drawer) object(s *resource.Schema) (resource.Object, *yaml.Node) {
	o, node := resource.Object{}, &yaml.Node{Kind: yaml.MappingNode}
	if d.coin("flow") {
		node.Style = yaml.FlowStyle
	}
	for _, f := range s.Fields {
		if !f.Required && d.coin("left out") {
			continue
		}
		v, n := d.value(f.Schema)
		o[f.Name] = v
		set(node, f.Name, n)
	}
	return o, node
}

func (d *drawer) value(s *resource.Schema) (any, *yaml.Node) {
	if s.Nullable && d.coin("null") {
		return nil, plain("!!null", rapid.SampledFrom([]string{"null", "~", "Null"}).Draw(d.T, "null"))
	}
	switch s.Type {
	case resource.ObjectType:
		o, n := d.object(s)
		return o, n
	case resource.List:
		list, node := []any{}, &yaml.Node{Kind: yaml.SequenceNode}
		for range rapid.IntRange(0, 4).Draw(d.T, "length") {
			v, n := d.value(s.Elem)
			list, node.Content = append(list, v), append(node.Content, n)
		}
		return s.Canon(list), node
	case resource.Bool:
		b := d.coin("bool")
		return b, plain("!!bool", fmt.Sprint(b))
	case resource.Int:
		low, high := int64(math.MinInt64), int64(math.MaxInt64)
		if s.Min != nil {
			low = *s.Min
		}
		if s.Max != nil {
			high = *s.Max
		}
		i := rapid.Int64Range(low, high).Draw(d.T, "int")
		return i, plain("!!int", fmt.Sprint(i))
	case resource.RefType:
		for _, e := range d.names {
			if e.Kind == s.RefKind && d.coin("by name") {
				return resource.Ref{Addr: e.Addr}, d.text(e.Name)
			}
		}
		return resource.Ref{ID: "1911630617284445511"}, mapping("id", plain("!!int", "1911630617284445511"))
	case resource.FileType:
		return hold(), d.text(hold().Name)
	case resource.SecretType:
		return resource.SecretRef{Env: "A_NAME"}, mapping("env", plain("!!str", "A_NAME"))
	case resource.NumbersType:
		return d.numbers()
	case resource.NumbersFileType:
		return fileNumbers(d.nth), plain("!!str", fmt.Sprintf("numbers-%d.txt", d.nth))
	}
	text := d.string(s)
	return text, d.text(text)
}

// numbers draws numbers and ranges in any order, which may overlap; no two entries of a kind have any in
// common.
func (d *drawer) numbers() (resource.Numbers, *yaml.Node) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	var ranges []resource.Range
	for range rapid.IntRange(1, 5).Draw(d.T, "numbers") {
		r := resource.Range{From: resource.Number(15125550000 + 1000*d.nth + rapid.IntRange(0, 30).Draw(d.T, "from"))}
		r.To = r.From + resource.Number(rapid.IntRange(0, 4).Draw(d.T, "more"))
		ranges = append(ranges, r)
		n := d.text(r.String())
		if d.coin("bare") {
			n.Tag, n.Style = "", 0 // YAML takes it for an integer
		}
		list.Content = append(list.Content, n)
	}
	if len(ranges) == 1 && d.coin("without a list") {
		return resource.NumbersOf(ranges...), list.Content[0]
	}
	return resource.NumbersOf(ranges...), list
}

// find is what was drawn of an entry.
func (d *drawer) find(a resource.Addr) resource.Object {
	for _, e := range d.names {
		if e.Addr == a {
			return e.Object
		}
	}
	return nil
}

func (d *drawer) string(s *resource.Schema) string {
	switch {
	case s.Enum != nil:
		return rapid.SampledFrom(s.Enum).Draw(d.T, "enum")
	case s.Format == resource.FormatID:
		return rapid.StringMatching(`[0-9]{1,30}|[A-Za-z0-9_-]{1,64}`).Draw(d.T, "id")
	case s.Format == resource.FormatHost:
		return rapid.StringMatching(`[a-z][a-z0-9]{0,9}(\.[a-z]{2,5}){0,3}`).Draw(d.T, "host")
	case s.Format == resource.FormatURL:
		return rapid.StringMatching(`https?://[a-z]{1,9}\.example(/[a-z?%20]{0,9})?`).Filter(func(s string) bool {
			return !strings.Contains(strings.ReplaceAll(s, "%20", ""), "%")
		}).Draw(d.T, "url")
	case s.Format == resource.FormatDuration:
		return resource.DurationText(time.Duration(rapid.Int64Range(1, 1e9).Draw(d.T, "seconds")) * time.Second)
	case s.Format == resource.FormatName:
		return rapid.StringOfN(rapid.Rune(), 1, 20, -1).Filter(resource.ValidName).Draw(d.T, "name")
	case s.Required:
		return rapid.StringMatching(`[0-9+]{1,15}|.{1,9}`).Filter(func(s string) bool { return s != "" }).Draw(d.T, "text")
	}
	return rapid.String().Draw(d.T, "text")
}

// text writes a text: as digits where it is some, plain where YAML allows, or in quotes.
func (d *drawer) text(s string) *yaml.Node {
	n := plain("!!str", s)
	if s != "" && !slices.ContainsFunc([]rune(s), func(r rune) bool { return r < '0' || r > '9' }) && d.coin("bare") {
		n.Tag = "" // written as it stands: the encoder quotes only what it knows to be text
		return n
	}
	if s == "<<" || strings.ContainsAny(s, " \n") { // literal blocks, which the encoder at times writes wrong
		n.Style = yaml.DoubleQuotedStyle
		return n
	}
	n.Style = rapid.SampledFrom([]yaml.Style{0, yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle}).Draw(d.T, "style")
	return n
}
