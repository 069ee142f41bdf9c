package resource_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"telnyxsync/internal/resource"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

const (
	hidden = "hunter2-hunter2"
	digest = "hmac-sha256:d1ge57"
)

type holder struct {
	S    resource.Secret
	P    *resource.Secret
	Any  any
	List []resource.Secret
	Map  map[string]resource.Secret
	Deep *holder
	own  resource.Secret // fmt calls no methods of fields like this
}

// held is a secret in all that can hold one.
func held() map[string]any {
	s := resource.NewSecret(hidden, digest)
	h := holder{S: s, P: &s, Any: s, List: []resource.Secret{s}, Map: map[string]resource.Secret{"k": s}, own: s}
	h.Deep = &holder{S: s, P: &s, Any: &s, own: s}
	var nothing *resource.Secret
	return map[string]any{
		"secret": s, "pointer": &s, "pointer to a pointer": &h.P, "struct": h, "pointer to a struct": &h,
		"slice": []resource.Secret{s}, "slice of any": []any{s, &s, h}, "array": [1]resource.Secret{s}, "map": map[string]resource.Secret{"k": s},
		"map of any": map[string]any{"k": s, "p": &s}, "key of a map": map[resource.Secret]int{s: 1}, "tree": resource.Object{"a": resource.Object{"b": s}},
		"resolved": resource.Resolved{Secret: s}, "anonymous": struct{ resource.Secret }{s}, "inner alone": struct{ s resource.Secret }{s},
		"without a value": resource.Secret{}, "nil": nothing,
	}
}

// shows fails where a text shows anything of the secret: the value, its digest, or either in another
// writing.
func shows(t *testing.T, how, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for _, s := range []string{hidden, "hunter", digest, "d1ge57", fmt.Sprintf("%x", "hunter"), fmt.Sprintf("% x", "hunter"), fmt.Sprintf("%d", []byte("hunter"))} {
		if strings.Contains(lower, strings.Trim(s, "[]")) {
			t.Errorf("%s shows the secret: %s", how, text)
			return
		}
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	for name, v := range held() {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspZ!w" {
			for _, flags := range []string{"", "+", "-", "#", "0", " ", "+#", "# ", "20", ".3", "20.3", "-20"} {
				format := "%" + flags + string(verb)
				shows(t, name+" "+format, fmt.Sprintf(format, v))
			}
		}
		shows(t, name+" Sprint", fmt.Sprint(v))
		shows(t, name+" Sprintln", fmt.Sprintln("x", v))
		shows(t, name+" Errorf", fmt.Errorf("it is %v: %w", v, fmt.Errorf("of %+v", v)).Error())
		var b bytes.Buffer
		if template.Must(template.New("").Parse("{{.}}{{printf `%#v` .}}")).Execute(&b, v) == nil {
			shows(t, name+" template", b.String())
		}
		func() {
			defer func() { shows(t, name+" panic", fmt.Sprint(recover())) }()
			panic(v)
		}()
	}
	s := resource.NewSecret(hidden, digest)
	for _, format := range []string{"%v", "%s", "%q", "%x", "%#v", "%+v", "%d", "%20s"} {
		if got := fmt.Sprintf(format, s); got != resource.Dots {
			t.Errorf("%s: %q, want dots", format, got)
		}
	}
	if s.String() != resource.Dots {
		t.Error(s.String())
	}
}

