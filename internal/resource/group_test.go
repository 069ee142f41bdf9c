package resource_test

import (
	"testing"

	"telnyxsync/internal/resource"
)

// Groups as formats of the state up to 3 had them are read whole; what has another shape is nothing.
func TestGroupOf(t *testing.T) {
	numbers := func(from, to resource.Number) resource.Numbers {
		return resource.NumbersOf(resource.Range{From: from, To: to})
	}
	for text, want := range map[string]resource.Group{
		`{}`: {},
		`{"connection": "7", "location_id": "l", "usage": "calling_user_assignment", "additional_usages": "none", "placed": ["+15125550200-+15125550203"],
			"uploaded": {"": ["+15125550100-+15125550101"], "calling_user_assignment+none": ["+15125550200-+15125550205"]}}`: {
			Target:   resource.Target{Connection: "7", Location: "l", Usage: "calling_user_assignment", Additional: "none"},
			Uploaded: map[string]resource.Numbers{"": numbers(15125550100, 15125550101), "calling_user_assignment+none": numbers(15125550200, 15125550205)},
			Placed:   numbers(15125550200, 15125550203),
		},
		`{"connection": 7, "civic_address_id": "a", "uploaded": ["+15125550100"], "placed": "+15125550100"}`: {Target: resource.Target{CivicAddress: "a"}},
	} {
		o, err := resource.DecodeObject(text)
		if err != nil {
			t.Fatal(err)
		}
		got := resource.GroupOf(o)
		if !got.Equal(&want) {
			t.Errorf("%s: %+v", text, got)
		}
		stored, err := resource.DecodeObject(resource.Text(got.Applied()))
		if err != nil {
			t.Fatal(err)
		}
		if again := resource.GroupOf(stored); !again.Equal(&want) {
			t.Errorf("%s: shown and read again it is %+v", text, again)
		}
		if want := want.Uploaded[""].Plus(want.Uploaded["calling_user_assignment+none"]); !got.All().Equal(want) {
			t.Errorf("%s: all are %v", text, got.All())
		}
	}
}
