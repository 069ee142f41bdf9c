package retention

import "telnyxsync/internal/resource"

// What ends a run, as nothing may be deleted by what cannot be judged.
const (
	NoID        resource.Code = "recording_without_id"          // a recording cannot be told from others
	TimeUnread  resource.Code = "recording_time_unread"         // id, field, value: a time that could mean several, or none
	TimeTooOld  resource.Code = "recording_time_too_old"        // id, field, value: a time before anything was recorded
	RuleUnread  resource.Code = "retention_rule_unread"         // policy, field, value: a time of an entry that is none
	RuleTooSoon resource.Code = "retention_rule_too_soon"       // policy: it neither holds nor deletes at a day or more
	HoldUntold  resource.Code = "hold_untold"                   // policy, connection: what it refers to is not known
	KnownUnread resource.Code = "remembered_hold_unread"        // policy, root, field, value: as the state has it
	KnownNoHold resource.Code = "remembered_hold_holds_nothing" // policy, root: the state has it as a hold, and it says otherwise
	KnownUntold resource.Code = "remembered_hold_untold"        // policy, root, connection
)

// What keeps a policy from deleting.
const (
	PolicyUntold resource.Code = "policy_untold" // connection: what it refers to is not known
)

// Why something is deleted, and why not now.
const (
	IsDue    resource.Code = "recordings_due"       // oldest, newest, audio: times, and seconds
	NotAsked resource.Code = "recordings_not_asked" // count, unit, oldest, newest, audio: due by a policy that is left out of the run
	Waits    resource.Code = "recordings_wait"      // count, unit, max: due, and more than one run deletes
	NoneDue  resource.Code = "policy_none_due"      // unit
	InOwn    resource.Code = "in_own_storage"       // count, unit, oldest, newest, audio: due, and in one's own storage, where they stay
	Aged     resource.Code = "recording_aged"       // created, age, from, to: of a single one; the parties are masked
)

// What changed about policies and holds.
const (
	PolicyNew        resource.Code = "policy_new"        // after
	PolicyRemoved    resource.Code = "policy_removed"    // after
	PolicyLengthened resource.Code = "policy_lengthened" // old, new
	PolicyShortened  resource.Code = "policy_shortened"  // old, new
	PolicyNarrowed   resource.Code = "policy_narrowed"   // old, new: lists of filters
	PolicyWidened    resource.Code = "policy_widened"    // old, new
	PolicyRefiltered resource.Code = "policy_refiltered" // old, new: it means some more, and some no longer
	PolicyObserves   resource.Code = "policy_observes"   // it deleted
	PolicyActs       resource.Code = "policy_acts"       // it only observed
	PolicyBound      resource.Code = "policy_bound"      // old, new: how many one run deletes; 0 is all
	PolicyArchive    resource.Code = "policy_archive"    // old, new: directories; empty is none
	PolicyKeepsOwn   resource.Code = "policy_keeps_own"  // it no longer deletes what is in one's own storage
	PolicyDeletesOwn resource.Code = "policy_deletes_own"

	HoldNew        resource.Code = "hold_new"
	HoldRemoved    resource.Code = "hold_removed"    // it is no longer written
	HoldReleased   resource.Code = "hold_released"   // after: its keep was removed, and it deletes
	HoldPlaced     resource.Code = "hold_placed"     // after: what was a policy holds
	HoldNarrowed   resource.Code = "hold_narrowed"   // old, new: lists of filters
	HoldWidened    resource.Code = "hold_widened"    // old, new
	HoldRefiltered resource.Code = "hold_refiltered" // old, new
	HoldRemembered resource.Code = "hold_remembered" // roots: it holds, though this run does not load or not write it
	HoldElsewhere  resource.Code = "hold_elsewhere"  // roots: it is no longer written here, and holds as another configuration says so
)
