package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"
	"unicode/utf8"
)

// refusal makes the error of a PATCH that was answered so.
func refusal(t testing.TB, status int, contentType, body string) *Error {
	t.Helper()
	return judge(request{
		method: "PATCH", path: "/external_connections/123", mask: newMasker(testKey), read: func([]byte) error { return nil },
	}, answer{status: status, contentType: contentType, body: []byte(body), sent: true, requestID: "5f"})
}

func TestErrorShapes(t *testing.T) {
	const at = "PATCH /external_connections/123: "
	for _, tc := range []struct {
		name, body, want string
		status           int
	}{
		{
			"telnyx", `{"errors":[{"code":"10027","title":"Unprocessable","detail":"outbound_voice_profile_id is required","source":{"pointer":"/outbound"}}]}`,
			"422 10027 Unprocessable: outbound_voice_profile_id is required (/outbound, request 5f)", 422,
		},
		{"code and title only", `{"errors":[{"code":"10015","title":"Bad Request"}]}`, "400 10015 Bad Request (request 5f)", 400},
		{"integer code", `{"errors":[{"code":10005,"title":"Not found"}]}`, "404 10005 Not found (request 5f)", 404},
		{"parameter", `{"errors":[{"code":"1","title":"T","source":{"parameter":"page[size]"}}]}`, "400 1 T (page[size], request 5f)", 400},
		{"several", `{"errors":[{"code":"1","title":"A","detail":"a"},{"code":"2","title":"B","detail":"b"}]}`, "422 1,2 A: a; B; b (request 5f)", 422},
		{"several places", `{"errors":[{"code":"1","title":"A","detail":"a","source":{"pointer":"/x"}},{"code":"1","title":"A","detail":"a","source":{"pointer":"/y"}}]}`, "422 1 A: a; a (/y) (/x, request 5f)", 422},
		{"detail an object", `{"errors":[{"code":"1","title":"T","detail":{"b":["x","y"],"a":1}}]}`, "422 1 T: a: 1, b: x, y (request 5f)", 422},
		{
			"map of fields", `{"errors":{"outbound":["can't be blank"],"inbound":["a","b"]}}`,
			"422 Unprocessable Entity: inbound: a, b; outbound: can't be blank (/inbound, request 5f)", 422,
		},
		{"one error object", `{"errors":{"code":"7","title":"T"}}`, "400 7 T (request 5f)", 400},
		{"errors a text", `{"errors":"no"}`, "400 Bad Request: no (request 5f)", 400},
		{"texts", `{"errors":["no","never"]}`, "400 Bad Request: no; never (request 5f)", 400},
		{
			"FastAPI list", `{"detail":[{"loc":["body","ids",0],"msg":"field required","type":"value_error"}]}`,
			"422 value_error Unprocessable Entity: field required (/body/ids/0, request 5f)", 422,
		},
		{"FastAPI text", `{"detail":"Not authenticated"}`, "400 Bad Request: Not authenticated (request 5f)", 400},
		{"message", `{"error":"bad","message":"very"}`, "400 bad: very (request 5f)", 400},
		{"nested error", `{"error":{"code":5,"message":"very"}}`, "400 5 Bad Request: very (request 5f)", 400},
		{"something else", `{"x":{"y":true}}`, "400 Bad Request: x: y: true (request 5f)", 400},
		{"secret", `{"errors":[{"title":"T","detail":{"aws_secret_access_key":"s3cr3t"}}]}`, "400 T: aws_secret_access_key: •••• (request 5f)", 400},
		{"list", `[{"code":"1","title":"T"}]`, "400 1 T (request 5f)", 400},
		{"number", `42`, "400 Bad Request: 42 (request 5f)", 400},
		{"null", `null`, "400 Bad Request (request 5f)", 400},
		{"nulls", `{"errors":[{"code":null,"title":null,"detail":null,"source":null},null]}`, "400 Bad Request (request 5f)", 400},
		{"empty", ``, "502 Bad Gateway (request 5f); it may have taken effect all the same", 502},
		{"text", "upstream connect error\n", "503 Service Unavailable: upstream connect error\\n (request 5f); it may have taken effect all the same", 503},
		{"broken", `{"errors":[`, `400 Bad Request: {"errors":[ (request 5f)`, 400},
		{"html", "\n<!doctype html><p>hi", "502 Bad Gateway: the answer is HTML, not the API's: check the base URL and the proxy (request 5f); it may have taken effect all the same", 502},
		{
			"key refused", `{"errors":[{"code":"10009","title":"Authentication failed"}]}`,
			"401 10009 Authentication failed (request 5f); Telnyx refused the API key: make or check keys at https://portal.telnyx.com (API Keys)", 401,
		},
		{
			"forbidden", `{"errors":[{"code":"10010","title":"Not authorized","detail":"The grant is missing."}]}`,
			"403 10010 Not authorized: The grant is missing. (request 5f); the API key works, but it or its account may not do this: permit it at https://portal.telnyx.com", 403,
		},
		{"a proxy's page", "<!doctype html><p>blocked", "403 Forbidden: the answer is HTML, not the API's: check the base URL and the proxy (request 5f)", 403},
		{"control characters", `{"errors":[{"code":"\u001b[2J","title":"a\nb\u202ec","detail":"\u0007"}]}`, `400 \x1b[2J a\nb\u202ec: \x07 (request 5f)`, 400},
		{"the key", `{"errors":[{"code":"1","title":"bad key ` + testKey + `"}]}`, "400 1 bad key •••• (request 5f)", 400},
		{"a presigned URL", `{"errors":[{"title":"cannot read https://u:p@h/x?X-Amz-Signature=sesame now"}]}`, "400 cannot read https://h/x?… now (request 5f)", 400},
		{"unknown status", ``, "599 (request 5f); it may have taken effect all the same", 599},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := refusal(t, tc.status, "application/json", tc.body)
			e.doubt = e.uncertain()
			if got := e.Error(); got != at+tc.want {
				t.Errorf("\ngot  %s\nwant %s", got, at+tc.want)
			}
			if e.Status != tc.status {
				t.Errorf("status %d", e.Status)
			}
		})
	}
}

