package apply_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"

	"pgregory.net/rapid"
)

// What happens to a world of numbers: whoever runs a pass, and whatever goes wrong in between.

// passOfOne is a pass for one group alone.
func (l *numberLaw) passOfOne() {
	a := resource.Addr{Kind: "phone_numbers", Name: pick(l.T, "group", "a", "b", "c")}
	desired := l.w.config()
	l.wire.only = desired.Find(a)
	l.pass(context.Background(), a)
	l.wire.only = nil
}

// retryJob is the job that tries again what failed.
func (l *numberLaw) retryJob() {
	for _, j := range apply.Jobs() {
		if j.Name == "upload_retry" {
			s := apply.Situation{DB: l.db, Snap: l.snapshot(), Desired: l.w.config()}
			if _, err := j.Run(context.Background(), l.engine, s); err != nil {
				l.Fatal(err)
			}
		}
	}
	l.check()
}

// wait lets time pass.
func (l *numberLaw) wait() {
	d := pick(l.T, "wait", 0, time.Second, 20*time.Second, 2*time.Minute, 16*time.Minute, time.Hour, 5*time.Hour)
	if d == 0 && !l.next.IsZero() {
		d = time.Until(l.next)
	}
	time.Sleep(d)
}

// fault lets some calls fail. Telnyx is never busy for so long that a number would be given up.
func (l *numberLaw) fault() {
	f := telnyxsim.Fault{
		Match: pick(l.T, "call", "POST /external_connections/*/uploads", "POST /external_connections/*/uploads/*/retry",
			"POST /phone_numbers/jobs/update_phone_numbers", "PATCH /external_connections/*/phone_numbers/*"),
		Do: pick(l.T, "do", "drop-before-commit", "drop-after-commit", "html", "status"),
	}
	statuses := []int{http.StatusInternalServerError, http.StatusGatewayTimeout, http.StatusTooManyRequests}
	if rapid.Bool().Draw(l.T, "reading fails") {
		f.Match = pick(l.T, "reading", "GET /external_connections/*/phone_numbers", "GET /external_connections/*/uploads", "GET /external_connections/*/uploads/*",
			"GET /external_connections/*/civic_addresses", "GET /phone_numbers", "GET /phone_numbers/slim", "GET /phone_numbers/jobs/*", "GET /external_connections/*")
		f.Do = pick(l.T, "do", "short-page", "html", "status", "status")
		statuses = append(statuses, http.StatusNotFound)
	}
	if f.Do == "status" {
		f.Status = pick(l.T, "status", statuses...)
	}
	f.Times = rapid.IntRange(1, 4).Draw(l.T, "times")
	if err := l.sim.AddFaults(f); err != nil {
		l.Fatal(err)
	}
}

// somebody does something by the portal to a number that is not on its way, in a group or not.
func (l *numberLaw) somebody() {
	n := l.w.pool[0].From + resource.Number(rapid.IntRange(0, l.w.pool.Len()-1).Draw(l.T, "meddled with"))
	if snap := l.snapshot(); len(snap.Troubles) > 0 && rapid.Bool().Draw(l.T, "it has failed") {
		n = snap.Troubles[int(n)%len(snap.Troubles)].Number
	}
	to := pick(l.T, "meddle", "unassign", "unassign", teamsA, teamsB, teamsElsewhere, zoomHere, otherHere, "relocate", "upload")
	place := rapid.IntRange(0, 4).Draw(l.T, "to place")
	truth := l.truth()
	on, owned := truth.connection(n)
	at, _, listed := truth.place(n)
	if coming, _ := truth.coming(n); coming || !owned || at != "" && !listed {
		return
	}
	for _, o := range l.snapshot().Orders {
		if o.Numbers.Has(n) && o.Target.Connection == to {
			return // that it has left and come back, off Teams, nobody can tell from what is behind
		}
	}
	id := n.String()[1:]
	method, path, body := http.MethodPatch, "/phone_numbers/"+id, `{"connection_id":"`+to+`"}`
	switch to {
	case "unassign":
		body = `{"connection_id":""}`
	case "relocate":
		path, body = "/external_connections/"+on+path, `{"location_id":"`+someLocation(on, place)+`"}`
	case "upload":
		method, path, body = http.MethodPost, "/external_connections/"+on+"/uploads", `{"number_ids":["`+id+`"],"location_id":"`+someLocation(on, place)+`"}`
	}
	if on == "" && !strings.HasPrefix(path, "/phone_numbers/") || at != "" && to == "upload" {
		return
	}
	l.meddled[n] = true
	r := httptest.NewRequest(method, "/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer KEY")
	r.Header.Set("Content-Type", "application/json")
	if res, err := (direct{l.sim}).RoundTrip(r); err == nil { // it may be refused
		_ = res.Body.Close()
	}
	l.sim.ClearJournal()
}
