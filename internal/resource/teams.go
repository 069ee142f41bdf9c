package resource

import "time"

// Target is what is wanted of a number: the connection that it belongs to and, on Microsoft Teams,
// its place and what it is used for.
type Target struct {
	Connection   string `json:"connection"` // id
	Location     string `json:"location_id,omitempty"`
	CivicAddress string `json:"civic_address_id,omitempty"` // any location of it will do
	Usage        string `json:"usage,omitempty"`
	Additional   string `json:"additional_usages,omitempty"` // sorted, with commas; "none" is the empty list, "" none written
}

// Placed tells whether Target asks for a place, as those on Microsoft Teams do.
func (t Target) Placed() bool { return t.Location != "" || t.CivicAddress != "" }

// LiveNumber is a number as its connection lists it. On Microsoft Teams it has a place; one that is
// merely assigned to the connection, or on its way, may be listed without.
type LiveNumber struct {
	Number       Number
	ID           string
	Location     string
	CivicAddress string
	Ticket       string // of the upload that brought it there
}

// AccountNumber is a number that the account owns.
type AccountNumber struct {
	Number     Number
	ID         string
	Connection string // id; "" where it has none
	TollFree   bool
}

// CivicAddress is an emergency address that a Teams admin made, with the locations in it.
type CivicAddress struct {
	ID        string
	Default   string // id of the default location; "" where there is none
	Words     string // "Contoso, 311 Congress Avenue, Austin, TX 78701, US"
	Locations []Location
}

// Location is a place within a civic address.
type Location struct {
	ID    string
	Words string // "Floor 14"; "" where nobody described it
}

// The states of uploads and of their entries, as Telnyx has them. Those that are not known here are
// taken to move on yet.
const (
	UploadPartial = "partial_success"
	UploadSuccess = "success"
	UploadError   = "error"
)

// Upload is an order of Telnyx to Microsoft to put numbers on Teams.
type Upload struct {
	Ticket  string
	Status  string
	Code    string // of Microsoft's: free text
	Message string
	Entries []UploadEntry
}

// UploadEntry is one number of an upload.
type UploadEntry struct {
	Number       Number // 0 where Telnyx does not say it
	ID           string // of the number, or of the entry: Telnyx's documents disagree
	Status       string
	Internal     string // its state at Telnyx, where that says more
	Code         string
	Message      string
	Location     string
	CivicAddress string
}

// BulkJob is a job that puts many numbers on a connection.
type BulkJob struct {
	ID     string
	Status string            // pending, in_progress, completed, failed, expired
	Failed map[Number]string // why
}

// The operations that numbers are on their way by.
const (
	OrderAssign   = "assign"
	OrderUpload   = "upload"
	OrderRetry    = "retry" // an upload too
	OrderRelocate = "relocate"
)

// Order is numbers that something was, or is about to be, sent for, and that are on their way. It is
// stored before it is sent.
type Order struct {
	ID      string // ours
	Op      string
	Target  Target
	Numbers Numbers   // those that are still on their way
	Ticket  string    // of the upload, or the id of the job; "" as long as no answer told it
	Retried string    // of a retry: the ticket that it repeats
	Seen    []string  // tickets that were there before: what it made is none of them
	At      time.Time // when it was begun
	Settled bool      // Telnyx calls it done; the lists do not show all of it yet
}

// Trouble is a number that something went wrong with. It is void once something else is wanted of
// the number.
type Trouble struct {
	Number   Number
	Target   Target
	Op       string // what failed, one of the orders'
	Code     string // Telnyx's; "" where there is none
	Reason   Reason
	Ticket   string // of the upload in which it failed; "" where there is none that can be retried
	Attempts int
	At       time.Time // of the last of them
	Next     time.Time // when it is tried again; zero: it is parked, and never is
}

// Parked tells whether the number is not tried again before somebody changes something.
func (t *Trouble) Parked() bool { return t.Next.IsZero() }
