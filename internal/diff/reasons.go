package diff

import "telnyxsync/internal/plan"

// Why something could not be read or compared. The arguments stand beside each code, and more after a colon.
const (
	KindUnread              plan.Code = "kind_unread"               // error
	EntryUnread             plan.Code = "entry_unread"              // error
	ContentUnread           plan.Code = "content_unread"            // error: the rest of the object is known
	OrphanUnread            plan.Code = "orphan_unread"             // error
	GroupUnread             plan.Code = "group_unread"              // error: the numbers of its connection
	GroupConnectionUnread   plan.Code = "group_connection_unread"   // error
	LocationAddressesUnread plan.Code = "location_addresses_unread" // error: the civic addresses of its connection
	NotReturned             plan.Code = "not_returned"              // none: no GET shows the field, and nothing remembers it
	SecretUnread            plan.Code = "secret_unread"             // error: it names the secret
	SecretNotRead           plan.Code = "secret_not_read"           // secret: nobody has asked for it
	SecretNotObject         plan.Code = "secret_not_object"         // secret: it is not the text of a JSON object
	SecretNotCompared       plan.Code = "secret_not_compared"       // why: a reason of its own
	SecretsMissing          plan.Code = "secrets_missing"           // why: a list of reasons; a run that writes needs them
	NoState                 plan.Code = "no_state"                  // none
)

// Whose an object is, where that is not clear.
const (
	OtherConfiguration        plan.Code = "other_configuration"          // root, address: whose object the entry's is
	GroupOfOtherConfiguration plan.Code = "group_of_other_configuration" // root, address
	NumbersOfOther            plan.Code = "numbers_of_other"             // root, address
	StateKnowsAnother         plan.Code = "state_knows_another"          // id, key, address
	NameTaken                 plan.Code = "name_taken"                   // key: by what is not ours
	TwoOwnerTags              plan.Code = "two_owner_tags"               // id, name: of the other entry
	ManyTagged                plan.Code = "many_tagged"                  // ids, address
	ObjectTaken               plan.Code = "object_taken"                 // id, address: of the other entry
	ManyCandidates            plan.Code = "many_candidates"              // ids
	OtherInstance             plan.Code = "other_instance"               // id, tag
	SameObject                plan.Code = "same_object"                  // key, address: of the other entry
	KeyNotKnown               plan.Code = "key_not_known"                // address: of the entry whose id is in the key
	AnotherObject             plan.Code = "another_object"               // id, address, was, is: when ours came to be, and when the one that is there now
	Duplicate                 plan.Code = "duplicate"                    // ids, id, address: of the entry, and of its own object
	TaggedElsewhere           plan.Code = "tagged_elsewhere"             // count, kind, ids: the first few
)

// What was begun and has no known end.
const (
	ReplaceTakenBack plan.Code = "replace_taken_back" // id, made, address
	ReplaceDiffers   plan.Code = "replace_differs"    // made
	CreateOfAnother  plan.Code = "create_of_another"  // key, at, made, address: the YAML means another now
	CreateInDoubt    plan.Code = "create_in_doubt"    // at
	CreateSuspects   plan.Code = "create_suspects"    // at, ids, address
	CreateAbandoned  plan.Code = "create_abandoned"   // at, ids, address: the entry is gone, and nothing tells which of them it made
	CameToNothing    plan.Code = "came_to_nothing"    // at: the entry is gone, and nothing is there that the create may have made
	CreateMeant      plan.Code = "create_meant"       // at, id, address: the entry is gone, and another means what it made
)

// Why an entry cannot be made true.
const (
	CannotChange  plan.Code = "cannot_change"  // path, old, new: the field is set once
	CannotBecome  plan.Code = "cannot_become"  // id, key, why: a reason of the kind
	DoesNotStick  plan.Code = "does_not_stick" // path, value, count, live, ignore: what to write there
	RenewalUndone plan.Code = "renewal_undone" // count, end, address
	LeftUnwritten plan.Code = "left_unwritten" // path, why: a reason of its own
	ShortLife     plan.Code = "short_life"     // granted, asked: as durations are written
	EndNotShown   plan.Code = "end_not_shown"  // written, due
	NeedsMissing  plan.Code = "needs_missing"  // address
	NumbersWait   plan.Code = "numbers_wait"   // address: of what this plan does not do
	NumbersWrong  plan.Code = "numbers_wrong"  // how, why: a list of reasons
	NumbersParked plan.Code = "numbers_parked" // how, why, first: a list of reasons, and one of the numbers
)

// Why there is something to do.
const (
	New            plan.Code = "new"              // none
	NewOrRenamed   plan.Code = "new_or_renamed"   // address, id: of an orphan that was applied with the same settings
	DeletedThere   plan.Code = "deleted_there"    // id
	EndedOrDeleted plan.Code = "ended_or_deleted" // id: of what expires
	KeyChanges     plan.Code = "key_changes"      // field, id, key
	WasNamed       plan.Code = "was_named"        // address
	UnknownToState plan.Code = "unknown_to_state" // none
	TaggedAsOurs   plan.Code = "tagged_as_ours"   // none: and not in state
	EndNotKnown    plan.Code = "end_not_known"    // none
	HasEnded       plan.Code = "has_ended"        // at
	WillEnd        plan.Code = "will_end"         // at
)

// What becomes of what is no longer written.
const (
	NotWritten        plan.Code = "not_written"         // none: it is deleted
	Dropped           plan.Code = "dropped"             // none: it is forgotten
	SectionNotWritten plan.Code = "section_not_written" // section
	OrphanClaimed     plan.Code = "orphan_claimed"      // address: of an entry that may mean it
	OrphanKept        plan.Code = "orphan_kept"         // none: deletions were not asked for
	OrphanProtected   plan.Code = "orphan_protected"    // address
	OrphanMade        plan.Code = "orphan_made"         // at: by a create whose answer was lost
	OrphanBehind      plan.Code = "orphan_behind"       // at, id: made in the place of the object of this id, which is there yet
	OrphanAnother     plan.Code = "orphan_another"      // id, address, was, is: as with another_object
	DeleteDoubtful    plan.Code = "delete_doubtful"     // id, address, paths: what differs from what was last applied
	DeleteWaits       plan.Code = "delete_waits"        // address: of what still refers to it
	OwnedElsewhere    plan.Code = "owned_elsewhere"     // count, root
	OwnedNowhere      plan.Code = "owned_nowhere"       // count
)

func reason(code plan.Code, args plan.Args) plan.Reason { return plan.Reason{Code: code, Args: args} }

func reasons(code plan.Code, args plan.Args) []plan.Reason { return []plan.Reason{reason(code, args)} }
