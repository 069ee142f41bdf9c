package telnyxsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const maxControlBody = 64 << 20

// control is an operation of the simulator itself.
type control struct {
	method, path string
	handle       func(s *Sim, w http.ResponseWriter, body []byte)
}

func controls() []control {
	return []control{
		{"GET", "/journal", func(s *Sim, w http.ResponseWriter, _ []byte) { controlJSON(w, s.Journal()) }},
		{"DELETE", "/journal", func(s *Sim, w http.ResponseWriter, _ []byte) {
			s.ClearJournal()
			w.WriteHeader(http.StatusNoContent)
		}},
		{"POST", "/clock", (*Sim).moveClock},
		{"GET", "/faults", func(s *Sim, w http.ResponseWriter, _ []byte) { controlJSON(w, s.faults.remaining()) }},
		{"POST", "/faults", (*Sim).postFaults},
		{"DELETE", "/faults", func(s *Sim, w http.ResponseWriter, _ []byte) {
			s.ClearFaults()
			w.WriteHeader(http.StatusNoContent)
		}},
		{"GET", "/violations", func(s *Sim, w http.ResponseWriter, _ []byte) { controlJSON(w, s.Violations()) }},
		{"DELETE", "/violations", func(s *Sim, w http.ResponseWriter, _ []byte) {
			s.ClearViolations()
			w.WriteHeader(http.StatusNoContent)
		}},
		{"GET", "/account", (*Sim).getAccount},
		{"PUT", "/account", (*Sim).putAccount},
	}
}

// serveControl answers under /_sim.
func (s *Sim) serveControl(w http.ResponseWriter, r *http.Request, path string) {
	if name, ok := strings.CutPrefix(path, storagePath); ok {
		s.serveStorage(w, r, name)
		return
	}
	var allow []string
	for _, c := range controls() {
		if c.path != path {
			continue
		}
		if c.method != r.Method {
			allow = append(allow, c.method)
			continue
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControlBody))
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			controlError(w, http.StatusRequestEntityTooLarge, "the body is larger than 64 MB")
			return
		} else if err != nil {
			controlError(w, http.StatusBadRequest, err.Error())
			return
		}
		c.handle(s, w, body)
		return
	}
	if allow != nil {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		controlError(w, http.StatusMethodNotAllowed, "this answers "+strings.Join(allow, ", "))
		return
	}
	controlError(w, http.StatusNotFound, "there are /_sim/account, /_sim/clock, /_sim/faults, /_sim/journal and /_sim/violations")
}

func (s *Sim) moveClock(w http.ResponseWriter, body []byte) {
	var in struct {
		Advance string `json:"advance"`
	}
	if err := strict(body, &in); err != nil {
		controlError(w, http.StatusBadRequest, err.Error())
		return
	}
	d, err := time.ParseDuration(in.Advance)
	if err != nil {
		controlError(w, http.StatusBadRequest, fmt.Sprintf("advance %q is not a duration such as 10m", in.Advance))
		return
	}
	s.Advance(d)
	controlJSON(w, map[string]any{"now": s.Now().UTC().Format(time.RFC3339)})
}

func (s *Sim) postFaults(w http.ResponseWriter, body []byte) {
	var fs []Fault
	err := strict(body, &fs)
	if err == nil {
		err = s.AddFaults(fs...)
	}
	if err != nil {
		controlError(w, http.StatusBadRequest, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sim) getAccount(w http.ResponseWriter, _ []byte) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.Account())
}

func (s *Sim) putAccount(w http.ResponseWriter, body []byte) {
	if err := s.SetAccount(body); err != nil {
		controlError(w, http.StatusBadRequest, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// strict decodes one JSON value into v and refuses fields that v does not have.
func strict(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("not the JSON that is expected here: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

func controlJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(encode(v, "  "))
}

func controlError(w http.ResponseWriter, status int, what string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(map[string]string{"error": what}, ""))
}
