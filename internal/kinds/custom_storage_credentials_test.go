package kinds_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

const storage = "custom_storage_credentials"

func secret(value string) resource.Secret { return resource.NewSecret(value, "digest of "+value) }

// recordings is an account with the storage of connection 7.
const recordings = `{"custom_storage_credentials":[{"connection_id":"7","backend":"s3","configuration":{"backend":"s3","bucket":"calls",
	"region":"eu-central-1","aws_access_key_id":"AKIAOLD","aws_secret_access_key":"oldoldold"}}]}`

// What comes back of the secrets is never compared with, masked or not.
func TestStorageLive(t *testing.T) {
	for _, shown := range []string{"returned", "masked", "omitted"} {
		r := newRig(t, strings.Replace(recordings, `{`, `{"_storage_secrets":"`+shown+`",`, 1))
		l := r.read(storage, "7")
		if got := resource.Text(l.Object); got != `{"backend":"s3","configuration":{"bucket":"calls","region":"eu-central-1"}}` {
			t.Errorf("%s: %s", shown, got)
		}
		if l.ID != "7" || !slices.Equal(l.Keys, []string{"7"}) || l.Label != "s3 calls" || l.Owners != nil || !l.Expires.IsZero() {
			t.Errorf("%+v", l)
		}
	}
	for answer, want := range map[string]string{
		`{}`:                                    `{}`,
		`{"backend":null,"configuration":null}`: `{}`,
		`{"backend":"azure","connection_id":"9","record_type":"x","configuration":{"backend":"azure","bucket":"b","account_name":null,"account_key":"****","extra":{"a":1}}}`: `{"backend":"azure","configuration":{"bucket":"b"}}`,
		`{"backend":"gcs","configuration":{"credentials":{"type":"service_account"},"bucket":7}}`:                                                                             `{"backend":"gcs","configuration":{"bucket":"7"}}`,
		`{"backend":"new","configuration":{"endpoint":"e"}}`:                                                                                                                  `{"backend":"new","configuration":{"endpoint":"e"}}`,
		// What is of another shape shows: it is not taken for nothing.
		`{"backend":["s3"],"configuration":"s3"}`: `{"backend":"[\"s3\"]","configuration":"s3"}`,
	} {
		c := newClient(t, client.Config{Transport: answers{http.StatusOK, `{"data":` + answer + `,"connection_id":"9","record_type":"custom_storage_credentials"}`}})
		l, err := row(storage).Open(c).Read(t.Context(), "7")
		must(t, err)
		if got := resource.Text(l.Object); got != want || l.ID != "7" {
			t.Errorf("%s of %s became %s, want %s", l.ID, answer, got, want)
		}
	}
}

// backends is an entry of each backend with all its fields, and what is sent for it.
func backends() map[string]struct {
	configuration resource.Object
	sent          string
} {
	type of = struct {
		configuration resource.Object
		sent          string
	}
	return map[string]of{
		"gcs": {
			resource.Object{"bucket": "b", "credentials": secret(`{"a":"<&>"}`)},
			`{"backend":"gcs","configuration":{"backend":"gcs","bucket":"b","credentials":"{\"a\":\"<&>\"}"}}`,
		},
		"s3": {
			resource.Object{"bucket": "b", "region": "r", "aws_access_key_id": secret("AKIA"), "aws_secret_access_key": secret("hidden")},
			`{"backend":"s3","configuration":{"aws_access_key_id":"AKIA","aws_secret_access_key":"hidden","backend":"s3","bucket":"b","region":"r"}}`,
		},
		"azure": {
			resource.Object{"bucket": "b", "account_name": "n", "account_key": secret("hidden")},
			`{"backend":"azure","configuration":{"account_key":"hidden","account_name":"n","backend":"azure","bucket":"b"}}`,
		},
		"s3-generic": {
			resource.Object{"bucket": "b", "region": "r", "endpoint": "https://s3.example.com", "aws_access_key_id": secret("AKIA"), "aws_secret_access_key": secret("hidden")},
			`{"backend":"s3-generic","configuration":{"aws_access_key_id":"AKIA","aws_secret_access_key":"hidden","backend":"s3-generic","bucket":"b","endpoint":"https://s3.example.com","region":"r"}}`,
		},
	}
}

