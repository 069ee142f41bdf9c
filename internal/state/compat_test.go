package state_test

import (
	"reflect"
	"testing"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// TestOldView: what is committed by it is shown by it, as it was stored until format 4.
func TestOldView(t *testing.T) {
	db := openState(t, t.TempDir())
	const kind = "recording_retention"
	row := func(kind, name, root string, applied resource.Object) resource.Owned {
		return resource.Owned{Addr: resource.Addr{Kind: kind, Name: name}, ID: name, Root: root, Applied: applied}
	}
	commit := func(put, gone []resource.Owned) state.Snapshot {
		t.Helper()
		s, err := db.Snapshot(t.Context())
		must(t, err)
		must(t, db.Commit(t.Context(), s.FromOld(put, gone)))
		s, err = db.Snapshot(t.Context())
		must(t, err)
		return s
	}
	group := resource.GroupRow{Target: resource.Target{Connection: "7"}, Uploaded: map[string]resource.Numbers{"": span(100, 101)}, Placed: span(100, 100)}
	keep := resource.Object{"keep": true}
	rows := []resource.Owned{
		row("phone_numbers", "hq", "/a", group.Applied()), row(kind, "case", "/a", keep), row(kind, "case (/b)", "/b", keep), row("toys", "a", "/a", keep),
	}
	s := commit(rows, nil)
	if got := s.OldOwned(); !reflect.DeepEqual(got, rows) || len(s.Owned) != 1 || len(s.Groups) != 1 || len(s.Rules) != 2 {
		t.Errorf("got %+v", s)
	}
	// A configuration moved from /a to /c, and takes its hold along.
	s = commit([]resource.Owned{row(kind, "case", "/c", keep)}, nil)
	if len(s.Rules) != 2 || s.Rules[0].Root != "/b" || s.Rules[1].Root != "/c" {
		t.Errorf("got %+v", s.Rules)
	}
	s = commit(nil, s.OldOwned())
	if left := s.OldOwned(); len(left) > 0 {
		t.Errorf("got %+v", left)
	}
}
