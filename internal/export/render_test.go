package export_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/export"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"

	"pgregory.net/rapid"
)

func TestLeave(t *testing.T) {
	object := func() resource.Object {
		return resource.Object{"label": "a\nb", "on": true, "limits": resource.Object{"in": int64(1), "out": int64(2)}, "tags": []any{"x"}}
	}
	leave := func(pairs ...string) string {
		list := entries(map[string][]resource.Live{"trunks": {{ID: "1", Object: object(), Hints: hints()}}})
		for i := 0; i < len(pairs); i += 2 {
			list[0].Leave(pairs[i], pairs[i+1])
		}
		return strings.TrimPrefix(text(t, list), "# head\n# Trunks,·as they were found.\n")
	}
	const (
		kind = "      kind: hard\n"
		rest = "    region: eu\n    token: {env: TRUNKS_TRUNK_1_TOKEN}\n"
		all  = "    label: \"a\\nb\"\n    \"on\": true\n    limits:\n      in: 1\n      out: 2\n" + kind + "    tags: [x]\n" + rest
	)
	compare(t, leave("/label", "it is\nwrong"), "trunks:\n  # label is left out (Telnyx has \"a\\nb\"): it is·wrong\n  trunk-1:\n    id: \"1\"\n"+strings.Replace(all, "    label: \"a\\nb\"\n", "", 1))
	compare(t, leave("/limits/in", "1 is wrong", "/limits/out", "2 is too"),
		"trunks:\n  # limits.in is left out (Telnyx has 1): 1 is wrong\n  # limits.out is left out (Telnyx has 2): 2 is too\n  trunk-1:\n    id: \"1\"\n"+strings.Replace(all, "      in: 1\n      out: 2\n", "", 1))
	compare(t, leave("/limits/in", "a", "/limits/out", "b", "/limits/kind", "c"),
		"trunks:\n  # limits.in is left out (Telnyx has 1): a\n  # limits.out is left out (Telnyx has 2): b\n  # limits.kind is left out (Telnyx has \"hard\"): c\n  trunk-1:\n    id: \"1\"\n"+
			strings.Replace(all, "    limits:\n      in: 1\n      out: 2\n"+kind, "", 1))
	compare(t, leave("/tags", "[x] is wrong"), "trunks:\n  # tags is left out (Telnyx has [\"x\"]): [x] is wrong\n  trunk-1:\n    id: \"1\"\n"+strings.Replace(all, "    tags: [x]\n", "", 1))
	whole := func(notes string) string {
		return "# trunks:\n" + notes + "  # trunk-1:\n  #   id: \"1\"\n" + strings.ReplaceAll("\n"+strings.TrimSuffix(all, "\n"), "\n    ", "\n  #   ")[1:] + "\n"
	}
	for path, why := range map[string]string{
		"":             "the entry",
		"/id":          "what says which object is meant", // without it the entry would ask for another
		"/nothing":     "an unknown field",
		"/limits/more": "one below",
		"/peer":        "one that is not written",
	} {
		compare(t, leave(path, why), whole("  # not exported: "+why+"\n"))
	}
	compare(t, leave("", "a", "/label", "b"), whole("  # not exported: a\n  # not exported: b\n"))

	// What the entries were made of is as it was.
	live := map[string][]resource.Live{"trunks": {{ID: "1", Object: object(), Hints: hints()}}}
	list := entries(live)
	list[0].Leave("/limits/in", "x")
	list[0].Leave("/limits", "x")
	list[0].Leave("/tags", "x")
	if resource.Text(live["trunks"][0].Object) != resource.Text(object()) {
		t.Errorf("the live object became %s", resource.Text(live["trunks"][0].Object))
	}
}

// hostile draws text that is not meant to be where it stands.
func hostile() *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{
		"\n", "\r", "\r\n", "\u0085", "\u2028", "\u2029", "\x00", "\x1b", "\t", "\v", "\f", "\x7f", "\ufeff", "\ufffe", "\ufffd", "#", " #", ": ", ":", "- ", "'", "\"", "\\", "{", "}", "[", "]", ",", "&a", "*a",
		"!x", "|", ">", "%", "@", "`", "?", "<<", "~", "null", "true", "---", "...", "a", "ü", "👍", " ", "boxes:", "  evil: {text: x}", "0", "1.5",
	})
	return rapid.OneOf(rapid.Map(rapid.SliceOfN(pieces, 1, 6), func(s []string) string { return strings.Join(s, "") }), rapid.StringN(1, 9, -1))
}

// load reads files back by the descriptions of kinds.
func load(t rapid.TB, dir string, table []resource.Kind, files []*export.File) resource.Config {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := spec.Load(table, dir)
	if err != nil {
		if len(files) == 1 {
			t.Fatalf("%v\n%s", err, files[0].Text)
		}
		t.Fatal(err)
	}
	return c
}