func TestSecretIsNeverMarshalled(t *testing.T) {
	for name, v := range held() {
		if text, err := json.Marshal(v); err == nil {
			shows(t, name+" JSON", string(text))
		}
		if text, err := yaml.Marshal(v); err == nil {
			shows(t, name+" YAML", string(text))
		}
	}
	s := resource.NewSecret(hidden, digest)
	for got, want := range map[string]string{
		resource.Text(s):                         `"` + resource.Dots + `"`,
		resource.Text(resource.Object{"a": s}):   `{"a":"` + resource.Dots + `"}`,
		resource.Text([]any{s, &s}):              `["` + resource.Dots + `","` + resource.Dots + `"]`,
		resource.Text(resource.Secret{}):         `"` + resource.Dots + `"`,
		resource.Text(map[resource.Secret]int{}): `{}`,
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	type plain struct {
		S   resource.Secret
		own resource.Secret
	}
	if text, err := xml.Marshal(plain{S: s, own: s}); err != nil || !strings.Contains(string(text), "<S>"+resource.Dots+"</S>") {
		t.Errorf("XML %s, %v", text, err)
	}
	text, err := yaml.Marshal(map[string]any{"a": s})
	if want := "a: " + resource.Dots + "\n"; err != nil || string(text) != want {
		t.Errorf("YAML %q, %v, want %q", text, err, want)
	}
}

func TestSecretIsNeverLogged(t *testing.T) {
	for name, v := range held() {
		var b bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
			lg := slog.New(h)
			lg.Info("it is", "v", v)
			lg.Info("it is", slog.Group("g", slog.Any("v", v)))
			lg.With("v", v).Error("it is", "error", fmt.Errorf("of %v", v))
		}
		if b.Len() == 0 {
			t.Fatal("nothing was logged")
		}
		shows(t, name+" slog", b.String())
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", resource.NewSecret(hidden, digest))
	if !strings.HasSuffix(b.String(), "v="+resource.Dots+"\n") {
		t.Errorf("got %s, want dots", b.String())
	}
}

func TestSecret(t *testing.T) {
	s := resource.NewSecret(hidden, digest)
	if s.Reveal() != hidden || s.Digest() != digest {
		t.Errorf("%q, %q", s.Reveal(), s.Digest())
	}
	if z := (resource.Secret{}); z.Reveal() != "" || z.Digest() != "" || z.Object() != nil {
		t.Error("one without a value has one")
	}
}

func TestSecretObject(t *testing.T) {
	for text, want := range map[string]string{
		`{"type": "service_account", "n": 12345678901234567890}`: `{"n":12345678901234567890,"type":"service_account"}`,
		"\n {} \r\n\t":                           `{}`,
		"{\"private_key\": \"-----BEGIN\\n\"}\n": `{"private_key":"-----BEGIN\n"}`,
		``:                                       "null", `null`: "null", `[]`: "null", `"{}"`: "null", `5`: "null", `{`: "null", `{} {}`: "null", `{}x`: "null", `{}}`: "null", `{}]`: "null",
		`{"a":1}garbage`: "null", `{"a":1},`: "null", `{"a":1}` + "\x00": "null", `hunter2`: "null", "\ufeff{}": "null",
	} {
		if got := resource.Text(resource.NewSecret(text, "").Object()); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestSecretRef(t *testing.T) {
	for ref, want := range map[resource.SecretRef]string{
		{Env: "A_NAME"}: "{env: A_NAME}", {File: "/run/secrets/a"}: "{file: /run/secrets/a}", {Credential: "a"}: "{credential: a}",
	} {
		if got := fmt.Sprint(ref); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := resource.Text(resource.SecretRef{File: "/a"}); got != `{"file":"/a"}` {
		t.Error(got)
	}
}

// TestRemembered: digests stand where something opaque was, all else is as it was, and what was given is
// not changed.
func TestRemembered(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	file := resource.File{Root: "/r", Name: "a.wav", Size: 5, SHA256: sum, Type: "audio/wav"}
	in := resource.Object{
		"s": resource.NewSecret(hidden, digest), "f": file, "none": resource.Secret{}, "text": "x", "null": nil, "list": []any{"a", int64(1)},
		"below": resource.Object{"s": resource.NewSecret(hidden, digest), "n": int64(5)}, "empty": resource.Object{},
	}
	before := resource.Text(in)
	want := resource.Object{
		"s": digest, "f": "sha256:" + sum, "none": "(no digest)", "text": "x", "null": nil, "list": []any{"a", int64(1)},
		"below": resource.Object{"s": digest, "n": int64(5)}, "empty": resource.Object{},
	}
	got := resource.Remembered(in)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %s, want %s", resource.Text(got), resource.Text(want))
	}
	// Where nothing was applied, a secret without a digest is a difference all the same.
	if resource.Equal(nil, resource.Remembered(resource.Secret{})) || resource.Equal("", resource.Remembered(resource.NewSecret(hidden, ""))) {
		t.Error("a secret without a digest is nothing")
	}
	got.(resource.Object)["below"].(resource.Object)["n"] = int64(6)
	if resource.Text(in) != before {
		t.Error("what was given was changed")
	}
	shows(t, "what is remembered but for the digests", strings.ReplaceAll(resource.Text(got), digest, ""))
	rapid.Check(t, func(t *rapid.T) {
		o := tree(3).Draw(t, "object")
		if once := resource.Remembered(o); !reflect.DeepEqual(once, any(o)) {
			t.Fatalf("nothing is opaque, and it became %#v", once)
		}
	})
}

func TestFile(t *testing.T) {
	sum := bytes.Repeat([]byte{0xab}, 32)
	f := resource.File{Root: "/etc/conf", Name: "audio/a.wav", Size: 44, SHA256: strings.Repeat("ab", 32), Type: "audio/wav"}
	if f.Digest() != resource.FileDigest(sum) || f.Digest() != "sha256:"+strings.Repeat("ab", 32) {
		t.Error(f.Digest())
	}
	moved := f
	moved.Root, moved.Name, moved.Type = "/other", "b.wav", ""
	if moved.Digest() != f.Digest() {
		t.Error("a file that is renamed is another")
	}
	if got := resource.Text(f); got != `"audio/a.wav (sha256:`+strings.Repeat("ab", 32)+`, 44 bytes)"` {
		t.Error(got)
	}
	if got := resource.Short(resource.Text(f)); got != `"audio/a.wav (sha256:abababababab…, 44 bytes)"` {
		t.Error(got)
	}
}

func TestShort(t *testing.T) {
	full := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	for text, want := range map[string]string{
		"": "", "sha256": "sha256", "sha256:": "sha256:", "sha256:abc": "sha256:abc", full: "sha256:0123456789ab…", full[:len(full)-1]: full[:len(full)-1],
		full + "0": "sha256:0123456789ab…0", "x " + full + " y": "x sha256:0123456789ab… y", "hmac-" + full: "hmac-sha256:0123456789ab…",
	} {
		if got := resource.Short(text); got != want {
			t.Errorf("Short(%q) = %q, want %q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`.{0,9}sha256:[0-9a-f]{0,70}.{0,9}`)).Draw(t, "text")
		if got := resource.Short(s); len(got) > len(s) || !strings.Contains(s, "sha256:") && got != s {
			t.Fatalf("Short(%q) = %q", s, got)
		}
	})
}
