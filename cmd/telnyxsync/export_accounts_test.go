package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// accountKeys is what identifies an object of each collection of the simulator.
var accountKeys = map[string]string{
	"external_connections": "id", "siprec_connectors": "name", "media": "media_name",
	"custom_storage_credentials": "connection_id", "dialogflow_connections": "connection_id",
}

// accountDrawer draws accounts as the API allows them: plain ones, or ones full of what our YAML does not.
type accountDrawer struct {
	*rapid.T
	hostile bool
	ids     []string                            // of the objects, as KIND ID
	held    map[resource.Number]resource.Target // where its numbers are
	flags   []string                            // that name those which have no list
	owners  map[string]bool                     // names in the owner tags of connections
}

// odd is text that YAML, paths, comments, terminals and our own rules may stumble over.
var odd = []string{
	"a?b", "../x", "..", ".", "a/b", "/", "%2e", "%", "a b", " a", "a ", "über", "日本", "👍", "e\u0301", "\u202egnp", "\u200b", "\u00a0", "\ufeffa", "\ufffd", "\ufffe", "\uffff", "\u0085", "\u2028x",
	"a\nb", "a\n# b", "a\n  b: c", "a\r\nb", "\t", "\x00", "\x1b[31mred", "\x7f", "a\\nb", "'", "\"", "''", "\"\"", "\\", "`", "$A", "${A}", "{env: A}", "{{.}}",
	"null", "~", "Null", "true", "True", "yes", "no", "on", "off", "y", "n", "0", "007", "0x1f", "0o17", "0b1", "1_000", "1e3", "1.5", ".5", "-1", "+15125550100", ".inf", ".nan", "1:30", "190:20:30",
	"2026-01-02", "2026-01-02T03:04:05Z", "<<", "=", "!", "!!str x", "!x", "&a", "*a", "@a", "#", "#a", " #a", "a #b", "a: b", "a:", ":", ":a", "- a", "-", "---", "...", "? a", "?", "[", "]", "[a]", "{", "}", "{a: b}",
	",", "|", ">", "|-", "%YAML", "a,b", "protect", "id", "name", "observe", "ignore", "telnyxsync", "unnamed", "zoom-1", "A_B", "a-b", "a.b", "a_b", "KEY-of-the-test", "a[0]", "a.ttl", "~1", "~0",
}

func (d *accountDrawer) coin(label string) bool { return rapid.Bool().Draw(d.T, label) }

func (d *accountDrawer) one(label string, of ...string) string {
	return rapid.SampledFrom(of).Draw(d.T, label)
}

// text draws what a field without rules may hold. Empty text is nothing.
func (d *accountDrawer) text(label string) string {
	return rapid.OneOf(rapid.SampledFrom(odd), rapid.StringN(1, 20, -1), rapid.StringMatching(`[a-z]{1,9}`)).Draw(d.T, label)
}

// name draws a natural key.
func (d *accountDrawer) name(label string) string {
	if d.hostile {
		long := rapid.Map(rapid.IntRange(250, 400), func(n int) string { return strings.Repeat("n", n) })
		return rapid.OneOf(rapid.SampledFrom(odd), rapid.StringN(1, 20, -1), long).Draw(d.T, label)
	}
	return rapid.OneOf(rapid.SampledFrom(plainNames), rapid.StringMatching(`[a-zA-Z0-9_/?.:#&*!-]{1,20}`), rapid.Just(strings.Repeat("ü", 127))).
		Filter(func(s string) bool { return s != "." && s != ".." }).Draw(d.T, label)
}

// plainNames are those of the odd ones that an entry may have.
var plainNames = []string{
	"a?b", "../x", "a/b", "%2e", "a b", "über", "日本", "👍", "null", "~", "true", "yes", "on", "007", "0x1f", "1_000", "1.5", "+15125550100", ".inf", "1:30", "2026-01-02", "<<", "=", "!x", "&a", "*a", "@a", "#a",
	"a #b", "a: b", "a:", "- a", "---", "...", "? a", "[a]", "{a: b}", "|", "'", "\"", "\\", "`", "protect", "id", "telnyxsync", "a.b", "a_b", "A_B", "a-b", "a[0]", "a.ttl", "~1", "{env: A}", "$A",
}

func (d *accountDrawer) id(label string) string {
	if d.hostile && rapid.IntRange(0, 4).Draw(d.T, "odd id") == 0 {
		return d.name(label)
	}
	return rapid.StringMatching(`[1-9][0-9]{0,18}`).Draw(d.T, label)
}