func TestStorageWrites(t *testing.T) {
	for backend, test := range backends() {
		t.Run(backend, func(t *testing.T) {
			r := newRig(t, recordings)
			ops := r.ops(storage)
			desired := resource.Object{"backend": backend, "configuration": test.configuration}
			w := write(nil, desired, nil)
			w.Key = "8"
			receipt, err := ops.Create(t.Context(), w)
			must(t, err)
			want := canonical(t, nil, []byte(test.sent))
			r.wrote("POST /custom_storage_credentials/8 " + want)
			if receipt.RequestID == "" || receipt.Live.ID != "8" || receipt.Live.Object["backend"] != backend {
				t.Errorf("receipt %+v", receipt)
			}
			// It is whole, whatever differs. What only the former backend has is left behind.
			l := r.read(storage, "7")
			w = write(l, desired, resource.Object{"backend": backend})
			before := resource.Text([]any{w.Desired, w.Patch, w.Live.Object})
			receipt, err = ops.Update(t.Context(), w)
			must(t, err)
			r.wrote("PUT /custom_storage_credentials/7 " + want)
			if receipt.RequestID == "" || receipt.Live.ID != "7" || resource.GetString(receipt.Live.Object, "/configuration/bucket") != "b" {
				t.Errorf("receipt %+v", receipt)
			}
			if after := resource.Text([]any{w.Desired, w.Patch, w.Live.Object}); after != before {
				t.Errorf("what was given was changed: %s", after)
			}
			for range 2 { // the second time it is gone already
				receipt, err = ops.Delete(t.Context(), l)
				must(t, err)
				r.wrote("DELETE /custom_storage_credentials/7")
			}
			if n, err := ops.Numbers(t.Context(), l); n != 0 || err != nil || receipt.RequestID == "" {
				t.Errorf("%d numbers, %v", n, err)
			}
		})
	}
}

// PUT resets what it leaves out: what is not managed, or ignored, is sent as it is.
func TestStorageKeepsWhatIsNotManaged(t *testing.T) {
	keys := func() resource.Object {
		return resource.Object{"aws_access_key_id": secret("AKIA"), "aws_secret_access_key": secret("hidden")}
	}
	const body = `PUT /custom_storage_credentials/7 {"backend":"s3","configuration":{"aws_access_key_id":"AKIA","aws_secret_access_key":"hidden","backend":"s3","bucket":"%s","region":"%s"}}`
	for name, test := range map[string]struct {
		desired        resource.Object
		bucket, region string
	}{
		"region":        {resource.Object{"backend": "s3", "configuration": resource.Overlay(keys(), resource.Object{"bucket": "new"})}, "new", "eu-central-1"},
		"bucket":        {resource.Object{"backend": "s3", "configuration": resource.Overlay(keys(), resource.Object{"region": "new"})}, "calls", "new"},
		"configuration": {resource.Object{"backend": "s3", "configuration": keys()}, "calls", "eu-central-1"},
		"backend":       {resource.Object{"configuration": resource.Overlay(keys(), resource.Object{"bucket": "new"})}, "new", "eu-central-1"},
	} {
		for _, shown := range []string{"returned", "masked", "omitted"} {
			t.Run(name+", secrets "+shown, func(t *testing.T) {
				r := newRig(t, strings.Replace(recordings, `{`, `{"_storage_secrets":"`+shown+`",`, 1))
				_, err := r.ops(storage).Update(t.Context(), write(r.read(storage, "7"), test.desired, nil))
				must(t, err)
				r.wrote(fmt.Sprintf(body, test.bucket, test.region))
			})
		}
	}
}

// A backend that Telnyx has learned since would lose what we know nothing of.
func TestStorageOfAnUnknownBackend(t *testing.T) {
	r := newRig(t, recordings)
	l := r.read(storage, "7")
	l.Object["backend"] = "new"
	for _, desired := range []resource.Object{{"configuration": resource.Object{"bucket": "b"}}, {"backend": "newer"}, {}} {
		if _, err := r.ops(storage).Update(t.Context(), write(l, desired, desired)); err == nil || client.Unknown(err) || !strings.Contains(err.Error(), "nothing was sent") {
			t.Errorf("%v: %v", desired, err)
		}
		w := write(nil, desired, nil)
		w.Key = "8"
		if _, err := r.ops(storage).Create(t.Context(), w); err == nil || client.Unknown(err) {
			t.Errorf("%v: %v", desired, err)
		}
	}
	r.wrote()
}

func TestStorageErrors(t *testing.T) {
	r := newRig(t, strings.Replace(recordings, `{`, `{"connections":[{"id":"7"},{"id":"8"}],`, 1))
	ops := r.ops(storage)
	desired := resource.Object{"backend": "gcs", "configuration": resource.Object{"bucket": "b", "credentials": secret("very-hidden")}}
	for key, status := range map[string]int{"7": http.StatusUnprocessableEntity, "9": http.StatusNotFound} {
		w := write(nil, desired, nil)
		w.Key = key
		_, err := ops.Create(t.Context(), w)
		var api *client.Error
		if !errors.As(err, &api) || api.Status != status || api.RequestID == "" || client.Unknown(err) || strings.Contains(err.Error(), "very-hidden") {
			t.Errorf("%s: %v", key, err)
		}
	}
	if l, err := ops.Read(t.Context(), "8"); l != nil || err != nil {
		t.Errorf("one that is not there: %v, %v", l, err)
	}
	// An id is a single segment of the path, and never none.
	for id, bad := range map[string]bool{"a/b": false, "a?b": false, "..": true, "": true} {
		if l, err := ops.Read(t.Context(), id); l != nil || (err != nil) != bad {
			t.Errorf("%q: %v, %v", id, l, err)
		}
	}
}

