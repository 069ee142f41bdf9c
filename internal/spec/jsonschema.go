package spec

import (
	"bytes"
	"encoding/json"
	"strings"

	"telnyxsync/internal/resource"
)

// JSONSchema is the JSON Schema (draft 2020-12) of a file of desired state: what editors complete and
// check by. It takes whatever [Load] takes, and refuses as much of the rest as is cheap to say; what
// depends on other fields, entries or files is Load's. Editors differ in which drafts and which regular
// expressions they know: only keywords that older drafts have too are used, and patterns that Go and
// JavaScript read alike.
func JSONSchema(kinds []resource.Kind) []byte {
	sections := object{}
	for _, k := range kinds {
		sections[k.Name] = described(k.Doc, object{
			"type":                 "object",
			"propertyNames":        definition("name"),
			"additionalProperties": entryJSON(k.Schema),
		})
	}
	doc := described("What telnyxsync keeps a Telnyx account equal to. A field that is not written is not managed, null clears it. "+
		"A section that is written and empty, {}, means that there are none; one that is not written is left alone.",
		object{
			"$schema":              "https://json-schema.org/draft/2020-12/schema",
			"title":                "telnyxsync: desired state",
			"type":                 []string{"object", "null"}, // null: a file with only comments
			"properties":           sections,
			"additionalProperties": false,
			"$defs": object{
				"name":      nameJSON(),
				"number":    numberJSON(),
				"reference": referenceJSON(),
				"secret":    secretJSON(),
			},
		})
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		panic(err) // it holds nothing that JSON cannot
	}
	return b.Bytes()
}

// object is a part of the schema; JSON sorts its keys.
type object = map[string]any

func described(text string, o object) object {
	if text != "" {
		o["description"] = text
	}
	return o
}

// titled says what was expected where something else stands; of alternatives, editors name only one.
func titled(text string, o object) object {
	o["title"] = text
	return o
}

func definition(name string) object { return object{"$ref": "#/$defs/" + name} }

