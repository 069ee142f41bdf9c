package numbers

import "telnyxsync/internal/resource"

// Why there is something to do. The arguments stand beside each code; those in brackets may be left out.
const (
	CodeNotInState     resource.Code = "not_in_state"     // none: they are in place, and nobody remembers them
	CodeOnNoConnection resource.Code = "on_no_connection" // none
	CodeOnConnection   resource.Code = "on_connection"    // connection, [label]
	CodeNotOnTeams     resource.Code = "not_on_teams"     // none
	CodeAtLocation     resource.Code = "at_location"      // location, which is empty where they are at none
	CodeWasInPlace     resource.Code = "was_in_place"     // none: beside another one, of what has drifted
	CodeLeavesTeams    resource.Code = "leaves_teams"     // count, connection: beside another one, of what disconnects users
	CodeRetryDue       resource.Code = "retry_due"        // [failure], a reason of its own
)

// Why it has to wait.
const (
	CodeAnswerLost       resource.Code = "answer_lost"       // op, [since] where it takes too long
	CodeBeingAssigned    resource.Code = "being_assigned"    // job, [since]
	CodeBeingMoved       resource.Code = "being_moved"       // [since]
	CodeBeingUploaded    resource.Code = "being_uploaded"    // ticket, [since]
	CodeUploadedUnlisted resource.Code = "uploaded_unlisted" // ticket, [since]
	CodeAssignedUnlisted resource.Code = "assigned_unlisted" // none
	CodeUploadOfOthers   resource.Code = "upload_of_others"  // ticket
	CodeBatchFills       resource.Code = "batch_fills"       // none: they are to be uploaded with those that are being assigned
	CodeJobsBusy         resource.Code = "jobs_busy"         // most, as many jobs as Telnyx takes at a time
	CodeRetryWaits       resource.Code = "retry_waits"       // op, [failure], at
	CodeRetryBlocked     resource.Code = "retry_blocked"     // ticket: what is being uploaded has to be known before
	CodeFailureUnread    resource.Code = "failure_unread"    // ticket, error
	CodeFailureNotRead   resource.Code = "failure_not_read"  // ticket: it was not asked for yet
	CodeNotLookedUp      resource.Code = "not_looked_up"     // none: the account was not asked yet
	CodeUploadsNotRead   resource.Code = "uploads_not_read"  // none: what is being uploaded was not asked for yet
	CodePlacesNotRead    resource.Code = "places_not_read"   // none: the civic addresses were not asked for yet
)

// Why nothing can be done.
const (
	CodeNotInAccount         resource.Code = "not_in_account"         // none
	CodeTollFree             resource.Code = "toll_free"              // usage
	CodeOtherUsage           resource.Code = "other_usage"            // usage, [additional], a list: what they were uploaded for
	CodeMoveNotAllowed       resource.Code = "move_not_allowed"       // connection, [label], leaves_teams
	CodeNoDefaultLocation    resource.Code = "no_default_location"    // civic_address
	CodeNoSuchPlace          resource.Code = "no_such_place"          // location or civic_address; candidates, rooms, addresses: lists as long as each other; [more]
	CodeImpossibleEvent      resource.Code = "impossible_event"       // state, event: see [Machine]
	CodeAccountUnread        resource.Code = "account_unread"         // error
	CodeUploadsUnread        resource.Code = "uploads_unread"         // error
	CodeConnectionUnread     resource.Code = "connection_unread"      // connection, [label], error
	CodeCivicAddressesUnread resource.Code = "civic_addresses_unread" // error
)

// Why it failed, or ended otherwise.
const (
	CodeUploadEntryFailed resource.Code = "upload_entry_failed" // code, message: as Telnyx gives them, which may be empty
	CodeUploadFailed      resource.Code = "upload_failed"       // code, message: of the upload as a whole
	CodeLeftOutOfUpload   resource.Code = "left_out_of_upload"  // ticket: it ended without them
	CodeUploadGone        resource.Code = "upload_gone"         // ticket: Telnyx no longer knows it
	CodeTakenAway         resource.Code = "taken_away"          // ticket: they were uploaded, and left the connection since
	CodeJobEntryFailed    resource.Code = "job_entry_failed"    // message
	CodeJobWithoutEffect  resource.Code = "job_without_effect"  // job
	CodeAssignmentLost    resource.Code = "assignment_lost"     // none: its answer was lost, and nothing came of it
	CodeMoveWithoutEffect resource.Code = "move_without_effect" // at
	CodeRefused           resource.Code = "refused"             // message
	CodeExhausted         resource.Code = "exhausted"           // attempts, failure
)
