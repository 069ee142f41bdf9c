package resource

import (
	"encoding/json"
	"fmt"
)

// The types below give a field of a kind's struct its meaning. Their values are never used: the
// struct is read by reflection, see [SchemaOf].

// ID is an identifier made by Telnyx: text of digits, letters and dashes, however it was quoted.
type ID string

// URL is an absolute http or https address, or "".
type URL string

// Host is a host name or an IPv4 address, without scheme and port.
type Host string

// Name is a natural key: printable text that can stand in a path.
type Name string

// Set is a list whose order and repetitions mean nothing.
type Set[T any] []T

// NumberList is a list of phone numbers in E.164 and of ranges of them; the value is [Numbers].
type NumberList struct{}

// NumbersFile is the path of a file with a number or a range on each line, relative to the YAML file; the
// value is the [Numbers] that stand in it.
type NumbersFile struct{}

// Named is a kind's struct as the target of a reference.
type Named interface{ KindName() string }

// RefTo is a reference to an entry of kind K: its name, or {id: "…"} for an object not managed here.
type RefTo[K Named] struct{}

// fieldType is how a field type describes itself.
type fieldType interface{ fieldSchema() *Schema }

func (ID) fieldSchema() *Schema     { return &Schema{Type: String, Format: FormatID} }
func (URL) fieldSchema() *Schema    { return &Schema{Type: String, Format: FormatURL} }
func (Host) fieldSchema() *Schema   { return &Schema{Type: String, Format: FormatHost} }
func (Name) fieldSchema() *Schema   { return &Schema{Type: String, Format: FormatName} }
func (Secret) fieldSchema() *Schema { return &Schema{Type: SecretType, WriteOnly: true} }
func (File) fieldSchema() *Schema   { return &Schema{Type: FileType} }

func (NumberList) fieldSchema() *Schema  { return &Schema{Type: NumbersType} }
func (NumbersFile) fieldSchema() *Schema { return &Schema{Type: NumbersFileType} }

func (Set[T]) fieldSchema() *Schema {
	s := listOf(SchemaOf[T]())
	s.Set = true
	return s
}

func (RefTo[K]) fieldSchema() *Schema {
	var k K
	return &Schema{Type: RefType, RefKind: k.KindName()}
}

// Ref is the value of a [RefTo] field: either an entry's address or an id. Before anything is
// compared, stored or sent it becomes the id or a [Pending].
type Ref struct {
	Addr Addr
	ID   string
}

// Pending stands for the id of an entry that does not exist yet.
type Pending struct{ Addr Addr }

// MarshalJSON shows what will be known once the entry is there.
func (p Pending) MarshalJSON() ([]byte, error) {
	return json.Marshal(fmt.Sprintf("(id of %s, known after apply)", p.Addr))
}
