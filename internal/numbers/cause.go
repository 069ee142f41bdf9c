package numbers

import (
	"cmp"
	"strings"
	"time"

	"telnyxsync/internal/resource"
)

// cause is a reason as numbers are grouped by it: it can be compared and costs nothing to make, however many numbers
// there are. Which of its fields are arguments depends on the code, see [arguments].
type cause struct {
	code       resource.Code // "" where inner is all of it
	ticket     string        // or the id of a job
	connection string
	label      string
	text       string
	inner      string // the key of another reason, see keep
	at         int64  // seconds since 1970; 0 where there is no time
	count      int
	flag       bool
}

// seconds is a time as a cause holds it.
func seconds(t time.Time) int64 { return t.Unix() }

// argument is one of a reason's, and what it is of a cause. One that is nil is left out.
type argument struct {
	name string
	of   func(p *planner, c *cause) any
}

// What of a cause an argument can be.
func ofTicket(_ *planner, c *cause) any     { return c.ticket }
func ofConnection(_ *planner, c *cause) any { return c.connection }
func ofText(_ *planner, c *cause) any       { return c.text }
func ofName(_ *planner, c *cause) any       { return c.label }
func ofCount(_ *planner, c *cause) any      { return c.count }
func ofFlag(_ *planner, c *cause) any       { return c.flag }

func ofLabel(_ *planner, c *cause) any {
	if c.label == "" {
		return nil
	}
	return c.label
}

func ofList(_ *planner, c *cause) any {
	if c.label == "" {
		return nil
	}
	return strings.Split(c.label, ",")
}

func ofTime(_ *planner, c *cause) any {
	if c.at == 0 {
		return nil
	}
	return time.Unix(c.at, 0).UTC().Format(time.RFC3339)
}

func ofInner(p *planner, c *cause) any {
	if r := p.kept[c.inner]; !r.IsZero() {
		return r
	}
	return nil
}

// arguments are those of all codes that have any, as far as they come from causes.
var arguments = map[resource.Code][]argument{
	CodeOnConnection: {{"connection", ofConnection}, {"label", ofLabel}},
	CodeAtLocation:   {{"location", ofText}},
	CodeLeavesTeams:  {{"count", ofCount}, {"connection", ofConnection}},
	CodeRetryDue:     {{"failure", ofInner}},

	CodeAnswerLost:       {{"op", ofText}, {"since", ofTime}},
	CodeBeingAssigned:    {{"job", ofTicket}, {"since", ofTime}},
	CodeBeingMoved:       {{"since", ofTime}},
	CodeBeingUploaded:    {{"ticket", ofTicket}, {"since", ofTime}},
	CodeUploadedUnlisted: {{"ticket", ofTicket}, {"since", ofTime}},
	CodeUploadOfOthers:   {{"ticket", ofTicket}},
	CodeJobsBusy:         {{"most", ofCount}},
	CodeRetryWaits:       {{"op", ofText}, {"failure", ofInner}, {"at", ofTime}},
	CodeRetryBlocked:     {{"ticket", ofTicket}},
	CodeFailureUnread:    {{"ticket", ofTicket}, {"error", ofText}},
	CodeFailureNotRead:   {{"ticket", ofTicket}},

	CodeTollFree:             {{"usage", ofText}},
	CodeOtherUsage:           {{"usage", ofText}, {"additional", ofList}},
	CodeMoveNotAllowed:       {{"connection", ofConnection}, {"label", ofLabel}, {"leaves_teams", ofFlag}},
	CodeNoDefaultLocation:    {{"civic_address", ofText}},
	CodeImpossibleEvent:      {{"state", ofName}, {"event", ofText}},
	CodeAccountUnread:        {{"error", ofText}},
	CodeUploadsUnread:        {{"error", ofText}},
	CodeConnectionUnread:     {{"connection", ofConnection}, {"label", ofLabel}, {"error", ofText}},
	CodeCivicAddressesUnread: {{"error", ofText}},

	CodeUploadEntryFailed: {{"code", ofName}, {"message", ofText}},
	CodeUploadFailed:      {{"code", ofName}, {"message", ofText}},
	CodeLeftOutOfUpload:   {{"ticket", ofTicket}},
	CodeUploadGone:        {{"ticket", ofTicket}},
	CodeTakenAway:         {{"ticket", ofTicket}},
	CodeJobEntryFailed:    {{"message", ofText}},
	CodeJobWithoutEffect:  {{"job", ofTicket}},
	CodeMoveWithoutEffect: {{"at", ofTime}},
	CodeRefused:           {{"message", ofText}},
	CodeExhausted:         {{"attempts", ofCount}, {"failure", ofInner}},
}

// reason is what a cause says.
func (p *planner) reason(c cause) resource.Reason {
	if c.code == "" {
		return p.kept[c.inner]
	}
	r, made := p.reasons[c]
	if made {
		return r
	}
	r.Code = c.code
	for _, a := range arguments[c.code] {
		if v := a.of(p, &c); v != nil {
			if r.Args == nil {
				r.Args = resource.Args{}
			}
			r.Args[a.name] = v
		}
	}
	if p.reasons == nil {
		p.reasons = map[cause]resource.Reason{}
	}
	p.reasons[c] = r
	return r
}

// keep makes a reason part of causes: they hold its key.
func (p *planner) keep(r resource.Reason) string {
	if r.IsZero() {
		return ""
	}
	if p.kept == nil {
		p.kept = map[string]resource.Reason{}
	}
	key := r.Key()
	p.kept[key] = r
	return key
}

// compareCauses is an order of all causes.
func compareCauses(a, b *cause) int {
	return cmp.Or(cmp.Compare(a.connection, b.connection), cmp.Compare(a.ticket, b.ticket), cmp.Compare(a.code, b.code),
		cmp.Compare(a.label, b.label), cmp.Compare(a.text, b.text), cmp.Compare(a.inner, b.inner), cmp.Compare(a.at, b.at),
		cmp.Compare(a.count, b.count), bit(a.flag)-bit(b.flag))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
