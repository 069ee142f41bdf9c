package resource_test

import (
	"reflect"
	"testing"

	"telnyxsync/internal/resource"
)

// A row is read as it was written, also after it was stored.
func TestGroupRow(t *testing.T) {
	numbers := func(from, to resource.Number) resource.Numbers {
		return resource.NumbersOf(resource.Range{From: from, To: to})
	}
	for _, g := range []resource.GroupRow{
		{Uploaded: map[string]resource.Numbers{}},
		{
			Target:   resource.Target{Connection: "7", Location: "l", Usage: "calling_user_assignment", Additional: "none"},
			Uploaded: map[string]resource.Numbers{"": numbers(15125550100, 15125550101), "calling_user_assignment+none": numbers(15125550200, 15125550205)},
			Placed:   numbers(15125550200, 15125550203),
		},
		{Target: resource.Target{Connection: "7", CivicAddress: "a"}, Uploaded: map[string]resource.Numbers{"": numbers(15125550100, 15125550100)}},
	} {
		stored, err := resource.DecodeObject(resource.Text(g.Applied()))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []resource.Object{g.Applied(), stored} {
			if got := resource.GroupOf(o); !reflect.DeepEqual(got, g) {
				t.Errorf("%+v became %+v", g, got)
			}
		}
	}
	g := resource.GroupOf(resource.Object{"uploaded": resource.Object{"a": []any{"+15125550100"}, "b": []any{"+15125550101"}}})
	if want := numbers(15125550100, 15125550101); !g.All().Equal(want) {
		t.Errorf("all are %v", g.All())
	}
}
