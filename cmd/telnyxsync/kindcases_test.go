package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// kindCase is a kind as the tests that every kind has to pass see it.
type kindCase struct {
	kind   string
	base   func(name string) map[string]any // of an entry with every field
	fields []field
	write  string                                        // how a change is written
	isOf   func(name string, object map[string]any) bool // whether an object of the account is an entry's
}

// field is a field with another value than the base has.
type field struct {
	path  string
	v     any
	blind bool // no GET returns it
}

// origin is where a difference comes from when the field is changed in the YAML.
func (f field) origin() string {
	if ref, ok := f.v.(map[string]any); ok && ref["env"] != nil {
		return "secret" // it is what the reference leads to that differs
	}
	return "config"
}

// shown are the fields whose drift can be seen.
func (k *kindCase) shown() []field {
	return slices.DeleteFunc(slices.Clone(k.fields), func(f field) bool { return f.blind })
}

func env(name string) map[string]any { return map[string]any{"env": name} }

// secrets is the environment that the cases refer to.
var secrets = []string{
	"SECRET_A=secret-of-a", "SECRET_B=secret-of-b", "SECRET_C=secret-of-c",
	`ACCOUNT_A={"type":"service_account","private_key":"key-of-a"}`, `ACCOUNT_B={"type":"service_account","private_key":"key-of-b"}`,
}

// connectionID is the connection that an entry of that name is about.
func connectionID(name string) string {
	return fmt.Sprint(1000 + slices.Index([]string{"one", "two", "a", "b"}, name))
}

func kindCases() []kindCase {
	isConnections := func(name string, o map[string]any) bool { return o["connection_id"] == connectionID(name) }
	return []kindCase{
		{
			kind: "external_connections",
			base: func(string) map[string]any {
				return map[string]any{
					"external_sip_connection": "zoom", "active": true,
					"inbound":           map[string]any{"channel_limit": 10},
					"outbound":          map[string]any{"outbound_voice_profile_id": "1911630617284445511", "channel_limit": 20},
					"tags":              []any{"emea", "production"},
					"webhook_event_url": "https://hooks.example.com/a", "webhook_event_failover_url": "https://hooks.example.com/b",
					"webhook_timeout_secs": 5,
				}
			},
			fields: []field{
				{path: "/active", v: false},
				{path: "/inbound/channel_limit", v: 11},
				{path: "/outbound/channel_limit", v: 21},
				{path: "/outbound/outbound_voice_profile_id", v: "1911630617284445512"},
				{path: "/tags", v: []any{"apac"}},
				{path: "/webhook_event_url", v: "https://hooks.example.com/c"},
				{path: "/webhook_event_failover_url", v: "https://hooks.example.com/d"},
				{path: "/webhook_timeout_secs", v: 0},
			},
			write: "PATCH",
			isOf: func(name string, o map[string]any) bool {
				return strings.Contains(fmt.Sprint(o["tags"]), "telnyxsync:default:"+name)
			},
		},
		{
			kind: "siprec_connectors",
			base: func(string) map[string]any {
				return map[string]any{"host": "srs.example.com", "port": 5060, "app_subdomain": "app"}
			},
			fields: []field{
				{path: "/host", v: "192.0.2.1"},
				{path: "/port", v: 5061},
				{path: "/app_subdomain", v: "other"},
			},
			write: "PUT",
			isOf:  func(name string, o map[string]any) bool { return o["name"] == name },
		},
		{
			kind: "media",
			base: func(string) map[string]any {
				return map[string]any{"file": "audio/a.wav", "ttl": "100d", "renew_before": "10d"}
			},
			fields: []field{
				{path: "/file", v: "audio/b.wav", blind: true},
				{path: "/ttl", v: "200d", blind: true},
			},
			write: "PUT",
			isOf:  func(name string, o map[string]any) bool { return o["media_name"] == name },
		},
		{
			kind: "custom_storage_credentials",
			base: func(name string) map[string]any {
				return map[string]any{
					"connection_id": connectionID(name), "backend": "s3",
					"configuration": map[string]any{
						"bucket": "calls", "region": "eu-central-1", "aws_access_key_id": env("SECRET_A"), "aws_secret_access_key": env("SECRET_B"),
					},
				}
			},
			fields: []field{
				{path: "/configuration/bucket", v: "other"},
				{path: "/configuration/region", v: "us-east-1"},
				{path: "/configuration/aws_access_key_id", v: env("SECRET_C"), blind: true},
				{path: "/configuration/aws_secret_access_key", v: env("SECRET_C"), blind: true},
			},
			write: "PUT",
			isOf:  isConnections,
		},
		{
			kind: "dialogflow_connections",
			base: func(name string) map[string]any {
				return map[string]any{
					"connection_id": connectionID(name), "dialogflow_api": "es", "location": "global", "conversation_profile_id": "profile",
					"environment": "production", "service_account": env("ACCOUNT_A"),
				}
			},
			fields: []field{
				{path: "/dialogflow_api", v: "cx", blind: true},
				{path: "/location", v: "europe-west1", blind: true},
				{path: "/conversation_profile_id", v: "other"},
				{path: "/environment", v: "draft"},
				{path: "/service_account", v: env("ACCOUNT_B"), blind: true},
			},
			write: "PUT",
			isOf:  isConnections,
		},
	}
}

// wav is a sound of so many samples, which make it one of its own.
func wav(samples string) string {
	size := func(n int) string { return string([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}) }
	return "RIFF" + size(36+len(samples)) + "WAVEfmt " + size(16) + "\x01\x00\x01\x00" + size(8000) + size(8000) + "\x01\x00\x08\x00data" +
		size(len(samples)) + samples
}

// writeMedia puts the files there that the cases refer to.
func (r *rig) writeMedia() { r.writeMediaIn(".") }

func (r *rig) writeMediaIn(dir string) {
	r.t.Helper()
	for _, name := range []string{"a", "b"} {
		path := filepath.Join(r.dir, dir, "audio", name+".wav")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(wav(name)), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
}
