package kinds_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// Telnyx has no list: each is read, once. One that cannot be read does not keep the others from it.
func TestObserveByConnection(t *testing.T) {
	for _, kind := range []string{storage, dialogflow} {
		var account []string
		for _, id := range []string{"1", "2", "3", "4"} {
			account = append(account, `{"connection_id":"`+id+`","backend":"gcs","configuration":{"backend":"gcs"}}`)
		}
		text := strings.Join(account, ",")
		if kind == dialogflow {
			text = strings.ReplaceAll(text, `,"backend":"gcs","configuration":{"backend":"gcs"}`, "")
		}
		r := newRig(t, `{"`+kind+`":[`+text+`]}`)
		r.fail("GET /"+kind+"/2", "status", 400, 1)
		seen, err := r.ops(kind).Observe(t.Context(), resource.Want{IDs: []string{"2", "1"}, Keys: []string{"1", "3", "9"}})
		must(t, err)
		if got := ids(seen); !slices.Equal(got, []string{"1", "3"}) || len(seen.Failed) != 1 || seen.Failed["2"] == nil {
			t.Errorf("objects %q, failed %v", got, seen.Failed)
		}
		if got := r.reads(); !slices.Equal(got, []string{"/" + kind + "/1", "/" + kind + "/2", "/" + kind + "/3", "/" + kind + "/9"}) {
			t.Errorf("reads %q", got)
		}

		var calls atomic.Int64
		c := newClient(t, client.Config{Transport: answers{http.StatusUnauthorized, `{}`}, Concurrency: 2, OnCall: func(client.Call) { calls.Add(1) }})
		var want resource.Want
		for i := range 500 {
			want.IDs = append(want.IDs, fmt.Sprint(i))
		}
		if _, err := row(kind).Open(c).Observe(t.Context(), want); !client.Unauthorized(err) || calls.Load() > 50 {
			t.Errorf("%d calls with a key that was refused, %v", calls.Load(), err)
		}

		// One that may not be read says nothing of the others.
		r.fail("GET /"+kind+"/2", "status", 403, 1)
		seen, err = r.ops(kind).Observe(t.Context(), resource.Want{IDs: []string{"1", "2", "3"}})
		must(t, err)
		if got := ids(seen); !slices.Equal(got, []string{"1", "3"}) || len(seen.Failed) != 1 || !client.Forbidden(seen.Failed["2"]) {
			t.Errorf("objects %q, failed %v", got, seen.Failed)
		}
	}
}
