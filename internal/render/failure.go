package render

import (
	"errors"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// failureJSON is an error: what people read, and what programs go by where it is known.
type failureJSON struct {
	Text   string        `json:"text"`
	Code   resource.Code `json:"code,omitempty"`
	Args   resource.Args `json:"args,omitempty"`
	Errors []Misspelt    `json:"errors,omitempty"` // of a configuration
}

// Misspelt is one error of a configuration.
type Misspelt struct {
	File string `json:"file"`
	Line int    `json:"line"` // 0: the file as a whole
	Col  int    `json:"col"`
	Path string `json:"path"`
	Text string `json:"text"`
}

// Failure is what ended a command, as JSON has it; list is what is wrong with the configuration, if it is that.
func (ws *Words) Failure(err error, list []Misspelt) any { return ws.failure(err, list) }

func (ws *Words) failure(err error, list []Misspelt) *failureJSON {
	if err == nil {
		return nil
	}
	out := &failureJSON{Text: ws.Error(err), Errors: list}
	var known remedied
	switch found := reasons(err, nil); {
	case len(found) > 0:
		why := found[0].Because()
		out.Code, out.Args = why.Code, why.Args
	case errors.As(err, &known):
		code, args := known.Reason()
		out.Code, out.Args = resource.Code(code), args
	}
	return out
}

// Failed is a plan as JSON, how carrying it out ended where that was begun, and what ended it early.
func (ws *Words) Failed(p *plan.Plan, result *plan.Result, err error) []byte {
	doc := ws.document(p, result)
	doc.Error = ws.failure(err, nil)
	return Document(doc)
}
