package telnyxsim_test

import (
	"testing"

	"telnyxsync/internal/telnyxsim"
)

// What is forbidden is answered with 403 and what the key lacks, in the form of the API; all else goes on.
func TestForbidden(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"_forbidden":["media","GET /siprec_connectors/{name}","GET /external_connections/{id}"],
		"media":[{"media_name":"a"}],"siprec_connectors":[{"name":"s","host":"h.example.com","port":5060}],"external_connections":[{"id":"1"}]}`)})
	before := string(a.sim.Account())
	for _, c := range [][2]string{
		{"GET", "/v2/media"},
		{"GET", "/v2/media/a"},
		{"GET", "/v2/media/a/download"},
		{"DELETE", "/v2/media/a"},
		{"GET", "/v2/siprec_connectors/s"},
		{"GET", "/v2/external_connections/1"},
	} {
		got := a.want(403, c[0], c[1], "")
		if code := got.errors(); code != "10010" && code != "int 10010" {
			t.Errorf("%v: %s", c, got.raw)
		}
	}
	if got := a.want(403, "GET", "/v2/media", ""); got.raw != `{"errors":[{"code":"10010","detail":"The API key lacks the grant for GET /media.",`+
		`"meta":{"url":"https://developers.telnyx.com/docs/overview/errors/10010"},"title":"Not authorized"}]}`+"\n" {
		t.Errorf("%s", got.raw)
	}
	if after := string(a.sim.Account()); after != before {
		t.Errorf("the account became %s", after)
	}
	a.want(200, "GET", "/v2/external_connections", "")
	a.want(200, "GET", "/v2/external_connections/log_messages", "")
	a.want(200, "GET", "/v2/external_connections/1/uploads", "")
	a.want(204, "DELETE", "/v2/siprec_connectors/s", "")
}
