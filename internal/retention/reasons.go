package retention

import "telnyxsync/internal/resource"

// What ends a run, as nothing may be deleted by what cannot be judged.
const (
	NoID        resource.Code = "recording-without-id"          // a recording cannot be told from others
	TimeUnread  resource.Code = "recording-time-unread"         // id, field, value: a time that could mean several, or none
	TimeTooOld  resource.Code = "recording-time-too-old"        // id, field, value: a time before anything was recorded
	RuleUnread  resource.Code = "retention-rule-unread"         // policy, field, value: a time of an entry that is none
	RuleTooSoon resource.Code = "retention-rule-too-soon"       // policy: it neither holds nor deletes at a day or more
	HoldUntold  resource.Code = "hold-untold"                   // policy, connection: what it refers to is not known
	KnownUnread resource.Code = "remembered-hold-unread"        // policy, root, field, value: as the state has it
	KnownNoHold resource.Code = "remembered-hold-holds-nothing" // policy, root: the state has it as a hold, and it says otherwise
	KnownUntold resource.Code = "remembered-hold-untold"        // policy, root, connection
)

// What keeps a policy from deleting.
const (
	PolicyUntold resource.Code = "policy-untold" // connection: what it refers to is not known
)

// Why something is deleted, and why not now.
const (
	IsDue    resource.Code = "recordings-due"       // oldest, newest, audio: times, and seconds
	NotAsked resource.Code = "recordings-not-asked" // count, unit, oldest, newest, audio: due by a policy that is left out of the run
	Waits    resource.Code = "recordings-wait"      // count, unit, max: due, and more than one run deletes
	Aged     resource.Code = "recording-aged"       // created, age, from, to: of a single one; the parties are masked
)

// What changed about policies and holds.
const (
	PolicyNew        resource.Code = "policy-new"        // after
	PolicyRemoved    resource.Code = "policy-removed"    // after
	PolicyLengthened resource.Code = "policy-lengthened" // old, new
	PolicyShortened  resource.Code = "policy-shortened"  // old, new
	PolicyNarrowed   resource.Code = "policy-narrowed"   // old, new: lists of filters
	PolicyWidened    resource.Code = "policy-widened"    // old, new
	PolicyRefiltered resource.Code = "policy-refiltered" // old, new: it means some more, and some no longer
	PolicyObserves   resource.Code = "policy-observes"   // it deleted
	PolicyActs       resource.Code = "policy-acts"       // it only observed
	PolicyBound      resource.Code = "policy-bound"      // old, new: how many one run deletes; 0 is all
	PolicyArchive    resource.Code = "policy-archive"    // old, new: directories; empty is none

	HoldNew        resource.Code = "hold-new"
	HoldRemoved    resource.Code = "hold-removed"    // it is no longer written
	HoldReleased   resource.Code = "hold-released"   // after: its keep was removed, and it deletes
	HoldPlaced     resource.Code = "hold-placed"     // after: what was a policy holds
	HoldNarrowed   resource.Code = "hold-narrowed"   // old, new: lists of filters
	HoldWidened    resource.Code = "hold-widened"    // old, new
	HoldRefiltered resource.Code = "hold-refiltered" // old, new
	HoldRemembered resource.Code = "hold-remembered" // root: it holds, though this run does not load or not write it
)
