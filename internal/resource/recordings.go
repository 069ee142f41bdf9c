package resource

// Recording is a recording or a transcription, as far as it matters here.
type Recording struct {
	ID       string
	Times    map[string]string // created_at, start_time, end_time, as Telnyx writes them
	Fields   map[string]string // what it shows, by the names of filters; a field that is not in it is not shown
	From, To string            // call parties
	Millis   int64             // of audio
	Own      bool              // some of its content is in the customer's own storage
}
