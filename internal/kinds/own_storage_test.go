package kinds

import (
	"net/url"
	"strings"
	"testing"
)

func TestOwnStorage(t *testing.T) {
	for link, want := range map[string]string{
		"s3://acme-calls/a.wav":                                 "s3://acme-calls/a.wav",
		"S3://acme-calls/2026/a.wav":                            "s3://acme-calls/2026/a.wav",
		"gs://acme-calls/a.wav":                                 "gs://acme-calls/a.wav",
		"azure://acme/calls/a.wav":                              "azure://acme/calls/a.wav",
		"abfss://calls@acme.dfs.core.windows.net/a.wav":         "abfss://calls@acme.dfs.core.windows.net/a.wav",
		"wasbs://calls:secret@acme.blob.core.windows.net/a.wav": "wasbs://calls@acme.blob.core.windows.net/a.wav",

		"https://acme.blob.core.windows.net/calls/a.wav":             "https://acme.blob.core.windows.net/calls/a.wav",
		"https://storage.googleapis.com/acme-calls/a.wav":            "https://storage.googleapis.com/acme-calls/a.wav",
		"https://acme-calls.storage.googleapis.com/a.wav":            "https://acme-calls.storage.googleapis.com/a.wav",
		"https://acme-calls.s3.eu-central-1.amazonaws.com/a.wav":     "https://acme-calls.s3.eu-central-1.amazonaws.com/a.wav",
		"https://s3-eu-west-1.amazonaws.com/acme-calls/a.wav?x=y#z":  "https://s3-eu-west-1.amazonaws.com/acme-calls/a.wav",
		"https://key:secret@s3.amazonaws.com/acme-calls/a.wav?token": "https://s3.amazonaws.com/acme-calls/a.wav",

		// Telnyx's own links, and whatever else somebody can follow.
		"https://s3.amazonaws.com/telephony-recorder-prod/a.wav?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=ab": "",
		"https://acme.blob.core.windows.net/calls/a.wav?sv=2022&sig=ab":                                              "",
		"https://storage.googleapis.com/acme-calls/a.wav?X-Goog-Signature=ab":                                        "",
		"https://acme-calls.s3.amazonaws.com/a.wav?AWSAccessKeyId=A&Signature=ab":                                    "",
		"https://example.com/a.wav":              "",
		"https://s3.amazonaws.com.example.com/a": "",
		"https://ec2.amazonaws.com/a.wav":        "",
		"http://127.0.0.1:1/_sim/recordings/a":   "",
		"ftp://acme-calls/a.wav":                 "",
		"s3:/acme-calls/a.wav":                   "",
		"a.wav":                                  "",
		"":                                       "",
		"s3://%zz/a.wav":                         "",
	} {
		where, own := ownStorage(link)
		if where != want || own != (want != "") {
			t.Errorf("%s: %q, %v; want %q", link, where, own, want)
		}
	}
}

// Whatever Telnyx answers, what is told of it holds no key.
func FuzzOwnStorage(f *testing.F) {
	for _, seed := range []string{"s3://a/b", "https://u:p@s3.amazonaws.com/a?sig=b#c", "wasbs://c:p@x.blob.core.windows.net/y", "gs://a\x00/b", "s3://[::1]:x/y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, link string) {
		where, own := ownStorage(link)
		if own != (where != "") {
			t.Fatalf("%q: %q, %v", link, where, own)
		}
		if u, err := url.Parse(where); err != nil || u.RawQuery != "" || u.Fragment != "" || strings.Contains(where, "?") {
			t.Fatalf("%q is told as %q: %v", link, where, err)
		} else if _, key := u.User.Password(); key {
			t.Fatalf("%q is told as %q", link, where)
		}
	})
}
