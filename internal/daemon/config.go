package daemon

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"
)

// settings is the file of the daemon's configuration, but for `schedules`, which has one field for
// each job of the registry.
type settings struct {
	Configs          []string    `yaml:"configs" rule:"required,one"`
	State            string      `yaml:"state"`
	API              apiSettings `yaml:"api"`
	Mode             string      `yaml:"mode" rule:"enum=apply|observe"`
	Prune            string      `yaml:"prune" rule:"required,enum=never|owned"`
	MaxDeletes       int         `yaml:"max_deletes" rule:"min=0"`
	MaxDeletePercent int         `yaml:"max_delete_percent" rule:"min=0,max=100"`
	Limits           limSettings `yaml:"limits"`
	Retention        string      `yaml:"retention" rule:"enum=report|enforce"`
	Uploads          upSettings  `yaml:"uploads"`
	Timezone         string      `yaml:"timezone"`
	Listen           string      `yaml:"listen"`
	References       refSettings `yaml:"references"`
	Log              logSettings `yaml:"log"`
}

type apiSettings struct {
	BaseURL     resource.URL `yaml:"base_url"`
	KeyFile     string       `yaml:"key_file"`
	Concurrency int          `yaml:"concurrency" rule:"min=1,max=100"`
	Rate        int          `yaml:"rate" rule:"min=1"`
}

type refSettings struct {
	Env         []string `yaml:"env"`
	Directories []string `yaml:"directories"`
	Credentials []string `yaml:"credentials"`
}

// upSettings are how long phone numbers may take on their way, and how often they are tried.
type upSettings struct {
	RetryBase      resource.Duration `yaml:"retry_base"`
	RetryCap       resource.Duration `yaml:"retry_cap"`
	RetryAttempts  int               `yaml:"retry_attempts" rule:"min=1"`
	Deadline       resource.Duration `yaml:"deadline"`
	ChangeDeadline resource.Duration `yaml:"change_deadline"`
	BatchSettle    resource.Duration `yaml:"batch_settle"`
}

// limSettings are the limits of guards by class. max_deletes and max_delete_percent are older names of that of deletes.
type limSettings struct {
	Deletes        limSetting  `yaml:"deletes"`
	Capacity       limSetting  `yaml:"capacity"`
	Numbers        limSetting  `yaml:"numbers"`
	Adoptions      limSetting  `yaml:"adoptions"`
	Vanished       limSetting  `yaml:"vanished"`
	Recordings     itemSetting `yaml:"recordings"`
	Transcriptions itemSetting `yaml:"transcriptions"`
}

type limSetting struct {
	Max        int `yaml:"max" rule:"min=0"`
	MaxPercent int `yaml:"max_percent" rule:"min=0,max=100"`
}

type itemSetting struct {
	Max int `yaml:"max" rule:"min=0"`
}

type logSettings struct {
	Level  string `yaml:"level" rule:"enum=debug|info|warn|error"`
	Format string `yaml:"format" rule:"enum=auto|text|json"`
}

// DefaultListen is where status, health and metrics are served.
const DefaultListen = "127.0.0.1:9644"

// Config is the daemon's effective configuration.
type Config struct {
	File        string
	Configs     []string
	State       string // "" where the file leaves it to flags and environment
	BaseURL     string // "" likewise
	KeyFile     string // "" likewise
	Concurrency int    // API requests at a time
	Rate        int    // API requests per second; 0 is what Telnyx allows
	Observe     bool   // change nothing
	Prune       bool   // delete what is owned and no longer written
	Limits      apply.Limits
	Enforce     bool // retention deletes; else it reports
	Times       numbers.Times
	Schedules   map[string]*Schedule
	Location    *time.Location
	Listen      string // HOST:PORT or unix:PATH
	References  References
	LogLevel    string
	LogFormat   string
}

// References are what secrets may be read from; nil allows all. Once one of them is written, what is
// not listed is not allowed.
type References struct {
	Env         []string
	Directories []string
	Credentials []string
}

// LoadConfig reads the daemon's configuration. The error names everything that is wrong with it.
func LoadConfig(path string, jobs []apply.Job) (Config, error) {
	schema := resource.SchemaOf[settings]()
	schedules := &resource.Schema{Type: resource.ObjectType}
	for _, j := range jobs {
		schedules.Fields = append(schedules.Fields, resource.Field{Name: j.Name, Schema: &resource.Schema{Type: resource.String}})
	}
	schema.Fields = append(schema.Fields, resource.Field{Name: "schedules", Schema: schedules})

	c := Config{File: path, Schedules: map[string]*Schedule{}, Location: time.UTC}
	s, err := spec.LoadSettings(schema, path, func(o resource.Object) []resource.Invalid { return c.take(o, jobs) })
	if err != nil {
		return Config{}, err
	}
	// Relative paths are relative to the file.
	base := filepath.Dir(path)
	for _, p := range []*string{&c.State, &c.KeyFile} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(base, *p)
		}
	}
	for i, d := range c.References.Directories {
		if !filepath.IsAbs(d) {
			c.References.Directories[i] = filepath.Join(base, d)
		}
	}
	configs, _ := s.Object["configs"].([]any)
	for _, v := range configs {
		p := fmt.Sprint(v)
		if !filepath.IsAbs(p) {
			p = filepath.Join(base, p)
		}
		c.Configs = append(c.Configs, p)
	}
	return c, nil
}

