package telnyxsim_test

import (
	"net/url"
	"strings"
	"testing"

	"telnyxsync/internal/telnyxsim"
)

// configurations are complete ones by backend, all of them.
func configurations() map[string]string {
	return map[string]string{
		"gcs":        `{"backend":"gcs","bucket":"b","credentials":"SECRET"}`,
		"s3":         `{"aws_access_key_id":"SECRET","aws_secret_access_key":"SECRET","backend":"s3","bucket":"b","region":"us-east-1"}`,
		"s3-generic": `{"aws_access_key_id":"SECRET","aws_secret_access_key":"SECRET","backend":"s3-generic","bucket":"b","endpoint":"https://s3.example.com","region":"r"}`,
		"azure":      `{"account_key":"SECRET","account_name":"n","backend":"azure","bucket":"b"}`,
	}
}

// storageBody is what is sent for a backend.
func storageBody(backend string) string {
	return `{"backend":"` + backend + `","configuration":` + configurations()[backend] + `}`
}

func TestStorageLife(t *testing.T) {
	for backend := range configurations() {
		a := serve(t, telnyxsim.Config{})
		for _, id := range []string{"1930000000000000001", "a?b", "x/y", ".."} {
			path := "/v2/custom_storage_credentials/" + url.PathEscape(id)
			a.want(404, "PUT", path, storageBody(backend))
			want := `{"connection_id":` + tree(id) + `,"data":` + storageBody(backend) + `,"record_type":"custom_storage_credentials"}`
			if got := a.want(200, "POST", path, storageBody(backend)).raw; strings.TrimSpace(got) != want {
				t.Errorf("created\n%s, want\n%s", got, want)
			}
			if e := a.want(422, "POST", path, storageBody(backend)).errors(); e != "10012 /connection_id" {
				t.Errorf("creating them twice: %s", e)
			}
			if got := a.want(200, "GET", path, "").raw; strings.TrimSpace(got) != want {
				t.Errorf("read\n%s, want\n%s", got, want)
			}
			// What is left out is gone, whatever backend it was.
			body := `{"backend":"s3","configuration":{"aws_access_key_id":"k","aws_secret_access_key":"s","backend":"s3","bucket":"c"}}`
			want = `{"connection_id":` + tree(id) + `,"data":` + body + `,"record_type":"custom_storage_credentials"}`
			for _, got := range []answer{a.want(200, "PUT", path, body), a.want(200, "GET", path, "")} {
				if strings.TrimSpace(got.raw) != want {
					t.Errorf("put\n%s, want\n%s", got.raw, want)
				}
			}
			if got := a.want(204, "DELETE", path, ""); got.raw != "" {
				t.Errorf("DELETE answered %q", got.raw)
			}
			for method, body := range map[string]string{"GET": "", "DELETE": "", "PUT": storageBody(backend)} {
				if e := a.want(404, method, path, body).errors(); e != "10005 /connection_id" {
					t.Errorf("%s of deleted credentials: %s", method, e)
				}
			}
		}
	}
}