func TestErrorTextsAreBounded(t *testing.T) {
	long := strings.Repeat("é", 100_000)
	e := refusal(t, 422, "", `{"errors":[{"code":"`+long+`","title":"`+long+`","detail":"`+long+`","source":{"pointer":"`+long+`"}}]}`)
	for name, s := range map[string]string{"title": e.Title, "detail": e.Detail, "pointer": e.Pointer} {
		if n := utf8.RuneCountInString(s); n != maxText {
			t.Errorf("%s has %d characters", name, n)
		}
	}
	// The key is found though the cut goes through it.
	e = refusal(t, 422, "", `{"detail":"`+strings.Repeat("x", maxText-10)+testKey+`"}`)
	if strings.Contains(e.Detail, testKey[:4]) {
		t.Errorf("a part of the key is left: %s", e.Detail)
	}
	e = refusal(t, 422, "", `{"detail":"`+strings.Repeat(testKey, 5_000)+`"}`)
	if strings.Contains(e.Error(), testKey[:4]) {
		t.Errorf("a part of the key is left: %s", e.Detail)
	}
}

func TestHTMLIsNeverAnAnswer(t *testing.T) {
	c, _ := always(t, 200, "<html>portal</html>", "Content-Type", "text/html")
	c.budget.tokens = 0
	if _, err := c.ExternalConnections().Get(t.Context(), "1"); !errors.Is(err, ErrHTML) || apiError(t, err).Status != 200 {
		t.Error(err)
	}
	if _, _, err := c.ExternalConnections().Create(t.Context(), Object{}); !errors.Is(err, ErrHTML) || !Unknown(err) {
		t.Error(err)
	}
	c, _ = always(t, 404, "<html>nginx</html>", "Content-Type", "text/html")
	if _, err := c.SIPRECConnectors().Get(t.Context(), "1"); NotFound(err) || !errors.Is(err, ErrHTML) {
		t.Errorf("a web page says that a connector does not exist: %v", err)
	}
	if _, err := c.SIPRECConnectors().Delete(t.Context(), "1"); !errors.Is(err, ErrHTML) {
		t.Errorf("a web page says that a connector is deleted: %v", err)
	}
}

func TestUnreadableAnswers(t *testing.T) {
	for _, body := range []string{"", "null", "[]", "7", "{}", `{"data":null}`, `{"data":[]}`, `{"data":"x"}`, `{"data":{}`, `{"data":{}}{}`, "oops", "<p>"} {
		synctest.Test(t, func(t *testing.T) { unreadable(t, body) })
	}
}

func unreadable(t *testing.T, body string) {
	c, n := always(t, 200, body)
	c.budget.tokens = 2
	_, err := c.ExternalConnections().Get(t.Context(), "1")
	if err == nil || Unknown(err) || n.Load() != 3 {
		t.Errorf("GET %q: %v after %d requests", body, err, n.Load())
	}
	n.Store(0)
	for _, send := range []func(context.Context) (Object, Meta, error){
		func(ctx context.Context) (Object, Meta, error) { return c.ExternalConnections().Create(ctx, nil) },
		func(ctx context.Context) (Object, Meta, error) { return c.ExternalConnections().Update(ctx, "1", nil) },
		func(ctx context.Context) (Object, Meta, error) { return c.SIPRECConnectors().Update(ctx, "1", nil) },
	} {
		o, m, err := send(t.Context())
		if o != nil || m.Status != 200 || !Unknown(err) {
			t.Errorf("write %q: %v, %+v, %v", body, o, m, err)
		}
	}
	if n.Load() != 3 {
		t.Errorf("%q: writes were repeated: %d requests", body, n.Load())
	}
	if m, err := c.ExternalConnections().Delete(t.Context(), "1"); err != nil || m.Status != 200 {
		t.Errorf("DELETE %q: %v", body, err)
	}
}