// TestNothingBreaksOut: whatever stands in names, values, reasons and heads, what is read back are the
// entries that were not left out, and nothing else; and each line belongs to its entry.
func TestNothingBreaksOut(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		var live []resource.Live
		for _, id := range rapid.SliceOfNDistinct(hostile(), 1, 6, rapid.ID).Draw(t, "ids") {
			live = append(live, resource.Live{ID: id, Object: resource.Object{"text": hostile().Draw(t, "value")}})
		}
		list := entries(map[string][]resource.Live{"boxes": live})
		want := map[string]string{}
		for _, e := range list {
			want[e.Name] = resource.GetString(e.Object, "/text")
			name, renamed := e.Object["name"].(string)
			switch {
			case renamed && !resource.ValidName(name), rapid.IntRange(0, 3).Draw(t, "leave") == 0:
				e.Leave("", hostile().Draw(t, "why"))
				delete(want, e.Name)
			case rapid.IntRange(0, 3).Draw(t, "leave a field") == 0:
				e.Leave("/text", hostile().Draw(t, "why"))
				want[e.Name] = ""
			}
		}
		files := export.Render(list, rapid.Bool().Draw(t, "for each kind"), hostile().Draw(t, "head"))
		n++
		c := load(t, filepath.Join(dir, fmt.Sprint(n)), toys(), files)
		got := map[string]string{}
		for _, e := range c.Entries {
			got[e.Name] = resource.GetString(e.Object, "/text")
			if at := files[0].At(e.Pos.Line); at == nil || at.Addr != e.Addr {
				t.Fatalf("line %d is %v, want %s\n%s", e.Pos.Line, at, e.Addr, files[0].Text)
			}
		}
		if resource.Text(got) != resource.Text(want) {
			t.Fatalf("got %q, want %q\n%s", got, want, files[0].Text)
		}
		if bytes.ContainsFunc(files[0].Text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == 0x85 || r == 0x2028 }) {
			t.Fatalf("what a terminal acts on: %q", files[0].Text)
		}
	})
}

// TestAt: each line is its entry's, from the notes above it to its last field.
func TestAt(t *testing.T) {
	list := entries(map[string][]resource.Live{"trunks": {trunk1("1"), trunk1("2")}, "boxes": {box1("a"), box1("b")}})
	list[0].Leave("", "one")
	list[0].Leave("", "two")
	list[2].Leave("/on", "three")
	f := export.Render(list, false, "head")[0]
	var got strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(string(f.Text), "\n"), "\n") {
		name := "-"
		if e := f.At(i + 1); e != nil {
			name = e.Name
		}
		fmt.Fprintf(&got, "%s|%s\n", name, line)
	}
	compare(t, got.String(), `-|# head
-|boxes:
a|  # not exported: one
a|  # not exported: two
a|  # a:
a|  #   text: x
b|  b:
b|    text: x
-|# Trunks,·as they were found.
-|trunks:
trunk-1|  # on is left out (Telnyx has true): three
trunk-1|  trunk-1:
trunk-1|    id: "1"
trunk-1|    limits:
trunk-1|      kind: hard
trunk-1|    region: eu
trunk-1|    token: {env: TRUNKS_TRUNK_1_TOKEN}
trunk-2|  trunk-2:
trunk-2|    id: "2"
trunk-2|    "on": true
trunk-2|    limits:
trunk-2|      kind: hard
trunk-2|    region: eu
trunk-2|    token: {env: TRUNKS_TRUNK_2_TOKEN}
`)
	for _, line := range []int{-1, 0, 1000} {
		if e := f.At(line); e != nil {
			t.Errorf("line %d is %s", line, e.Addr)
		}
	}
}