func TestStorageRefusals(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{Account: []byte(`{"custom_storage_credentials":[{"connection_id":"1","backend":"gcs","configuration":{"backend":"gcs"}}]}`)}, malformed)
	before := string(a.sim.Account())
	for body, want := range map[string]string{
		`{}`: "10027 /backend; 10027 /configuration",
		`{"backend":"ftp","configuration":{"backend":"ftp"}}`: "10032 /backend",
		`{"backend":"gcs","configuration":[]}`:                "10027 /configuration",
		`{"backend":"gcs","configuration":{}}`:                "10027 /configuration/backend; 10027 /configuration/bucket; 10027 /configuration/credentials",
		`{"backend":"s3","configuration":{"backend":"s3"}}`: "10027 /configuration/aws_access_key_id; 10027 /configuration/aws_secret_access_key; " +
			"10027 /configuration/bucket",
		`{"backend":"s3-generic","configuration":{"backend":"s3-generic"}}`: "10027 /configuration/aws_access_key_id; 10027 /configuration/aws_secret_access_key; " +
			"10027 /configuration/bucket; 10027 /configuration/endpoint; 10027 /configuration/region",
		`{"backend":"azure","configuration":{"backend":"azure"}}`:                                           "10027 /configuration/account_key; 10027 /configuration/bucket",
		strings.Replace(storageBody("gcs"), "gcs", "azure", 1):                                              "10027 /configuration/account_key; 10027 /configuration/credentials; 10032 /configuration/backend",
		strings.Replace(storageBody("gcs"), "SECRET", "", 1):                                                "10027 /configuration/credentials",
		strings.Replace(storageBody("gcs"), `"b"`, `"b","region":"r"`, 1):                                   "10027 /configuration/region",
		strings.Replace(storageBody("s3"), `"b"`, `"b","endpoint":"https://x.example"`, 1):                  "10027 /configuration/endpoint",
		strings.Replace(storageBody("s3-generic"), "https", "ftp", 1):                                       "10027 /configuration/endpoint",
		strings.Replace(storageBody("s3-generic"), "https://", "", 1):                                       "10027 /configuration/endpoint",
		`{"connection_id":"2","record_type":"custom_storage_credentials",` + storageBody("azure")[1:]:       "10027 /connection_id; 10027 /record_type",
		`{"backend":"gcs","configuration":{"backend":"gcs","bucket":"b","credentials":"c","_note":"none"}}`: "10027 /configuration/_note",
	} {
		for method, id := range map[string]string{"POST": "2", "PUT": "1"} {
			if got := a.want(422, method, "/v2/custom_storage_credentials/"+id, body).errors(); got != want {
				t.Errorf("%s %s: %s, want %s", method, body, got, want)
			}
		}
	}
	if string(a.sim.Account()) != before {
		t.Errorf("what was refused changed the account to %s", a.sim.Account())
	}
	a.want(404, "GET", "/v2/custom_storage_credentials", "")
	a.want(405, "PATCH", "/v2/custom_storage_credentials/1", `{}`)
	a.want(404, "POST", "/v2/custom_storage_credentials/%ff", storageBody("gcs"))
}

func TestStorageSecrets(t *testing.T) {
	for shown, secret := range map[string]string{"returned": `"SECRET"`, "masked": `"****"`, "omitted": ""} {
		a := serve(t, telnyxsim.Config{Account: []byte(`{"_storage_secrets":"` + shown + `"}`)})
		for backend := range configurations() {
			path := "/v2/custom_storage_credentials/" + backend
			for _, got := range []answer{
				a.want(200, "POST", path, storageBody(backend)), a.want(200, "GET", path, ""), a.want(200, "PUT", path, storageBody(backend)),
			} {
				configuration := got.data()["configuration"].(map[string]any)
				for _, name := range []string{"credentials", "aws_access_key_id", "aws_secret_access_key", "account_key"} {
					v, there := configuration[name]
					if was := strings.Contains(storageBody(backend), name); there != (was && secret != "") || there && tree(v) != secret {
						t.Errorf("%s, %s of %s: %v", shown, name, backend, v)
					}
				}
				if configuration["bucket"] != "b" || configuration["backend"] != backend {
					t.Errorf("%s: %s", shown, got.raw)
				}
			}
		}
		if n := strings.Count(string(a.sim.Account()), "SECRET"); n != 6 {
			t.Errorf("%s: the account has %d secrets: %s", shown, n, a.sim.Account())
		}
	}
}

// Both kinds of credentials belong to connections.
func TestCredentialsOfConnections(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"connections":[{"id":"1"}],"external_connections":[{"id":"2"}],
		"custom_storage_credentials":[{"connection_id":"4","backend":"gcs","configuration":{"backend":"gcs"}}],
		"dialogflow_connections":[{"connection_id":"4"}]}`)})
	for collection, body := range map[string]string{"custom_storage_credentials": storageBody("gcs"), "dialogflow_connections": agent} {
		for id, known := range map[string]bool{"1": true, "2": true, "3": false, "4": false} {
			path := "/v2/" + collection + "/" + id
			if !known {
				if e := a.want(404, "POST", path, body).errors(); e != "10005 /connection_id" {
					t.Errorf("POST %s: %s", path, e)
				}
				continue
			}
			if got, err := a.try("POST", path, body); err != nil || got.status >= 300 {
				t.Errorf("POST %s: %v %d %s", path, err, got.status, got.raw)
			}
		}
		a.want(200, "GET", "/v2/"+collection+"/4", "")
		a.want(200, "PUT", "/v2/"+collection+"/4", body)
	}
}
