package telnyxsim_test

import (
	"testing"

	"telnyxsync/internal/telnyxsim"
)

func TestOperatorConnectRefresh(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"_operator_connect_pending": [{"id": "5", "outbound": {"outbound_voice_profile_id": "1"}}]}`)})
	refresh := func(want int) {
		t.Helper()
		got, err := a.try("POST", "/v2/operator_connect/actions/refresh", "")
		if err != nil || got.status != want || got.body["success"] != true {
			t.Errorf("refresh: %v %d %s, want %d", err, got.status, got.raw, want)
		}
	}
	if got, err := a.try("GET", "/v2/external_connections/5", ""); err != nil || got.status != 404 {
		t.Errorf("before the refresh: %v %d", err, got.status)
	}
	refresh(202)
	got, err := a.try("GET", "/v2/external_connections/5", "")
	if err != nil || got.status != 200 || got.body["data"].(map[string]any)["external_sip_connection"] != "operator_connect" {
		t.Errorf("after the refresh: %v %s", err, got.raw)
	}
	refresh(202) // there is nothing more to bring
	if err := a.sim.SetAccount([]byte(`{"_operator_connect_refresh": "in_progress"}`)); err != nil {
		t.Fatal(err)
	}
	refresh(200)
}
