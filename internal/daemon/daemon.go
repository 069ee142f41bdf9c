package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/watch"
)

// Daemon is the daemon before it runs. All fields but Log must be set.
type Daemon struct {
	File string      // of its configuration
	Jobs []apply.Job // the registry
	Log  *slog.Logger

	// Load reads the desired state.
	Load func(paths ...string) (resource.Config, error)
	// Connect makes the engine for a configuration, and the directory of its state. onCall is to be
	// told of every request to Telnyx. closeEngine closes idle connections; it may be called again and again.
	Connect func(c Config, onCall func(method, path string, status int)) (engine *apply.Engine, stateDir string, closeEngine func(), err error)

	beats   *beats
	board   board
	metrics *metrics
}

// Run runs the daemon until ctx ends. The error is one of its start: a configuration of its own
// that is wrong, a state that is refused, an address that cannot be served. Whatever happens later
// is in status, log and metrics.
func (d *Daemon) Run(ctx context.Context) error {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	d.beats, d.metrics = newBeats(), newMetrics()
	hup, usr1 := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // first of all: unhandled, they would end the program
	signal.Notify(usr1, syscall.SIGUSR1)
	defer signal.Stop(hup)
	defer signal.Stop(usr1)
	cfg, err := LoadConfig(d.File, d.Jobs)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	fed := make(chan struct{})
	go func() { defer close(fed); d.watchdog(ctx) }()
	defer func() { cancel(); <-fed }()

	next, err := d.prepare(ctx, cfg, nil)
	if err != nil {
		return err
	}
	d.Log.Info("started", "configs", cfg.Configs, "mode", next.mode(), "listen", cfg.Listen, "state", next.stateDir)
	for next != nil {
		current := next
		if next, err = d.generation(ctx, current, hup, usr1); err != nil {
			return err
		}
	}
	d.Log.Info("stopped")
	return nil
}

// generation runs under one configuration of its own. It returns the next one after a reload, and
// nil when the daemon is to stop.
func (d *Daemon) generation(ctx context.Context, g *prepared, hup, usr1 <-chan os.Signal) (*prepared, error) {
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- g.run(running, g.listener) }()
	defer g.close()
	s := d.current()
	d.notify(ready(s.Line()))
	for {
		select {
		case <-ctx.Done():
			d.notify("STOPPING=1\nSTATUS=stopping")
			return nil, <-ended
		case err := <-ended:
			return nil, err
		case <-usr1:
			g.kick(reconcile, signalled)
		case <-hup:
			d.notify(reloading())
			d.Log.Info("reloading")
			cfg, err := LoadConfig(d.File, d.Jobs)
			var l net.Listener
			if err == nil {
				l, err = d.try(ctx, cfg, g.cfg.Listen)
			}
			d.board.update(func(s *Status) {
				s.ReloadErr = ""
				if err != nil {
					s.ReloadErr = err.Error()
				}
			})
			if err != nil {
				d.Log.Error("the daemon's configuration was not reloaded; the old one stays in force", "error", err)
				g.kick(reconcile, reloaded)
				s := d.current()
				d.notify(ready(s.Line()))
				continue
			}
			cancel() // what is under way is finished
			if err := <-ended; err != nil {
				return nil, err
			}
			g.close()
			next, err := d.prepare(ctx, cfg, l)
			if err != nil && ctx.Err() == nil {
				// Tried a moment ago, it does not work now: better stop and be restarted than run without.
				return nil, err
			}
			if next != nil {
				next.because = reloaded
			}
			return next, nil
		}
	}
}

// prepared is a loop that is ready to run, with what it holds open.
type prepared struct {
	*loop
	listener    net.Listener
	closeEngine func()
}

func (p *prepared) close() {
	_ = p.listener.Close() // closed already by whoever served it
	p.closeEngine()
}

func (p *prepared) mode() string {
	if p.cfg.Observe {
		return "observe"
	}
	return "apply"
}

// try makes sure that a configuration would work while the old one still does. It returns the
// listener, if that is to be another one than now.
func (d *Daemon) try(ctx context.Context, cfg Config, listens string) (net.Listener, error) {
	_, dir, closeEngine, err := d.Connect(cfg, func(string, string, int) {})
	if err != nil {
		return nil, err
	}
	closeEngine()
	if _, err = state.Load(ctx, dir); err != nil || cfg.Listen == listens {
		return nil, err
	}
	l, err := listen(ctx, cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen %s: %w", cfg.Listen, err)
	}
	return l, nil
}

// prepare opens all that a loop needs; listener may be open already.
func (d *Daemon) prepare(ctx context.Context, cfg Config, listener net.Listener) (*prepared, error) {
	l := &loop{
		Daemon: d, cfg: cfg, because: started, due: map[string][]Why{}, wake: make(chan struct{}, 1),
		force: forceNone, owed: map[string]bool{}, backoff: newBackoff(), failed: map[resource.Addr]EntryStatus{},
	}
	var (
		closeEngine func()
		err         error
	)
	l.engine, l.stateDir, closeEngine, err = d.Connect(cfg, func(method, path string, status int) {
		d.beats.beat(partLoop) // a long pass is alive as long as it calls
		d.metrics.call(method, path, status)
	})
	if err != nil {
		return nil, err
	}
	l.words = render.NewWords(l.engine.Kinds)
	if _, err := state.Load(ctx, l.stateDir); err != nil {
		closeEngine()
		return nil, err
	}
	l.watcher, err = watch.New(watch.Config{Roots: cfg.Configs, Beat: func() { d.beats.beat(partWatcher) }, Log: d.Log})
	if err != nil {
		closeEngine()
		return nil, err
	}
	l.watch = l.watcher.SetFiles
	l.scheduler = newScheduler(cfg.Schedules, cfg.Location,
		func(job string) { l.kick(job, scheduled) }, func() { d.beats.beat(partScheduler) })
	l.idle = closeEngine
	p := &prepared{loop: l, closeEngine: closeEngine, listener: listener}
	if listener == nil {
		if p.listener, err = listen(ctx, cfg.Listen); err != nil {
			closeEngine()
			return nil, fmt.Errorf("listen %s: %w", cfg.Listen, err)
		}
	}
	d.board.update(func(s *Status) {
		s.Version, s.Mode = 1, p.mode()
		if s.Started.IsZero() {
			s.Started = time.Now()
		}
		s.Config.Paths = cfg.Configs
		if s.Config.InForce == "" {
			s.Config.InForce = forceNone
		}
	})
	return p, nil
}
