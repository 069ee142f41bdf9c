package telnyxsim_test

import (
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// A request may be answered before it is done: it is done at its time, whoever looks first, and with the time that it had.
func TestLateCommits(t *testing.T) {
	for name, look := range map[string]func(a *api) int{
		"the account": func(a *api) int { return a.connections() },
		"a request": func(a *api) int {
			return int(a.want(200, "GET", "/v2/external_connections", "").body["meta"].(map[string]any)["total_results"].(float64))
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, telnyxsim.Config{})
			a.fault(`[{"match":"POST /external_connections","do":"commit-late","after":"20s"},
				{"match":"POST /external_connections","do":"commit-late","after":"10s","status":503}]`)
			begun := a.sim.Now()
			got := a.want(504, "POST", "/v2/external_connections", create)
			if got.header.Get("X-Sim-Fault") != "commit-late" {
				t.Errorf("the fault is %s, %v", got.raw, got.header)
			}
			a.want(503, "POST", "/v2/external_connections", create)
			for _, want := range []int{0, 0, 1, 2, 2} {
				if n := look(a); n != want {
					t.Errorf("after %v there are %d connections, want %d", a.sim.Now().Sub(begun), n, want)
				}
				a.sim.Advance(7 * time.Second)
			}
			second := a.want(200, "GET", "/v2/external_connections", "").body["data"].([]any)[1].(map[string]any)
			made, err := time.Parse(time.RFC3339, second["created_at"].(string))
			if d := made.Sub(begun); err != nil || d < 19*time.Second || d > 21*time.Second {
				t.Errorf("the second was made after %v, %v", d, err)
			}
		})
	}
}

// What a late request finds is what is there then: it may be refused, which nobody hears of.
func TestALateCommitThatIsRefused(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	const connector = `{"name":"a","host":"h","port":1}`
	a.fault(`[{"match":"POST /siprec_connectors","do":"commit-late","after":"1s"}]`)
	a.want(504, "POST", "/v2/siprec_connectors", connector)
	a.want(201, "POST", "/v2/siprec_connectors", `{"name":"a","host":"other","port":1}`)
	a.sim.Advance(2 * time.Second)
	if got := a.want(200, "GET", "/v2/siprec_connectors/a", "").data()["host"]; got != "other" {
		t.Errorf("its host is %v", got)
	}
}

func TestWhatPUTDoesToCreatedAt(t *testing.T) {
	for _, created := range []string{"keep", "renew"} {
		a := serve(t, telnyxsim.Config{Account: []byte(`{"_siprec_put_created":"` + created + `","_media_put_created":"` + created + `",
			"siprec_connectors":[{"name":"a","host":"h","port":1}],"media":[{"media_name":"a"}]}`)})
		for path, body := range map[string]string{"/v2/siprec_connectors/a": `{"name":"a","host":"h","port":2}`, "/v2/media/a": `{"ttl_secs":100000}`} {
			was := a.want(200, "GET", path, "").data()["created_at"]
			a.sim.Advance(time.Hour)
			is := a.want(200, "PUT", path, body).data()["created_at"]
			if (was != is) != (created == "renew") || a.want(200, "GET", path, "").data()["created_at"] != is {
				t.Errorf("%s %s: %v became %v", created, path, was, is)
			}
		}
	}
}
