package client

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestUploadTickets(t *testing.T) {
	for _, tc := range []struct {
		answer, ticket string
		ok             bool
	}{
		{`{"success":true,"ticket_id":"t"}`, "t", true},
		{`{"ticket_id":"t"}`, "t", true},
		{`{"success":null,"ticket_id":"t"}`, "t", true},
		{`{"success":"soon","ticket_id":"t","more":[]}`, "t", true},
		{`{"ticket_id":19116306172844455110}`, "19116306172844455110", true},
		{`{"data":{"ticket_id":"t"}}`, "t", true},
		{`{"data":{},"ticket_id":"t"}`, "t", true},
		{`{"data":[],"ticket_id":"t"}`, "t", true},
		{`{"success":true,"data":{"ticket_id":"t","status":"no such status"}}`, "t", true},
		{`{"success":false,"ticket_id":"t"}`, "t", false}, // not lost, and not believed
		{`{"success":false,"data":{"ticket_id":"t"}}`, "t", false},
		{`{"success":true}`, "", false},
		{`{"success":true,"ticket_id":""}`, "", false},
		{`{"success":true,"ticket_id":" \n"}`, "", false},
		{`{"success":true,"ticket_id":null}`, "", false},
		{`{"success":true,"ticket_id":["t"]}`, "", false},
		{`{"success":true,"ticket_id":{"id":"t"}}`, "", false},
		{`{"success":true,"ticket_id":true}`, "", false},
		{`{"success":true,"ticket":"t"}`, "", false},
		{`[{"ticket_id":"t"}]`, "", false},
		{`{"ticket_id":"t"`, "", false},
		{`{"ticket_id":"t"}{}`, "", false},
		{`<p>{"ticket_id":"t"}`, "", false},
		{``, "", false},
	} {
		for _, status := range []int{200, 201, 202} {
			c, n := always(t, status, tc.answer, "X-Request-Id", "r")
			ticket, m, err := c.Uploads().Create(t.Context(), "1", nil)
			if ticket != tc.ticket || (err == nil) != tc.ok || Unknown(err) == tc.ok || InProgress(err) {
				t.Errorf("create, %s: ticket %q, unknown %v, %v", tc.answer, ticket, Unknown(err), err)
			}
			o, m2, err := c.Uploads().Retry(t.Context(), "1", "old")
			if keyText(o["ticket_id"]) != tc.ticket || (err == nil) != tc.ok || Unknown(err) == tc.ok {
				t.Errorf("retry, %s: %v, unknown %v, %v", tc.answer, o, Unknown(err), err)
			}
			if want := (Meta{status, "r"}); m != want || m2 != want || n.Load() != 2 {
				t.Errorf("%s: %+v and %+v by %d requests", tc.answer, m, m2, n.Load())
			}
		}
	}
	c, _ := always(t, 202, `{"success":true}`)
	if _, _, err := c.Uploads().Create(t.Context(), "1", Object{}); !errors.Is(err, ErrUnreadable) ||
		err.Error() != "POST /external_connections/1/uploads: 202 Accepted: unreadable answer: there is no ticket_id; it may have taken effect all the same" {
		t.Error(err)
	}
}

// A retry gives the new ticket, and the upload as it came.
func TestRetryGivesTheNewTicket(t *testing.T) {
	c, _ := always(t, 202, `{"data":{"ticket_id":"new","tn_upload_entries":[{"number_id":1911630617284445511,"status":"odd"}]}}`)
	o, _, err := c.Uploads().Retry(t.Context(), "1", "old")
	if err != nil || o["ticket_id"] != "new" || o["tn_upload_entries"].([]any)[0].(Object)["number_id"] != json.Number("1911630617284445511") {
		t.Errorf("%v, %v", o, err)
	}
}

func TestUploadsThatAreRefused(t *testing.T) {
	const refused = `{"errors":[{"code":"10036","title":"Still in progress","detail":"wait"}]}`
	for _, tc := range []struct {
		status                        int
		body                          string
		inProgress, unknown, notFound bool
	}{
		{409, refused, true, false, false},
		{409, ``, true, false, false},
		{409, `busy`, true, false, false},
		{409, `<html>`, false, false, false},
		{413, ``, false, false, false},
		{422, refused, false, false, false},
		{404, refused, false, false, true},
		{423, refused, false, false, false},
		{504, ``, false, true, false},
		{504, refused, false, true, false},
		{302, ``, false, true, false},
	} {
		c, n := always(t, tc.status, tc.body)
		ticket, m, create := c.Uploads().Create(t.Context(), "1", Object{"number_ids": []string{"7"}})
		o, m2, retry := c.Uploads().Retry(t.Context(), "1", "t")
		running, m3, refresh := c.Uploads().Refresh(t.Context(), "1")
		if running != tc.inProgress || (refresh == nil) != tc.inProgress {
			t.Errorf("%d %s: refresh is running: %v, %v", tc.status, tc.body, running, refresh)
		}
		errs := []error{create, retry}
		if !tc.inProgress {
			errs = append(errs, refresh)
		}
		for _, err := range errs {
			if InProgress(err) != tc.inProgress || Unknown(err) != tc.unknown || NotFound(err) != tc.notFound || apiError(t, err).Status != tc.status {
				t.Errorf("%d %s: in progress %v, unknown %v, %v", tc.status, tc.body, InProgress(err), Unknown(err), err)
			}
		}
		if want := (Meta{Status: tc.status}); ticket != "" || o != nil || m != want || m2 != want || m3 != want || n.Load() != 3 {
			t.Errorf("%d %s: %q, %v, %+v, %+v, %+v by %d requests", tc.status, tc.body, ticket, o, m, m2, m3, n.Load())
		}
	}
	for _, err := range []error{nil, errors.New("409"), &Error{Method: "POST", Err: errReset, Sent: true}} {
		if InProgress(err) {
			t.Errorf("%v is in progress", err)
		}
	}
}

func TestRefreshOfUploads(t *testing.T) {
	for body, ok := range map[string]bool{
		`{"success":true}`: true, `{"success":false}`: false, `{}`: true, ``: true, `ok`: true, `{"data":{}}`: true,
		`<html>`: false,
	} {
		c, n := always(t, 200, body)
		running, m, err := c.Uploads().Refresh(t.Context(), "1")
		if running || (err == nil) != ok || Unknown(err) == ok || m.Status != 200 || n.Load() != 1 {
			t.Errorf("%s: %v, %+v, %v", body, running, m, err)
		}
	}
	// One that is refused for its rate first and then finds another running is not an error either.
	n := 0
	c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil || r.ContentLength != 0 {
			t.Error("a body is sent")
		}
		if n++; n == 1 {
			return respond(429, ""), nil
		}
		return respond(409, "{}"), nil
	})})
	if running, m, err := c.Uploads().Refresh(t.Context(), "1"); !running || err != nil || m.Status != 409 || n != 2 {
		t.Errorf("%v, %+v, %v, after %d requests", running, m, err, n)
	}
}

// A body that cannot be written is not sent, and nothing was done.
func TestUploadThatIsNoJSON(t *testing.T) {
	c, n := always(t, 202, `{"ticket_id":"t"}`)
	if _, _, err := c.Uploads().Create(t.Context(), "1", Object{"x": make(chan int)}); err == nil || Unknown(err) || n.Load() != 0 ||
		!strings.HasPrefix(err.Error(), "POST /external_connections/1/uploads: the body: ") {
		t.Error(err)
	}
}
