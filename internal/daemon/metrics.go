package daemon

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"telnyxsync/internal/resource"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the daemon's. Labels are bounded: no address and no id is ever one.
type metrics struct {
	registry     *prometheus.Registry
	lastSuccess  prometheus.Gauge
	duration     prometheus.Histogram
	drift        prometheus.Gauge
	problems     *prometheus.GaugeVec
	calls        *prometheus.CounterVec
	configErrors prometheus.Gauge
	numbers      *prometheus.GaugeVec
	tickets      prometheus.Gauge
	oldestTicket prometheus.Gauge
	logMessages  *prometheus.GaugeVec
}

func newMetrics() *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "telnyxsync_" + name, Help: help})
	}
	m := &metrics{
		registry:    prometheus.NewRegistry(),
		lastSuccess: gauge("last_success_timestamp_seconds", "When a pass last succeeded, in Unix time; 0 before the first."),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "telnyxsync_pass_duration_seconds", Help: "How long passes took.",
			Buckets: []float64{0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000},
		}),
		drift: gauge("drift", "Entries that were changed on Telnyx, at the last pass."),
		problems: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "telnyxsync_problems", Help: "Entries that need a person, at the last pass and the last run of each job, by kind of problem.",
		}, []string{"state"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "telnyxsync_api_calls_total", Help: "Requests to Telnyx, by operation and status; 0 is no answer.",
		}, []string{"operation", "status"}),
		configErrors: gauge("config_errors", "Errors in the files as they are now."),
		numbers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "telnyxsync_phone_numbers", Help: "Phone numbers of the groups, at the last pass, by state.",
		}, []string{"state"}),
		logMessages: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "telnyxsync_log_messages", Help: "Log messages that Telnyx has about external connections, by code.",
		}, []string{"code"}),
		tickets:      gauge("tickets", "Uploads and assignments of phone numbers that are on their way, at the last pass."),
		oldestTicket: gauge("oldest_ticket_timestamp_seconds", "When the oldest of them was begun, in Unix time; 0 where there is none."),
	}
	for _, state := range []string{"placed", "todo", "waiting", "parked", "wrong"} {
		m.numbers.WithLabelValues(state).Set(0)
	}
	m.wrong(new(Status).wrong())
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(m.lastSuccess, m.duration, m.drift, m.problems, m.calls, m.configErrors, m.numbers, m.tickets, m.oldestTicket, m.logMessages)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// call counts a request.
func (m *metrics) call(method, path string, status int) {
	m.calls.WithLabelValues(operation(method, path), strconv.Itoa(status)).Inc()
}

// words are the fixed segments of the API's paths; every other segment is somebody's id or name.
var words = map[string]bool{
	"external_connections": true, "siprec_connectors": true, "phone_numbers": true, "operator_connect": true,
	"actions": true, "refresh": true, "media": true, "uploads": true, "releases": true, "locations": true,
	"civic_addresses": true, "log_messages": true, "recordings": true, "recording_transcriptions": true,
	"custom_storage_credentials": true, "dialogflow_connections": true, "outbound_voice_profiles": true,
	"connections": true, "jobs": true, "slim": true, "status": true, "retry": true, "update_phone_numbers": true, "download": true, "delete": true,
}

// operation is a request without ids: "GET /external_connections/{id}". A name that happens to be
// one of the words stays; it is still one of few.
func operation(method, path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if i > 0 && !words[s] {
			segments[i] = "{id}"
		}
	}
	return method + " " + strings.Join(segments, "/")
}

// maxCodes bounds how many codes of log messages are told apart.
const maxCodes = 50

// messages takes over what log messages there are.
func (m *metrics) messages(list []resource.Message) {
	m.logMessages.Reset()
	codes := map[string]int{}
	for _, msg := range list {
		code := msg.Code
		if _, known := codes[code]; !known && len(codes) >= maxCodes {
			code = "other"
		}
		codes[code]++
	}
	for code, n := range codes {
		m.logMessages.WithLabelValues(code).Set(float64(n))
	}
}

// wrong takes over what needs a person.
func (m *metrics) wrong(n map[string]int) {
	for state, n := range n {
		m.problems.WithLabelValues(state).Set(float64(n))
	}
}

// pass takes over what a pass has found.
func (m *metrics) pass(s *Status, took time.Duration) {
	m.duration.Observe(took.Seconds())
	m.drift.Set(float64(s.Drift))
	m.configErrors.Set(float64(len(s.Config.Errors)))
	for state, n := range map[string]int{
		"placed": s.Numbers.Placed, "todo": s.Numbers.Todo, "waiting": s.Numbers.Waiting, "parked": s.Numbers.Parked, "wrong": s.Numbers.Wrong,
	} {
		m.numbers.WithLabelValues(state).Set(float64(n))
	}
	m.tickets.Set(float64(s.Numbers.Tickets))
	m.oldestTicket.Set(0)
	if s.Numbers.Oldest != nil {
		m.oldestTicket.Set(float64(s.Numbers.Oldest.Unix()))
	}
	if s.Success != nil {
		m.lastSuccess.Set(float64(s.Success.Unix()))
	}
}
