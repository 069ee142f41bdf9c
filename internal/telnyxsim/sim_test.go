package telnyxsim_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"
)

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]telnyxsim.Config{
		"latency": {Latency: -1}, "upload time": {UploadTime: -1}, "rate": {Rate: -1}, "page": {PageCap: 251}, "negative page": {PageCap: -1},
		"account": {Account: []byte("[]")},
	} {
		if _, err := telnyxsim.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestPathsAndMethods(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{}, malformed)
	for target, want := range map[string]string{
		"GET /v2":                                        "404 10005",
		"GET /v2/":                                       "404 10005",
		"GET /v2/nothing":                                "404 10005",
		"GET /v2/external_connections/":                  "404 10005",
		"GET /v2/external_connections/1/":                "404 10005",
		"GET /v2/siprec_connectors/../x":                 "404 10005",
		"GET /v2//external_connections":                  "404 10005",
		"GET /v2/./external_connections":                 "404 10005",
		"PUT /v2/external_connections":                   "405 10015",
		"DELETE /v2/external_connections":                "405 10015",
		"POST /v2/phone_numbers/1":                       "405 10015",
		"PATCH /v2/siprec_connectors/a":                  "405 10015",
		"GET /v2/external_connections/a%2Fb":             "404 10005",
		"GET /v2/%65xternal_connections/1":               "404 10005",
		"GET /v2/external_connections/log_messages/1":    "404 10005",
		"PUT /v2/external_connections/log_messages":      "405 10015",
		"DELETE /v2/external_connections/1/uploads":      "405 10015",
		"GET /v2/external_connections/1/uploads/refresh": "405 10015",
		"GET /v2/external_connections/1/locations":       "404 10005",
	} {
		method, path, _ := strings.Cut(target, " ")
		got, err := a.try(method, path, "")
		if err != nil {
			t.Fatal(err)
		}
		if s := fmt.Sprint(got.status, " ", got.errors()); s != want {
			t.Errorf("%s: %s, want %s", target, s, want)
		}
	}
	if got := a.want(405, "PUT", "/v2/external_connections", "").header.Get("Allow"); got != "GET, POST" {
		t.Errorf("Allow is %q", got)
	}
	for _, path := range []string{"/", "/v2x", "/v1/external_connections", "/_simx", "/_sim", "/_sim/nothing"} {
		if got := a.want(404, "GET", path, ""); got.body["error"] == "" {
			t.Errorf("%s: %s", path, got.raw)
		}
	}
}

func TestKeys(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	request := func(authorization string) int {
		req, err := http.NewRequestWithContext(t.Context(), "GET", a.url+"/v2/external_connections", nil)
		if err != nil {
			t.Fatal(err)
		}
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		got, err := a.send(req)
		if err != nil {
			t.Fatal(err)
		}
		if got.status == 401 && got.errors() != "10009" {
			t.Errorf("%q: %s", authorization, got.raw)
		}
		return got.status
	}
	for authorization, want := range map[string]int{
		"": 401, "Bearer": 401, "Bearer ": 401, "Basic abc": 401, "abc": 401, "Bearer abc": 200, "bearer x": 200,
	} {
		if got := request(authorization); got != want {
			t.Errorf("any key will do: %q got %d, want %d", authorization, got, want)
		}
	}
	if err := a.sim.SetAccount([]byte(`{"api_keys":["one","two"]}`)); err != nil {
		t.Fatal(err)
	}
	for authorization, want := range map[string]int{"": 401, "Bearer abc": 401, "Bearer one": 200, "Bearer two": 200} {
		if got := request(authorization); got != want {
			t.Errorf("two keys will do: %q got %d, want %d", authorization, got, want)
		}
	}
}