// TestManyFiles: more than can be read back from one file goes into several.
func TestManyFiles(t *testing.T) {
	many := map[string][]resource.Live{"trunks": {trunk1("1")}}
	for i := range 30_000 {
		many["boxes"] = append(many["boxes"], box1(fmt.Sprintf("box-%05d", i)))
	}
	large := map[string][]resource.Live{}
	for i := range 12 { // few, and of a megabyte each
		large["boxes"] = append(large["boxes"], resource.Live{ID: fmt.Sprintf("box-%05d", i), Object: resource.Object{"text": strings.Repeat("x", 1<<20)}})
	}
	for name, c := range map[string]struct {
		live    map[string][]resource.Live
		perKind bool
		files   []string
	}{
		"many, by kind":  {many, true, []string{"boxes.yaml", "boxes-2.yaml", "trunks.yaml"}},
		"many, together": {many, false, []string{"telnyxsync.yaml", "telnyxsync-2.yaml"}},
		"large":          {large, true, []string{"boxes.yaml", "boxes-2.yaml", "boxes-3.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			list := entries(c.live)
			files := export.Render(list, c.perKind, "head")
			var got []string
			for _, f := range files {
				got = append(got, f.Name)
				if f.At(strings.Count(string(f.Text), "\n")) == nil || !strings.HasPrefix(string(f.Text), "# head\n") {
					t.Errorf("%s begins with %.60q", f.Name, f.Text)
				}
			}
			if !slices.Equal(got, c.files) {
				t.Errorf("files %q, want %q", got, c.files)
			}
			config := load(t, t.TempDir(), toys(), files)
			if len(config.Entries) != len(list) {
				t.Errorf("%d entries were read back, of %d", len(config.Entries), len(list))
			}
		})
	}
}

// TestRealKinds: what all kinds of the table look like.
func TestRealKinds(t *testing.T) {
	live := map[string][]resource.Live{
		"external_connections": {{ID: "1930000000000000001", Object: resource.Object{
			"external_sip_connection": "operator_connect", "active": true, "inbound": resource.Object{"channel_limit": int64(5)},
			"outbound": resource.Object{"outbound_voice_profile_id": "1911630617284445511"}, "tags": []any{"emea"}, "webhook_event_failover_url": "",
		}}},
		"siprec_connectors": {{ID: "../x", Object: resource.Object{"host": "srs.example.com", "port": int64(5060)}}, {ID: " y", Object: resource.Object{"host": "srs.example.com", "port": int64(5060)}}},
		"media":             {{ID: "hold.mp3", Object: resource.Object{}, Expires: now.AddDate(0, 0, 9), Hints: resource.Object{"ttl": "10d", "content_type": "audio/mpeg"}}},
		"custom_storage_credentials": {
			{ID: "12", Object: resource.Object{"backend": "gcs", "configuration": resource.Object{"bucket": "b"}}},
			{ID: "13", Object: resource.Object{"backend": "s3-generic", "configuration": resource.Object{"bucket": "b", "region": "eu", "endpoint": "https://s3.example.com"}}},
		},
		"dialogflow_connections": {{ID: "12", Object: resource.Object{"environment": "production"}}},
	}
	list := export.Entries(export.Source{Kinds: realKinds(), Live: live, Instance: "default", Now: now})
	for _, e := range list {
		if e.Name == "y" {
			e.Leave("/name", "it cannot be a name") // as reading it back tells
		}
	}
	files := export.Render(list, false, "head")
	compare(t, string(files[0].Text), `# head
custom_storage_credentials:
  gcs-12:
    connection_id: "12"
    backend: gcs
    configuration:
      bucket: b
      credentials: {env: CUSTOM_STORAGE_CREDENTIALS_GCS_12_CREDENTIALS}
  s3-generic-13:
    connection_id: "13"
    backend: s3-generic
    configuration:
      bucket: b
      region: eu
      endpoint: https://s3.example.com
      aws_access_key_id: {env: CUSTOM_STORAGE_CREDENTIALS_S3_GENERIC_13_AWS_ACCESS_KEY_ID}
      aws_secret_access_key: {env: CUSTOM_STORAGE_CREDENTIALS_S3_GENERIC_13_AWS_SECRET_ACCESS_KEY}
dialogflow_connections:
  # Telnyx shows neither dialogflow_api nor location nor service_account: write them, then remove observe and ignore.
  dialogflow-12:
    connection_id: "12"
    dialogflow_api: es # cannot be read back
    location: global # cannot be read back
    environment: production
    service_account: {env: DIALOGFLOW_CONNECTIONS_DIALOGFLOW_12_SERVICE_ACCOUNT}
    observe: true
    ignore: [/dialogflow_api, /location, /service_account]
external_connections:
  operator-connect-1930000000000000001:
    id: "1930000000000000001"
    external_sip_connection: operator_connect
    active: true
    inbound:
      channel_limit: 5
    outbound:
      outbound_voice_profile_id: "1911630617284445511"
    tags: [emea]
# Of media only the life is looked after here: write file or media_url beside ttl to manage the content too.
media:
  hold.mp3:
    ttl: 10d
siprec_connectors:
  ../x:
    host: srs.example.com
    port: 5060
  # not exported: it cannot be a name
  # "y":
  #   name: ' y'
  #   host: srs.example.com
  #   port: 5060
`)
	if c := load(t, t.TempDir(), realKinds(), files); len(c.Entries) != len(list)-1 {
		t.Errorf("%d entries were read back", len(c.Entries))
	}
}
