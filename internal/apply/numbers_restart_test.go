package apply_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

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

// restart ends the process and starts it anew.
func (l *numberLaw) restart() {
	l.close()
	l.wire.cut, l.wire.dead = nil, false
	l.open()
}

// stopped is a pass that is cut off at one of its writes, by a signal or a kill.
func (l *numberLaw) stopped() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l.wire.writes, l.wire.after = rapid.IntRange(0, 3).Draw(l.T, "writes"), rapid.Bool().Draw(l.T, "it is done")
	switch pick(l.T, "stop", "signal", "kill") {
	case "signal": // what is under way is finished
		l.wire.cut, l.wire.after = cancel, true
		l.wire.polite = true
	case "kill": // nothing more is sent, or remembered
		l.wire.cut = func() {
			l.wire.dead = true
			_ = l.db.Close()
		}
	}
	l.pass(ctx)
	l.wire.polite = false
	l.restart()
	l.check()
}

// A kill at any write, a stop at any write, a restart at any time: the same holds.
func TestLawsOfNumbersAcrossRestarts(t *testing.T) {
	wrap := checked(t)
	rapid.Check(t, func(r *rapid.T) {
		lawOfNumbers(t, r, wrap, map[string]func(l *numberLaw){
			"restart": (*numberLaw).restart, "stop": (*numberLaw).stopped, "stop again": (*numberLaw).stopped,
		})
	})
}

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