func TestPredicates(t *testing.T) {
	lost := fmt.Errorf("update: %w", &Error{Method: "PATCH", Sent: true, Err: io.ErrUnexpectedEOF})
	for _, tc := range []struct {
		err                                        error
		notFound, unauthorized, forbidden, unknown bool
	}{
		{nil, false, false, false, false},
		{errors.New("x"), false, false, false, false},
		{lost, false, false, false, true},
		{&Error{Method: "PATCH", Err: errors.New("dial")}, false, false, false, false},
		{&Error{Method: "GET", Sent: true, Status: 503}, false, false, false, false},
		{&Error{Method: "POST", Sent: true, Status: 503}, false, false, false, true},
		{&Error{Method: "POST", Sent: true, Status: 408}, false, false, false, true},
		{&Error{Method: "POST", Sent: true, Status: 200}, false, false, false, true},
		{&Error{Method: "POST", Sent: true, Status: 429}, false, false, false, false},
		{&Error{Method: "POST", Sent: true, Status: 409}, false, false, false, false},
		{&Error{Method: "PUT", Sent: true, Status: 404}, true, false, false, false},
		{&Error{Method: "PUT", Sent: true, Status: 401}, false, true, false, false},
		{&Error{Method: "GET", Sent: true, Status: 401, elsewhere: true}, false, false, false, false},
		{&Error{Method: "GET", Sent: true, Status: 403}, false, false, true, false},
		{&Error{Method: "POST", Sent: true, Status: 403}, false, false, true, false},
		{&Error{Method: "GET", Sent: true, Status: 403, elsewhere: true}, false, false, false, false},
		{&Error{Method: "GET", Sent: true, Status: 403, Err: ErrHTML}, false, false, false, false},
		{&Error{Method: "PATCH", Sent: true, Status: 422}, false, false, false, false},
		{&Error{Method: "PATCH", Sent: true, Status: 422, doubt: true}, false, false, false, true},
	} {
		if NotFound(tc.err) != tc.notFound || Unauthorized(tc.err) != tc.unauthorized || Forbidden(tc.err) != tc.forbidden || Unknown(tc.err) != tc.unknown {
			t.Errorf("%v: not found %v, unauthorized %v, forbidden %v, unknown %v", tc.err, NotFound(tc.err), Unauthorized(tc.err), Forbidden(tc.err), Unknown(tc.err))
		}
	}
	one, other := &Error{Method: "GET", Path: "/x", Status: 403, Detail: "d", RequestID: "1", note: "after 4 attempts"}, &Error{Method: "GET", Path: "/x", Status: 403, Detail: "d", RequestID: "2"}
	if one.Same() != other.Same() || one.Error() == other.Error() || !strings.Contains(one.Same(), "403 Forbidden: d") || one.RequestID != "1" {
		t.Errorf("%q and %q", one.Same(), other.Same())
	}
	if !errors.Is(lost, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
}

func FuzzError(f *testing.F) {
	for _, s := range []string{
		`{"errors":[{"code":"10027","title":"T","detail":"d","source":{"pointer":"/x"},"meta":{}}]}`, `{"errors":{"a":["b"]}}`,
		`{"detail":[{"loc":["a",1],"msg":"m","type":"t"}]}`, `{"detail":{"a":{"b":[[[[[[[[1]]]]]]]]}}}`, `[1,"2",null,{}]`, `7`, ``, `<html>`, "\xef\xbb\xbf{}",
		"\xff\xfe", `{"errors":[{"code":{},"title":[],"source":"s"}]}`, testKey, "https://a@b@c/?q", `{"error":{"error":{}}}`,
	} {
		f.Add(422, "application/json", []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		if status/100 == 2 || status == 0 {
			return
		}
		e := refusal(t, status, contentType, string(body))
		if e == nil || e.Status != status {
			t.Fatalf("the status %d became %v", status, e)
		}
		text := e.Error()
		for _, r := range text {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q in %q", r, text)
			}
		}
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > 2_000 || strings.Contains(text, testKey) {
			t.Fatalf("%d characters: %q", utf8.RuneCountInString(text), text)
		}
		if Unknown(e) != (status/100 != 4 || status == http.StatusRequestTimeout) {
			t.Fatalf("%d: unknown %v", status, Unknown(e))
		}
	})
}