// limits are those of guards that are written, over the defaults.
func (c *Config) limits(o resource.Object, number func(path string, otherwise int) int) apply.Limits {
	out := apply.DefaultLimits()
	deletes := out[plan.Deletes]
	deletes.Max, deletes.Percent = number("/max_deletes", deletes.Max), number("/max_delete_percent", deletes.Percent)
	out[plan.Deletes] = deletes
	if _, written := o["max_deletes"]; written { // so much may be made anew, too
		out[plan.Vanished] = apply.Limit{Max: deletes.Max, Percent: out[plan.Vanished].Percent}
	}
	for _, class := range apply.LimitClasses() {
		limit := out[class]
		limit.Max = number(resource.Pointer("limits", string(class), "max"), limit.Max)
		limit.Percent = number(resource.Pointer("limits", string(class), "max_percent"), limit.Percent)
		out[class] = limit
	}
	return out
}

// take reads the tree into the configuration and finds what is wrong beyond the schema.
func (c *Config) take(o resource.Object, jobs []apply.Job) (bad []resource.Invalid) {
	fail := func(path, format string, args ...any) {
		bad = append(bad, resource.Invalid{Path: path, Text: fmt.Sprintf(format, args...)})
	}
	text := func(path, otherwise string) string {
		if s := resource.GetString(o, path); s != "" {
			return s
		}
		return otherwise
	}
	number := func(path string, otherwise int) int {
		v, _ := resource.Get(o, path)
		if n, ok := v.(int64); ok {
			return int(n)
		}
		return otherwise
	}
	if list, written := o["configs"].([]any); written && len(list) == 0 {
		fail("/configs", "name at least one directory or file")
	}
	c.State, c.BaseURL, c.KeyFile = text("/state", ""), text("/api/base_url", ""), text("/api/key_file", "")
	c.Concurrency, c.Rate = number("/api/concurrency", 10), number("/api/rate", 0)
	c.Observe, c.Prune, c.Enforce = text("/mode", "apply") == "observe", text("/prune", "") == "owned", text("/retention", "report") == "enforce"
	c.Limits = c.limits(o, number)
	c.Times = numbers.Times{
		RetryBase:      resource.GetDuration(o, "/uploads/retry_base", numbers.DefaultRetryBase),
		RetryCap:       resource.GetDuration(o, "/uploads/retry_cap", numbers.DefaultRetryCap),
		Attempts:       number("/uploads/retry_attempts", numbers.DefaultAttempts),
		UploadDeadline: resource.GetDuration(o, "/uploads/deadline", numbers.DefaultUploadDeadline),
		ChangeDeadline: resource.GetDuration(o, "/uploads/change_deadline", numbers.DefaultChangeDeadline),
		BatchSettle:    resource.GetDuration(o, "/uploads/batch_settle", numbers.DefaultBatchSettle),
	}
	c.LogLevel, c.LogFormat = text("/log/level", "info"), text("/log/format", "auto")
	if _, written := o["references"]; written {
		c.References = References{
			Env: texts(o, "/references/env"), Directories: texts(o, "/references/directories"), Credentials: texts(o, "/references/credentials"),
		}
	}
	c.Listen = text("/listen", DefaultListen)
	if why := checkListen(c.Listen); why != "" {
		fail("/listen", "%s", why)
	}
	zone := text("/timezone", "UTC")
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		fail("/timezone", "%q is no timezone: write a name such as Europe/Berlin", zone)
		loc = time.UTC
	}
	c.Location = loc
	for _, j := range jobs {
		path := resource.Pointer("schedules", j.Name)
		s, err := ParseSchedule(text(path, j.Schedule), loc)
		if err != nil {
			fail(path, "%v", err)
			continue
		}
		c.Schedules[j.Name] = s
	}
	return bad
}

func texts(o resource.Object, path string) []string {
	v, _ := resource.Get(o, path)
	list, _ := v.([]any)
	out := []string{} // nothing is allowed, not everything
	for _, e := range list {
		out = append(out, fmt.Sprint(e))
	}
	return out
}

// checkListen allows loopback addresses and unix sockets: nothing here asks who is calling.
func checkListen(listen string) string {
	if path, ok := strings.CutPrefix(listen, "unix:"); ok {
		if !filepath.IsAbs(path) {
			return "the socket's path must be absolute: write unix:/run/telnyxsync/status.sock"
		}
		return ""
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return "write HOST:PORT, as in 127.0.0.1:9644, or unix:PATH"
	}
	if addr, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !addr.IsLoopback()) {
		return "only loopback addresses (127.0.0.1, [::1], localhost) and unix sockets are served, as nobody is asked who they are: put a proxy before it if it has to be reached from elsewhere"
	}
	return ""
}
