package apply_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// numberTruth is where the numbers of a simulated account are, and on their way to.
type numberTruth struct {
	Numbers []struct {
		ID         string
		Connection string `json:"connection_id"`
	} `json:"phone_numbers"`
	Live map[string][]struct {
		ID       string `json:"number_id"`
		Location string `json:"location_id"`
		Civic    string `json:"civic_address_id"`
		Unlisted bool   `json:"_unlisted"`
		Changes  any    `json:"_changes"`
	} `json:"connection_phone_numbers"`
	Uploads map[string][]struct {
		Ticket  string `json:"ticket_id"`
		Status  string
		Begun   string `json:"_submitted_at"`
		Entries []struct {
			ID       string `json:"number_id"`
			Location string `json:"location_id"`
			Civic    string `json:"civic_address_id"`
			Status   string
		} `json:"tn_upload_entries"`
	} `json:"uploads"`
	Connections []struct {
		ID string
	} `json:"external_connections"`
	Jobs []struct{ Status string } `json:"phone_numbers_jobs"`
}

func (l *numberLaw) truth() (truth numberTruth) {
	if err := json.Unmarshal(l.sim.Account(), &truth); err != nil {
		l.Fatal(err)
	}
	return truth
}

func numberOf(id string) resource.Number {
	n, _ := resource.ParseNumber("+" + id)
	return n
}

// connection is that of a number; owned is false where the account has no such number.
func (u *numberTruth) connection(n resource.Number) (id string, owned bool) {
	for _, o := range u.Numbers {
		if numberOf(o.ID) == n {
			return o.Connection, true
		}
	}
	return "", false
}

// place is where on Teams a number is, by a connection that it is still on, and whether the list shows it.
func (u *numberTruth) place(n resource.Number) (location, civic string, listed bool) {
	on, _ := u.connection(n)
	for _, o := range u.Live[on] {
		if numberOf(o.ID) == n {
			return o.Location, o.Civic, !o.Unlisted
		}
	}
	return "", "", false
}

func (u *numberTruth) unfinished(status string) bool {
	return status == "pending_upload" || status == "pending" || status == "in_progress"
}

// coming tells whether a number is in an upload that is not finished with it, and whether it ever will be.
func (u *numberTruth) coming(n resource.Number) (coming, hangs bool) {
	for _, list := range u.Uploads {
		for _, up := range list {
			for _, e := range up.Entries {
				if numberOf(e.ID) == n && u.unfinished(up.Status) && u.unfinished(e.Status) {
					return true, strings.HasPrefix(up.Begun, "9999")
				}
			}
		}
	}
	return false, false
}

// moves tells whether something is on its way that will arrive.
func (u *numberTruth) moves() bool {
	for _, list := range u.Live {
		for _, n := range list {
			if n.Changes != nil {
				return true
			}
		}
	}
	for _, list := range u.Uploads {
		for _, up := range list {
			if u.unfinished(up.Status) && !strings.HasPrefix(up.Begun, "9999") {
				return true
			}
		}
	}
	return slices.ContainsFunc(u.Jobs, func(j struct{ Status string }) bool { return j.Status == "pending" || j.Status == "in_progress" })
}

// connectionOf is the id of a group's connection.
func (u *numberTruth) connectionOf(g *numberGroup) string {
	if g.connection != zoomNew {
		return g.connection
	}
	for _, c := range u.Connections {
		if c.ID != zoomHere && !onTeams(c.ID) {
			return c.ID
		}
	}
	return ""
}

// inPlace tells whether a number is where its group wants it.
func (u *numberTruth) inPlace(n resource.Number, g *numberGroup) bool {
	on, owned := u.connection(n)
	location, civic, listed := u.place(n)
	switch {
	case !owned || on != u.connectionOf(g):
		return false
	case !onTeams(g.connection):
		return true
	case g.ignore:
		return listed
	case g.location != "":
		return listed && location == g.location
	}
	return listed && civic == g.civic
}

// watch looks at a write before it is done: it is about numbers of a group, and does what that wants.
func (l *numberLaw) watch(r *http.Request, text []byte) {
	var body struct {
		Numbers    []string `json:"phone_numbers"`
		Connection string   `json:"connection_id"`
		IDs        []string `json:"number_ids"`
		Location   string   `json:"location_id"`
		Civic      string   `json:"civic_address_id"`
		Usage      string   `json:"usage"`
		More       *[]any   `json:"additional_usages"`
	}
	_ = json.Unmarshal(text, &body) // some have none
	s := strings.Split(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")
	what := r.Method + " " + r.URL.Path + " " + string(text)
	truth := l.truth()
	// ours is the group that a number is written for.
	ours := func(id, connection string) *numberGroup {
		g := l.w.group(numberOf(id))
		switch {
		case g == nil:
			l.Errorf("%s: %s is in no group", what, id)
		case g.observe:
			l.Errorf("%s: %s is only observed", what, id)
		case l.wire.only != nil && l.wire.only.Name != g.name:
			l.Errorf("%s: %s is not of %s", what, id, l.wire.only.Addr)
		case truth.connectionOf(g) != connection:
			l.Errorf("%s: %s is wanted on %s", what, id, truth.connectionOf(g))
		default:
			return g
		}
		return nil
	}
	switch {
	case s[0] == "phone_numbers":
		for _, id := range body.Numbers {
			on, _ := truth.connection(numberOf(id))
			if g := ours(id, body.Connection); g != nil && on != "" && on != body.Connection && !g.allowMove {
				l.Errorf("%s: %s is taken from %s", what, id, on)
			}
		}
	case len(s) == 3 && s[2] == "uploads":
		for _, id := range body.IDs {
			g := ours(id, s[1])
			if g == nil {
				continue
			}
			if g.location != body.Location || g.civic != body.Civic || g.usage != body.Usage || (g.more != nil) != (body.More != nil) ||
				g.more != nil && !slices.Equal(g.more, *body.More) {
				l.Errorf("%s: %s is wanted at %s%s for %s and %v", what, id, g.location, g.civic, g.usage, g.more)
			}
			if _, _, listed := truth.place(numberOf(id)); listed {
				l.Errorf("%s: %s is on Teams", what, id)
			}
		}
	case len(s) == 5 && s[2] == "uploads" && s[4] == "retry":
		for _, u := range truth.Uploads[s[1]] {
			for _, e := range u.Entries {
				if u.Ticket != s[3] || e.Status != "error" {
					continue
				}
				if g := ours(e.ID, s[1]); g != nil && g.location != e.Location && g.civic != e.Civic {
					l.Errorf("%s: %s goes to %s, and is wanted at %s%s", what, e.ID, e.Location, g.location, g.civic)
				}
			}
		}
	case len(s) == 4 && s[2] == "phone_numbers":
		if g := ours(s[3], s[1]); g != nil && body.Location != g.location && (g.civic == "" || body.Location != defaultOf(g.civic)) {
			l.Errorf("%s: it is wanted at %s%s", what, g.location, g.civic)
		}
	}
}
