package telnyxsim_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"telnyxsync/internal/telnyxsim"
)

// aForm writes multipart/form-data with fields and, unless it is "", a file of a type.
func aForm(t *testing.T, fields map[string]string, contentType, content string) (header, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, v := range fields {
		if err := w.WriteField(name, v); err != nil {
			t.Fatal(err)
		}
	}
	if contentType != "" {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="media"; filename="a"`}, "Content-Type": {contentType},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte(content))
	}
	_ = w.Close()
	return w.FormDataContentType(), b.String()
}

// sendAs sends a body of a type and insists on the status.
func (a *api) sendAs(status int, method, path, contentType, body string) answer {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.key)
	req.Header.Set("Content-Type", contentType)
	got, err := a.send(req)
	if err != nil {
		a.t.Fatal(err)
	}
	if got.status != status {
		a.t.Fatalf("%s %s: %d %s, want %d", method, path, got.status, got.raw, status)
	}
	return got
}

// upload sends a form and insists on the status.
func (a *api) upload(status int, method, path string, fields map[string]string, contentType, content string) answer {
	a.t.Helper()
	header, body := aForm(a.t, fields, contentType, content)
	return a.sendAs(status, method, path, header, body)
}

// A form that is as large as allowed passes, checked against the contract, and one
// byte more does not.
func TestLargeForm(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	content := strings.Repeat("0123456789abcdef", 20<<16)
	a.upload(201, "POST", "/v2/media", map[string]string{"media_name": "a"}, "audio/mpeg", content)
	if got := a.want(200, "GET", "/v2/media/a/download", ""); got.raw != content {
		t.Errorf("%d bytes came back", len(got.raw))
	}
	for _, more := range []string{"x", strings.Repeat("x", 5<<20)} {
		if got := a.upload(422, "PUT", "/v2/media/a", nil, "audio/mpeg", content+more).errors(); got != "10027 /media" {
			t.Errorf("%d bytes: %s", len(content)+len(more), got)
		}
	}
}

func TestFormFaults(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	a.fault(`[{"match":"POST /media","do":"drop-before-commit"},{"match":"POST /media","do":"drop-after-commit"},
		{"match":"GET /media/*/download","do":"short-page"},{"match":"GET /media/a%2Fb/download","do":"html"}]`)
	header, body := aForm(t, map[string]string{"media_name": "a/b"}, "audio/mpeg", "x")
	for _, want := range []string{"", "a/b"} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", a.url+"/v2/media", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer x")
		req.Header.Set("Content-Type", header)
		if got, err := a.send(req); err == nil {
			t.Errorf("answered: %d %s", got.status, got.raw)
		}
		if got := a.want(200, "GET", "/v2/media", "").column("media_name"); got != want {
			t.Errorf("listed are %q, want %q", got, want)
		}
	}
	for _, want := range []string{"x", "<!DOCTYPE html>"} {
		if got := a.want(200, "GET", "/v2/media/a%2Fb/download", "").raw; !strings.HasPrefix(got, want) {
			t.Errorf("downloaded %q, want %q", got, want)
		}
	}
	if j := a.sim.Journal(); j[0].Path != "/media" || j[0].Status != 0 || j[4].Path != "/media/a%2Fb/download" || j[4].Status != 200 {
		t.Errorf("journal: %+v", j)
	}
}

func TestBadForms(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{}, malformed)
	part := func(header, content string) string {
		return "--b\r\nContent-Disposition: form-data" + header + "\r\n\r\n" + content + "\r\n"
	}
	const end = "--b--\r\n"
	file := part(`; name="media"; filename="a"`, "x")
	for name, test := range map[string]struct{ contentType, body, want string }{
		"right":             {"Multipart/Form-Data; boundary=b", file + end, "201 "},
		"no boundary":       {"multipart/form-data", file + end, "400 10015 /"},
		"another boundary":  {"multipart/form-data; boundary=c", file + end, "400 10015 /"},
		"another type":      {"multipart/mixed; boundary=b", file + end, "415 10015 /"},
		"a form of no file": {"application/x-www-form-urlencoded", "media=x", "415 10015 /"},
		"no type":           {"", file + end, "415 10015 /"},
		"nothing":           {"multipart/form-data; boundary=b", "", "400 10015 /"},
		"no parts":          {"multipart/form-data; boundary=b", end, "422 10027 /media"},
		"breaks off":        {"multipart/form-data; boundary=b", file, "400 10015 /"},
		"breaks off inside": {"multipart/form-data; boundary=b", file[:len(file)-3], "400 10015 /"},
		"no name":           {"multipart/form-data; boundary=b", file + part("", "x") + end, "400 10015 /"},
		"twice":             {"multipart/form-data; boundary=b", file + file + end, "400 10015 /media"},
		"not UTF-8":         {"multipart/form-data; boundary=b", file + part(`; name="media_name"`, "\xff") + end, "400 10015 /media_name"},
		"a long name":       {"multipart/form-data; boundary=b", file + part(`; name="media_name"`, strings.Repeat("x", 1<<20+1)) + end, "413 10015 /media_name"},
		"far too long":      {"multipart/form-data; boundary=b", "--" + strings.Repeat("x", 22<<20) + "\r\n" + file + end, "413 10015 /"},
		"text for the file": {"multipart/form-data; boundary=b", part(`; name="media"`, "x") + end, "422 10027 /media"},
		"file for a text":   {"multipart/form-data; boundary=b", file + part(`; name="media_name"; filename="b"`, "x") + end, "422 10027 /media_name"},
		"empty name":        {"multipart/form-data; boundary=b", file + part(`; name="media_name"`, "") + end, "422 10027 /media_name"},
		"URL in a form":     {"multipart/form-data; boundary=b", file + part(`; name="media_url"`, "https://x.example") + end, "422 10027 /media_url"},
		"lifetime of words": {"multipart/form-data; boundary=b", file + part(`; name="ttl_secs"`, "long") + end, "422 10027 /ttl_secs"},
		"too long a life":   {"multipart/form-data; boundary=b", file + part(`; name="ttl_secs"`, "630720000") + end, "422 10027 /ttl_secs"},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), "POST", a.url+"/v2/media", strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer x")
			req.Header.Set("Content-Type", test.contentType)
			got, err := a.send(req)
			if err != nil {
				t.Fatal(err)
			}
			if s := fmt.Sprint(got.status, " ", got.errors()); s != test.want {
				t.Errorf("%s, want %s", s, test.want)
			}
		})
	}
	// Without a type, a file is bytes.
	if got := a.want(200, "GET", "/v2/media", "").column("content_type"); got != "application/octet-stream" {
		t.Errorf("listed are %s", got)
	}
	a.sendAs(415, "POST", "/v2/external_connections", "multipart/form-data; boundary=b", file+end)
}
