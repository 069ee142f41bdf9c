package client

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

func TestStorageAndDialogflow(t *testing.T) {
	type seen struct{ Method, URI, Body string }
	var got seen
	status, answer := 200, ""
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = seen{r.Method, r.RequestURI, string(b)}
		w.WriteHeader(status)
		io.WriteString(w, answer)
	})
	ctx := t.Context()
	for path, x := range map[string]struct {
		get            func() (Object, error)
		create, update func(Object) (Object, Meta, error)
		remove         func() (Meta, error)
		answer         string
		created        int
	}{
		"/v2/custom_storage_credentials/1%2F2": {
			func() (Object, error) { return c.StorageCredentials().Get(ctx, "1/2") },
			func(o Object) (Object, Meta, error) { return c.StorageCredentials().Create(ctx, "1/2", o) },
			func(o Object) (Object, Meta, error) { return c.StorageCredentials().Update(ctx, "1/2", o) },
			func() (Meta, error) { return c.StorageCredentials().Delete(ctx, "1/2") },
			`{"connection_id":"1/2","record_type":"custom_storage_credentials","data":{"backend":"gcs","configuration":{"backend":"gcs"}}}`, 200,
		},
		"/v2/dialogflow_connections/1%2F2": {
			func() (Object, error) { return c.DialogflowConnections().Get(ctx, "1/2") },
			func(o Object) (Object, Meta, error) { return c.DialogflowConnections().Create(ctx, "1/2", o) },
			func(o Object) (Object, Meta, error) { return c.DialogflowConnections().Update(ctx, "1/2", o) },
			func() (Meta, error) { return c.DialogflowConnections().Delete(ctx, "1/2") },
			`{"data":{"connection_id":"1/2","record_type":"dialogflow_connections","service_account":"****"}}`, 201,
		},
	} {
		var whole struct{ Data Object }
		if err := json.Unmarshal([]byte(x.answer), &whole); err != nil {
			t.Fatal(err)
		}
		check := func(o Object, err error, want seen) {
			t.Helper()
			a, _ := json.Marshal(o)
			b, _ := json.Marshal(whole.Data)
			if err != nil || got != want || string(a) != string(b) {
				t.Errorf("%s, %v\ngot  %+v\nwant %+v", a, err, got, want)
			}
		}
		status, answer = 200, x.answer
		o, err := x.get()
		check(o, err, seen{"GET", path, ""})
		o, _, err = x.update(Object{"environment": "x"})
		check(o, err, seen{"PUT", path, `{"environment":"x"}`})
		status = x.created
		o, m, err := x.create(Object{"environment": "x"})
		check(o, err, seen{"POST", path, `{"environment":"x"}`})
		if m.Status != x.created {
			t.Errorf("meta %+v", m)
		}
		status, answer = 204, ""
		if m, err := x.remove(); err != nil || m.Status != 204 || got != (seen{"DELETE", path, ""}) {
			t.Errorf("%+v, %v, %+v", m, err, got)
		}
		status = 404
		if m, err := x.remove(); err != nil || m.Status != 404 {
			t.Errorf("%+v, %v", m, err)
		}
		if _, err := x.get(); !NotFound(err) {
			t.Error(err)
		}
	}
	for _, id := range []string{"", ".", ".."} {
		_, err1 := c.StorageCredentials().Get(ctx, id)
		_, _, err2 := c.StorageCredentials().Create(ctx, id, Object{})
		_, _, err3 := c.DialogflowConnections().Update(ctx, id, Object{})
		_, err4 := c.DialogflowConnections().Delete(ctx, id)
		if err1 == nil || err2 == nil || err3 == nil || err4 == nil {
			t.Errorf("the id %q is accepted", id)
		}
	}
}
