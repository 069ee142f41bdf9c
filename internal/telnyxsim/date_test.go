package telnyxsim_test

import (
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

func TestDate(t *testing.T) {
	for ahead, want := range map[string]time.Duration{"10m": 10 * time.Minute, "-2h": -2 * time.Hour} {
		a := serve(t, telnyxsim.Config{Account: []byte(`{"_date_ahead":"` + ahead + `"}`)})
		a.fault(`[{"match":"GET /recordings/x","do":"status"}]`)
		for path, status := range map[string]int{"/v2/recordings": 200, "/v2/recordings/x": 503} {
			got, err := a.try("GET", path, "")
			if err != nil || got.status != status {
				t.Fatal(got.status, err)
			}
			date, err := time.Parse(time.RFC1123, got.header.Get("Date"))
			if d := time.Until(date) - want; err != nil || d.Abs() > time.Minute {
				t.Errorf("%s: %s of %s is off by %v", ahead, path, got.header.Get("Date"), d)
			}
		}
	}
}