// closed is a mapping with these keys and no others.
func closed(properties object, required ...string) object {
	o := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// entryJSON is an entry: the kind's fields, and what [decoder.entry] reads in every kind.
func entryJSON(s *resource.Schema) object {
	o := fieldsJSON(s)
	properties := o["properties"].(object)
	properties["protect"] = described("Never deleted and never replaced; remembered until protect: false was applied.", object{"type": "boolean"})
	properties["observe"] = described("Drift is reported and nothing is changed; defaults to false.", object{"type": "boolean"})
	properties["ignore"] = described("JSON pointers of fields that are not compared, as in [/tags].", object{
		"type":  "array",
		"items": object{"enum": pointers(s, "")},
	})
	return o
}

// pointers lists what an entry can ignore.
func pointers(s *resource.Schema, at string) (list []string) {
	for _, f := range s.Fields {
		p := at + resource.Pointer(f.Name)
		list = append(append(list, p), pointers(f.Schema, p)...)
	}
	return list
}

func fieldsJSON(s *resource.Schema) object {
	properties := object{}
	var required []string
	for _, f := range s.Fields {
		properties[f.Name] = valueJSON(f.Schema)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	return closed(properties, required...)
}

func valueJSON(s *resource.Schema) object {
	o := shapeJSON(s)
	if s.Nullable {
		o = orNull(o)
	}
	return described(s.Doc, o)
}

func orNull(o object) object {
	switch t := o["type"].(type) {
	case string:
		o["type"] = []string{t, "null"}
	case []string:
		o["type"] = append(t, "null")
	default:
		return object{"anyOf": []object{o, {"type": "null"}}}
	}
	if words, ok := o["enum"].([]any); ok {
		o["enum"] = append(words, nil)
	}
	return o
}

// shapeJSON is a value as [decoder.value] reads it, apart from null.
func shapeJSON(s *resource.Schema) object {
	switch s.Type {
	case resource.ObjectType:
		return fieldsJSON(s)
	case resource.List:
		list := object{"type": "array", "items": valueJSON(s.Elem)}
		if s.One {
			return object{"anyOf": []object{list, valueJSON(s.Elem)}}
		}
		return list
	case resource.Bool:
		return object{"type": "boolean"}
	case resource.Int:
		o := object{"type": "integer"}
		if s.Min != nil {
			o["minimum"] = *s.Min
		}
		if s.Max != nil {
			o["maximum"] = *s.Max
		}
		return o
	case resource.RefType:
		return definition("reference")
	case resource.SecretType:
		return definition("secret")
	case resource.FileType, resource.NumbersFileType:
		return notEmpty(textJSON())
	case resource.NumbersType:
		return object{"anyOf": []object{{"type": "array", "items": definition("number")}, definition("number")}}
	default:
		return stringJSON(s)
	}
}

// textJSON is any text. Digits without quotes are a number for YAML and text for us, see isText.
func textJSON() object { return object{"type": []string{"string", "integer"}} }

func notEmpty(o object) object {
	o["minLength"] = 1
	return o
}

func matching(o object, pattern string) object {
	o["pattern"] = pattern
	return o
}

// Patterns of what Load reads without one. They are wider where a pattern is at its end: that a
// host's last label is no number, that a duration is not 0s, what stands behind the host of a URL.
const (
	urlPattern      = `^$|^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]`
	durationPattern = `^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$`
	numbersPattern  = `^\+[1-9][0-9]{6,14}( *- *\+[1-9][0-9]{6,14})?$`
	namePattern     = `^[^\x00-\x20\x7f-\xa0]([^\x00-\x1f\x7f-\xa0]*[^\x00-\x20\x7f-\xa0])?$`
)

// stringJSON is a text as [decoder.string] reads it. Formats that digits alone never have, and words,
// are not taken as numbers.
func stringJSON(s *resource.Schema) object {
	o := textJSON()
	switch {
	case s.Enum != nil:
		words := make([]any, len(s.Enum))
		for i, w := range s.Enum {
			words[i] = w
		}
		return object{"type": "string", "enum": words}
	case s.Format == resource.FormatName:
		return definition("name")
	case s.Format == resource.FormatID:
		return idJSON()
	case s.Format == resource.FormatHost:
		label := strings.Trim(hostLabel.String(), "^$")
		o = matching(o, `^`+label+`(\.`+label+`)*\.?$`)
		o["maxLength"] = 254 // with the dot at the end
		return o
	case s.Format == resource.FormatDuration:
		return notEmpty(matching(object{"type": "string"}, durationPattern))
	case s.Format == resource.FormatURL:
		o = matching(object{"type": "string"}, urlPattern)
	}
	if s.Required {
		return notEmpty(o)
	}
	return o
}

func idJSON() object { return matching(textJSON(), idFormat.String()) }

// nameJSON is what [resource.ValidName] takes, and a little more: a pattern knows controls and
// spaces, not all that cannot be printed, and lengths count characters.
func nameJSON() object {
	o := matching(textJSON(), namePattern)
	o["maxLength"] = 255
	o["not"] = object{"enum": []string{".", ".."}}
	return o
}

// numberJSON is what [readRange] takes, apart from what is known of countries. Without quotes a number is
// an integer, whose plus is out of an editor's sight.
func numberJSON() object {
	o := matching(textJSON(), numbersPattern)
	o["minimum"], o["maximum"] = int64(1e6), int64(1e15-1)
	return described("A phone number in E.164, or the first and the last of many: +15125550100-+15125550199.", o)
}

func referenceJSON() object {
	return object{"anyOf": []object{
		described("The name of an entry.", definition("name")),
		titled("{id: …}", described("The id of an object that is not managed here.", closed(object{"id": idJSON()}, "id"))),
	}}
}

func secretJSON() object {
	env := matching(object{"type": "string"}, envName.String())
	env["not"] = object{"const": keyEnv}
	credential := matching(textJSON(), credentialName.String())
	credential["not"] = object{"enum": []string{keyCredential, ".", ".."}}
	one := func(name, doc string, value object) object {
		return titled("{env: …}, {file: …} or {credential: …}", closed(object{name: described(doc, value)}, name))
	}
	return object{"oneOf": []object{
		one("env", "Name of the environment variable that holds the secret.", env),
		one("file", "Path of the file that holds the secret, relative to the YAML file; a newline at its end is dropped.", notEmpty(textJSON())),
		one("credential", "Name of the systemd credential that holds the secret.", credential),
	}}
}
