package kinds_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

const connectors = "siprec_connectors"

// compliance is an account with one connector.
const compliance = `{"siprec_connectors":[{"name":"compliance","host":"srs.example.com","port":5060,"app_subdomain":"app"}]}`

func TestConnectorLive(t *testing.T) {
	for _, field := range []string{"host", "hostname"} {
		r := newRig(t, strings.Replace(compliance, `{`, `{"_siprec_host_field":"`+field+`",`, 1))
		l := r.read(connectors, "compliance")
		if got := resource.Text(l.Object); got != `{"app_subdomain":"app","host":"srs.example.com","port":5060}` {
			t.Errorf("%s: %s", field, got)
		}
		if l.ID != "compliance" || !slices.Equal(l.Keys, []string{"compliance"}) || l.Label != "srs.example.com" || l.Owners != nil {
			t.Errorf("%+v", l)
		}
	}
	for answer, want := range map[string]string{
		`{"name":"n","host":null,"hostname":"h","port":"5060"}`: `{"host":"h","port":5060}`,
		`{"host":"a","hostname":"b","app_subdomain":null}`:      `{"host":"a"}`,
	} {
		c := newClient(t, client.Config{Transport: answers{http.StatusOK, `{"data":` + answer + `}`}})
		l, err := row(connectors).Open(c).Read(t.Context(), "n")
		must(t, err)
		if got := resource.Text(l.Object); got != want {
			t.Errorf("%s became %s, want %s", answer, got, want)
		}
	}
}

func TestConnectorWrites(t *testing.T) {
	for _, field := range []string{"host", "hostname"} {
		t.Run(field, func(t *testing.T) {
			r := newRig(t, strings.Replace(compliance, `{`, `{"_siprec_host_field":"`+field+`",`, 1))
			ops := r.ops(connectors)
			w := write(nil, resource.Object{"host": "h.example.com", "port": int64(1), "app_subdomain": nil}, nil)
			w.Key = "a/b?c"
			receipt, err := ops.Create(t.Context(), w)
			must(t, err)
			r.wrote(`POST /siprec_connectors {"host":"h.example.com","name":"a/b?c","port":1}`)
			if receipt.RequestID == "" || receipt.Live.ID != "a/b?c" || resource.GetString(receipt.Live.Object, "/host") != "h.example.com" {
				t.Errorf("receipt %+v", receipt)
			}

			// PUT resets what it leaves out: what is not managed is sent as it is, what is cleared is left out.
			_, err = ops.Update(t.Context(), write(r.read(connectors, "compliance"), nil, resource.Object{"port": int64(2)}))
			must(t, err)
			r.wrote(`PUT /siprec_connectors/compliance {"app_subdomain":"app","host":"srs.example.com","name":"compliance","port":2}`)
			l := r.read(connectors, "compliance")
			receipt, err = ops.Update(t.Context(), write(l, nil, resource.Object{"app_subdomain": nil}))
			must(t, err)
			r.wrote(`PUT /siprec_connectors/compliance {"host":"srs.example.com","name":"compliance","port":2}`)
			if got := resource.Text(receipt.Live.Object); got != `{"host":"srs.example.com","port":2}` {
				t.Errorf("receipt %s", got)
			}
			if l.Object["app_subdomain"] != "app" {
				t.Error("what was given was changed")
			}

			for range 2 { // the second time it is gone already
				_, err = ops.Delete(t.Context(), receipt.Live)
				must(t, err)
				r.wrote("DELETE /siprec_connectors/compliance")
			}
			if n, err := ops.Numbers(t.Context(), l); n != 0 || err != nil {
				t.Errorf("%d numbers, %v", n, err)
			}
		})
	}
}

func TestConnectorErrors(t *testing.T) {
	r := newRig(t, compliance)
	ops := r.ops(connectors)
	w := write(nil, resource.Object{"host": "h.example.com", "port": int64(1)}, nil)
	w.Key = "compliance"
	_, err := ops.Create(t.Context(), w)
	var api *client.Error
	if !errors.As(err, &api) || api.Status != http.StatusUnprocessableEntity || !slices.Equal(api.Codes, []string{"422"}) || api.RequestID == "" {
		t.Errorf("the code is an integer here: %v", err)
	}
	if l, err := ops.Read(t.Context(), "nobody"); l != nil || err != nil {
		t.Errorf("one that is not there: %v, %v", l, err)
	}
}

// One that cannot be read does not keep the others from it.
func TestConnectorObserve(t *testing.T) {
	r := newRig(t, `{"siprec_connectors":[{"name":"a"},{"name":"b"},{"name":"c"}]}`)
	ops := r.ops(connectors)
	r.fail("GET /siprec_connectors/b", "status", 400, 1)
	seen, err := ops.Observe(t.Context(), resource.Want{IDs: []string{"b", "a"}, Keys: []string{"a", "c", "d"}})
	must(t, err)
	names := []string{}
	for _, l := range seen.Objects {
		names = append(names, l.ID)
	}
	if slices.Sort(names); !slices.Equal(names, []string{"a", "c"}) || len(seen.Failed) != 1 || seen.Failed["b"] == nil {
		t.Errorf("objects %q, failed %v", names, seen.Failed)
	}
	want := []string{"/siprec_connectors/a", "/siprec_connectors/b", "/siprec_connectors/c", "/siprec_connectors/d"}
	if got := r.reads(); !slices.Equal(got, want) {
		t.Errorf("reads %q", got)
	}
}

// A key that is refused is refused for all: the rest is not tried.
func TestConnectorObserveUnauthorized(t *testing.T) {
	var calls atomic.Int64
	c := newClient(t, client.Config{
		Transport: answers{http.StatusUnauthorized, `{"errors":[{"code":"10009","title":"Authentication failed"}]}`}, Concurrency: 2,
		OnCall: func(client.Call) { calls.Add(1) },
	})
	var want resource.Want
	for i := range 500 {
		want.Keys = append(want.Keys, fmt.Sprint(i))
	}
	if _, err := row(connectors).Open(c).Observe(t.Context(), want); !client.Unauthorized(err) {
		t.Errorf("error %v", err)
	}
	if n := calls.Load(); n > 50 {
		t.Errorf("%d calls with a key that was refused", n)
	}
}

func TestConnectorKind(t *testing.T) {
	k := row(connectors)
	if a, b := k.Key("entry", resource.Object{}), k.Key("entry", resource.Object{"name": "n"}); a != "entry" || b != "n" || !k.Rekeying {
		t.Errorf("keys %q, %q", a, b)
	}
}