func (d *accountDrawer) url(label string) string {
	if d.hostile {
		return d.one(label, "https://hooks.example.com/a", "ftp://hooks.example.com", "wss://x", "https://u:p@hooks.example.com/", "http://[::1]:8080/?a#b", "custom+x://a", "https://:443/", "https://ex\u00e4mple.com/%20")
	}
	return d.one(label, "https://hooks.example.com/a?b=c#d", "http://hooks.example.com", "HTTPS://[::1]:8443/x")
}

// maybe puts a value into an object, or leaves it out.
func (d *accountDrawer) maybe(o map[string]any, name string, v func(label string) any) {
	if d.coin("with " + name) {
		o[name] = v(name)
	}
}

func anyOf[T any](f func(label string) T) func(label string) any {
	return func(label string) any { return f(label) }
}

func (d *accountDrawer) account() map[string]any {
	account := map[string]any{
		"_siprec_host_field": d.one("host field", "host", "hostname"), "_media_paging": d.one("paging", "none", "pages"),
		"_media_expired": d.one("expired", "gone", "shown"), "_media_put_ttl": d.one("put ttl", "reset", "keep"),
		"_tags_patch": "replace", "_storage_secrets": d.one("storage secrets", "returned", "masked", "omitted"),
		"_dialogflow_service_account": d.one("service account", "masked", "returned", "omitted"),
	}
	for _, c := range []struct {
		kind, flag string
		draw       func(o map[string]any)
	}{
		{"external_connections", "", d.connection},
		{"siprec_connectors", "--siprec=", d.siprec},
		{"media", "", d.media},
		{"custom_storage_credentials", "--storage=", d.storage},
		{"dialogflow_connections", "--dialogflow=", d.dialogflow},
	} {
		list, taken := []any{}, map[string]bool{}
		for range rapid.IntRange(0, 4).Draw(d.T, c.kind) {
			o := map[string]any{}
			c.draw(o)
			id := o[accountKeys[c.kind]].(string)
			if taken[id] {
				continue
			}
			taken[id] = true
			list = append(list, o)
			if c.flag == "" {
				d.ids = append(d.ids, c.kind+" "+id)
			} else if id != "." && id != ".." { // what cannot stand in a path cannot be read
				d.ids, d.flags = append(d.ids, c.kind+" "+id), append(d.flags, c.flag+id)
			}
		}
		account[c.kind] = list
	}
	d.numbers(account)
	return account
}

func (d *accountDrawer) connection(o map[string]any) {
	limit := func(label string) any {
		if d.hostile && d.coin("no "+label) {
			return nil
		}
		return rapid.OneOf(rapid.Int64Range(0, 100), rapid.Int64Range(0, 1<<63-1)).Draw(d.T, label)
	}
	o["id"], o["external_sip_connection"] = d.id("id"), d.one("type", "zoom", "operator_connect")
	outbound := map[string]any{"outbound_voice_profile_id": d.id("profile")}
	d.maybe(outbound, "channel_limit", limit)
	o["outbound"] = outbound
	if d.hostile && o["external_sip_connection"] == "zoom" { // Operator Connect ones without a profile are in a test of their own
		switch d.one("outbound", "as it is", "as it is", "empty profile", "no profile", "none") {
		case "empty profile":
			outbound["outbound_voice_profile_id"] = ""
		case "no profile":
			delete(outbound, "outbound_voice_profile_id")
		case "none":
			delete(o, "outbound")
		}
	}
	d.maybe(o, "inbound", func(string) any {
		inbound := map[string]any{}
		d.maybe(inbound, "channel_limit", limit)
		return inbound
	})
	d.maybe(o, "active", anyOf(d.coin))
	d.maybe(o, "credential_active", anyOf(d.coin))
	d.maybe(o, "tags", func(string) any {
		list := []any{}
		for range rapid.IntRange(0, 4).Draw(d.T, "tags") {
			list = append(list, d.tag())
		}
		return d.undisputed(list)
	})
	d.maybe(o, "webhook_event_url", anyOf(d.url))
	d.maybe(o, "webhook_event_failover_url", anyOf(d.url))
	d.maybe(o, "webhook_timeout_secs", func(label string) any { return rapid.IntRange(0, 30).Draw(d.T, label) })
}

// undisputed leaves out owner tags of entries that another connection is, or will be: what is there twice is a problem
// of the account, and in a test of its own.
func (d *accountDrawer) undisputed(tags []any) []any {
	mine := []string{}
	return slices.DeleteFunc(tags, func(tag any) bool {
		name, ours := strings.CutPrefix(tag.(string), "telnyxsync:default:")
		if !ours {
			return false
		}
		mine = append(mine, name)
		twice := d.owners[name] || len(mine) > 1 && strings.Contains(strings.Join(mine, " "), "zoom-")
		if d.owners == nil {
			d.owners = map[string]bool{}
		}
		d.owners[name] = true
		return twice
	})
}