func TestBodies(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{}, malformed)
	for name, test := range map[string]struct {
		contentType, body string
		want              int
	}{
		"right":           {"application/json; charset=utf-8", create, 201},
		"no type":         {"", create, 415},
		"another type":    {"text/json", create, 415},
		"bad type":        {";", create, 415},
		"nothing":         {"application/json", "", 400},
		"half":            {"application/json", `{"a":`, 400},
		"two":             {"application/json", `{}{}`, 400},
		"an array":        {"application/json", `[]`, 400},
		"null":            {"application/json", `null`, 400},
		"not UTF-8":       {"application/json", "{\"\xff\":1}", 422},
		"very deep":       {"application/json", strings.Repeat("[", 100_000), 400},
		"more than 1 MB":  {"application/json", strings.Repeat(" ", 3<<20) + create, 413},
		"exactly allowed": {"application/json", strings.Repeat(" ", 1<<20-len(create)) + create, 201},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), "POST", a.url+"/v2/external_connections", strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer x")
			req.Header.Set("Content-Type", test.contentType)
			got, err := a.send(req)
			if err != nil {
				t.Fatal(err)
			}
			if got.status != test.want || test.want != 201 && got.errors() == "" {
				t.Errorf("%d %s, want %d", got.status, got.raw, test.want)
			}
		})
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := telnyxsim.New(telnyxsim.Config{Latency: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		h := contract.Wrap(t, sim)
		r := httptest.NewRequest("GET", "/v2/external_connections", nil)
		r.Header.Set("Authorization", "Bearer x")
		begun := time.Now()
		var wg sync.WaitGroup
		for range 10 { // latency is not added up
			wg.Go(func() { h.ServeHTTP(httptest.NewRecorder(), r.Clone(t.Context())) })
		}
		wg.Wait()
		if d := time.Since(begun); d != time.Minute {
			t.Errorf("ten answers at once took %v", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		func() {
			defer func() {
				if recover() != http.ErrAbortHandler {
					t.Error("the impatient client was answered")
				}
			}()
			h.ServeHTTP(httptest.NewRecorder(), r.Clone(ctx))
		}()
		if d := time.Since(begun); d != time.Minute+time.Second {
			t.Errorf("with the impatient client it took %v", d)
		}
		if j := sim.Journal(); len(j) != 11 || j[10].Status != 0 || j[9].Status != 200 {
			t.Errorf("journal: %+v", j)
		}
	})
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := telnyxsim.New(telnyxsim.Config{Rate: 2})
		if err != nil {
			t.Fatal(err)
		}
		h := contract.Wrap(t, sim)
		get := func(path string) string {
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Authorization", "Bearer x")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			head := w.Header()
			code := ""
			if strings.Contains(w.Body.String(), "10011") {
				code = " 10011"
			}
			return fmt.Sprint(w.Code, " ", head.Get("X-Ratelimit-Limit"), "/", head.Get("X-Ratelimit-Remaining"), "/",
				head.Get("X-Ratelimit-Reset"), " ", head.Get("Retry-After"), code)
		}
		for _, step := range []struct {
			wait       time.Duration
			path, want string
		}{
			{0, "/v2/external_connections", "200 2/1/1 "},
			{900 * time.Millisecond, "/v2/siprec_connectors/x", "404 2/0/1 "},
			{0, "/_sim/journal", "200 // "},
			{0, "/v2/external_connections", "429 2/0/1 1 10011"},
			{0, "/v2/siprec_connectors/x", "429 2/0/1 1 10011"},
			{100 * time.Millisecond, "/v2/external_connections", "200 2/1/1 "},
			{10 * time.Second, "/v2/external_connections", "200 2/1/1 "},
			{0, "/v2/external_connections", "200 2/0/1 "},
		} {
			time.Sleep(step.wait)
			if got := get(step.path); got != step.want {
				t.Errorf("%+v: %s", step, got)
			}
		}
		if j := sim.Journal(); len(j) != 7 || j[2].Status != 429 {
			t.Errorf("journal: %+v", j)
		}
	})
}

func TestConcurrency(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	const workers, each = 8, 10
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range each {
				got, err := a.try("POST", "/v2/external_connections", create)
				if err != nil || got.status != 201 {
					t.Errorf("create: %v %v", got, err)
					return
				}
				path := "/v2/external_connections/" + got.data()["id"].(string)
				for _, step := range [][3]string{
					{"PATCH", path, `{"active":false,"tags":["x"],"outbound":{"outbound_voice_profile_id":"7"}}`},
					{"GET", "/v2/external_connections", ""},
					{"DELETE", path, ""},
				} {
					if step[0] == "DELETE" && i == 0 {
						continue
					}
					if got, err := a.try(step[0], step[1], step[2]); err != nil || got.status != 200 {
						t.Errorf("%v: %v %v", step, got, err)
					}
				}
				_ = a.sim.Account()
				a.sim.Advance(time.Millisecond)
			}
		})
	}
	wg.Wait()
	if got := strings.Fields(a.want(200, "GET", "/v2/external_connections", "").column("id")); len(got) != workers {
		t.Errorf("%d connections are left, want %d", len(got), workers)
	}
	ids := map[string]bool{}
	for i, r := range a.sim.Journal() {
		if r.Seq != i+1 || ids[r.RequestID] {
			t.Errorf("entry %d of the journal is %+v", i, r)
		}
		ids[r.RequestID] = true
	}
}