func TestStorageKind(t *testing.T) {
	k := row(storage)
	named := resource.Ref{Addr: resource.Addr{Kind: connections, Name: "zoom"}}
	for want, o := range map[string]resource.Object{
		"7": {"connection_id": "7"}, "8": {"connection": resource.Ref{ID: "8"}}, "9": {"connection": resource.Ref{Addr: named.Addr, ID: "9"}}, "": {"connection": named},
	} {
		if got := k.Key("entry", o); got != want {
			t.Errorf("the key of %v is %q, want %q", o, got, want)
		}
	}
	if k.KeyField != "/connection_id" || k.KeyRef != "/connection" || !k.Rekeying || k.Listed || k.IDs || k.Renewal != nil || k.Deep != nil {
		t.Errorf("%+v", k.Kind)
	}
	l := &resource.Live{ID: "7", Object: resource.Object{"backend": "s3"}}
	if got := resource.Text(k.Export.Identity("n", l)); got != `{"connection_id":"7"}` || k.Export.Stem(l) != "s3-7" {
		t.Errorf("exported as %s", got)
	}
	for backend, want := range map[string][]string{
		"gcs": {"/configuration/credentials"}, "azure": {"/configuration/account_key"}, "none": nil,
		"s3": {"/configuration/aws_access_key_id", "/configuration/aws_secret_access_key"}, "s3-generic": {"/configuration/aws_access_key_id", "/configuration/aws_secret_access_key"},
	} {
		if got := k.Export.Secrets(resource.Object{"backend": backend}); !slices.Equal(got, want) {
			t.Errorf("the secrets of %s: %q", backend, got)
		}
	}
}

func TestStorageCheck(t *testing.T) {
	check := func(o resource.Object) (out []string) {
		for _, bad := range row(storage).Check("n", o) {
			out = append(out, bad.Path+": "+bad.Text)
		}
		slices.Sort(out)
		return out
	}
	named := resource.Ref{Addr: resource.Addr{Kind: connections, Name: "zoom"}}
	for backend, test := range backends() {
		for _, o := range []resource.Object{{"connection_id": "7"}, {"connection": named}} {
			o["backend"], o["configuration"] = backend, test.configuration
			if bad := check(o); len(bad) > 0 {
				t.Errorf("%s: %q", backend, bad)
			}
		}
		// Each field but bucket, which the schema asks for, and those without which a backend does, is missed.
		for name := range test.configuration {
			rest := resource.Overlay(test.configuration, nil)
			delete(rest, name)
			bad := check(resource.Object{"connection_id": "7", "backend": backend, "configuration": rest})
			optional := name == "bucket" || name == "account_name" || name == "region" && backend == "s3"
			if optional != (len(bad) == 0) || !optional && !strings.HasPrefix(bad[0], "/configuration/"+name+": "+name+" is missing: backend "+backend) {
				t.Errorf("%s without %s: %q", backend, name, bad)
			}
		}
		// What it does not have is named, and what it has.
		for _, name := range row(storage).Schema.Field("configuration").Names() {
			if _, has := test.configuration[name]; has {
				continue
			}
			bad := check(resource.Object{"connection_id": "7", "backend": backend, "configuration": resource.Overlay(test.configuration, resource.Object{name: "x"})})
			if len(bad) != 1 || !strings.HasPrefix(bad[0], "/configuration/"+name+": backend "+backend+" has no "+name+"; it has bucket, ") {
				t.Errorf("%s with %s: %q", backend, name, bad)
			}
		}
	}
	whole := resource.Object{"backend": "gcs", "configuration": backends()["gcs"].configuration}
	both := resource.Overlay(whole, resource.Object{"connection": named, "connection_id": "7"})
	if bad := check(both); len(bad) != 1 || !strings.HasPrefix(bad[0], "/connection: it stands beside connection_id") {
		t.Errorf("both: %q", bad)
	}
	if bad := check(whole); len(bad) != 1 || !strings.HasPrefix(bad[0], ": connection_id is missing") {
		t.Errorf("neither: %q", bad)
	}
	empty := resource.Object{"connection_id": "7", "backend": "s3-generic", "configuration": resource.Overlay(backends()["s3-generic"].configuration, resource.Object{"region": ""})}
	if bad := check(empty); len(bad) != 1 || !strings.HasPrefix(bad[0], "/configuration/region: region is missing") {
		t.Errorf("empty: %q", bad)
	}
}