// tag draws a tag: any, or one of an owner, this or another.
func (d *accountDrawer) tag() string {
	switch n := rapid.IntRange(0, 5).Draw(d.T, "tag"); {
	case n == 0 && d.hostile:
		return "telnyxsync:default:" + d.one("owner", "a", "b", "a:b", " x", "zoom-1", d.name("owner name"))
	case n == 1 && d.hostile:
		return d.one("other owner", "telnyxsync:other:a", "telnyxsync:default:", "telnyxsync:", "telnyxsync::a", "Telnyxsync:default:a")
	case n == 2:
		return ""
	}
	return d.text("tag text")
}

func (d *accountDrawer) siprec(o map[string]any) {
	o["name"], o["host"], o["port"] = d.name("name"), d.one("host", "srs.example.com", "192.0.2.1", "xn--bcher-kva.example"), rapid.IntRange(1, 65535).Draw(d.T, "port")
	if d.hostile {
		switch d.one("odd", "host", "no host", "no port", "nothing", "nothing", "nothing") {
		case "host":
			o["host"] = d.text("host text")
		case "no host":
			delete(o, "host")
		case "no port":
			delete(o, "port")
		}
	}
	d.maybe(o, "app_subdomain", anyOf(d.text))
}

func (d *accountDrawer) media(o map[string]any) {
	o["media_name"] = d.name("name")
	d.maybe(o, "content_type", func(label string) any {
		return d.one(label, "audio/mpeg", "audio/x-wav; codecs=1", "APPLICATION/PDF", "x", "application/octet-stream")
	})
	now := time.Now()
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	if d.coin("created") {
		o["created_at"] = at(now.Add(-time.Duration(rapid.IntRange(0, 10_000).Draw(d.T, "hours")) * time.Hour))
	}
	if d.coin("updated") {
		o["updated_at"] = at(now.Add(-time.Duration(rapid.IntRange(0, 10_000).Draw(d.T, "hours ago")) * time.Hour))
	}
	// Without expires_at, one that was made long ago has expired.
	if !d.hostile || d.coin("expires") {
		o["expires_at"] = at(now.Add(time.Duration(rapid.IntRange(1, 200_000).Draw(d.T, "hours left")) * time.Hour))
	}
	if d.hostile {
		switch d.one("life", "as it is", "as it is", "never said", "past", "for ever", "a minute") {
		case "never said":
			o["expires_at"] = nil
		case "past":
			o["expires_at"] = at(now.Add(-time.Hour))
		case "for ever":
			o["expires_at"] = "9999-12-31T23:59:59Z"
		case "a minute":
			o["updated_at"], o["expires_at"] = at(now.Add(time.Hour-time.Minute)), at(now.Add(time.Hour))
		}
	}
}

func (d *accountDrawer) storage(o map[string]any) {
	backend := d.one("backend", "gcs", "s3", "azure", "s3-generic")
	c := map[string]any{"backend": backend, "bucket": d.text("bucket")}
	switch backend {
	case "gcs":
		c["credentials"] = "hunter2"
	case "azure":
		c["account_key"] = "hunter2"
		d.maybe(c, "account_name", anyOf(d.text))
	case "s3":
		c["aws_access_key_id"], c["aws_secret_access_key"] = "hunter2", "hunter2"
		d.maybe(c, "region", anyOf(d.text))
	default:
		c["aws_access_key_id"], c["aws_secret_access_key"] = "hunter2", "hunter2"
		c["region"], c["endpoint"] = d.text("region"), d.one("endpoint", "https://s3.example.com", "http://[::1]:9000/x?y")
	}
	if d.hostile && d.coin("not all") {
		delete(c, d.one("missing", "bucket", "credentials", "account_key", "region", "endpoint", "aws_access_key_id"))
	}
	o["connection_id"], o["backend"], o["configuration"] = d.id("connection"), backend, c
}

func (d *accountDrawer) dialogflow(o map[string]any) {
	o["connection_id"] = d.id("connection")
	d.maybe(o, "conversation_profile_id", anyOf(d.text))
	d.maybe(o, "environment", anyOf(d.text))
	o["_service_account"] = map[string]any{"private_key": fmt.Sprint("hunter2 of ", o["connection_id"])}
	if d.coin("cx") {
		o["_dialogflow_api"], o["_location"] = "cx", "europe-west1"
	}
}
