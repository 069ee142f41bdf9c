package render

import (
	"cmp"

	"telnyxsync/internal/plan"
)

// itemsJSON are items: phone numbers as ranges, all else as ids.
type itemsJSON struct {
	Unit    string       `json:"unit"`
	Count   int          `json:"count"`
	List    plan.Texts   `json:"list"`
	Details []detailJSON `json:"details,omitempty"`
}

// detailJSON is what is known of a recording or a transcription.
type detailJSON struct {
	ID      string `json:"id"`
	Created string `json:"created"`
	Age     string `json:"age"`
	Seconds int64  `json:"seconds"` // of audio
	Policy  string `json:"policy,omitempty"`
}

// keptJSON is what a hold keeps.
type keptJSON struct {
	Address string     `json:"address"`
	Source  string     `json:"source"` // "" where it is not written in this run
	Items   *itemsJSON `json:"items"`
	Due     int        `json:"due"`
	More    bool       `json:"more"`
}

func items(s plan.Items) *itemsJSON {
	if s == nil {
		return nil
	}
	return &itemsJSON{Unit: s.Unit(), Count: s.Len(), List: append(plan.Texts{}, plan.TextsOf(s)...)}
}

// detailed are items with what is known of each, and the policy that deletes them where they do not say it themselves.
func detailed(s plan.Items, policy string) *itemsJSON {
	out := items(s)
	if known, is := s.(plan.Detailed); is {
		out.Details = make([]detailJSON, 0, s.Len())
		for d := range known.Details() {
			out.Details = append(out.Details, detailJSON{d.ID, d.Created, d.Age, d.Seconds, cmp.Or(d.By, policy)})
		}
	}
	return out
}
