package state_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/testrun"

	"go.uber.org/goleak"
)

// childRole says, in the environment of the test binary, which part it plays for another process.
const childRole = "TELNYXSYNC_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		if err := play(role, os.Args[1]); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(testrun.Tests{M: m})
}

// play is what the other process does with a directory.
func play(role, dir string) error {
	ctx := context.Background()
	switch role {
	case "load":
		s, err := state.Load(ctx, dir)
		fmt.Printf("exists %t, %d owned, %d orders, %d troubles\n", s.Exists, len(s.Owned), len(s.Orders), len(s.Troubles))
		return err
	case "acquire":
		ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		l, err := state.Acquire(ctx, dir)
		if err != nil {
			return err
		}
		return l.Release()
	}
	l, err := state.Acquire(ctx, dir)
	if err != nil {
		return err
	}
	if role == "hold" {
		fmt.Println("holding")
		select {}
	}
	path := filepath.Join(dir, "state.db")
	again := func() error { return os.Remove(path) }
	if role == "upgrade" {
		older, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		again = func() error {
			return errors.Join(os.WriteFile(path+".older", older, 0o600), os.Rename(path+".older", path))
		}
	}
	for i := 0; ; i++ {
		db, err := state.Open(ctx, l)
		if err != nil {
			return err
		}
		if role == "create" || role == "upgrade" { // over and over, until it is killed
			if err := errors.Join(db.Close(), again()); err != nil {
				return err
			}
			if i == 0 {
				fmt.Println("again")
			}
			continue
		}
		for i := 0; ; i++ { // "write"
			addr := resource.Addr{Kind: "toys", Name: fmt.Sprint(i)}
			err := db.Commit(ctx, resource.Record{
				Own:    []resource.Owned{{Addr: addr, ID: "id-" + addr.Name, Applied: resource.Object{"n": int64(i)}}},
				Events: []resource.Event{{Addr: addr, Op: "create", Outcome: "done"}},
			}, resource.Record{
				Own:       []resource.Owned{{Addr: resource.Addr{Kind: "pairs", Name: fmt.Sprint(i)}, ID: "id-" + addr.Name}},
				Groups:    []resource.Group{{Addr: addr}},
				Rules:     []resource.Rule{{Addr: addr}},
				Deletions: []resource.Deletion{{ID: addr.Name}},
				Orders:    []resource.Order{{ID: addr.Name}},
				Troubles:  []resource.Trouble{{Number: resource.Number(15125550100 + i)}},
			})
			if err != nil {
				return err
			}
			fmt.Println(i)
		}
	}
}

// child prepares the test binary to play a role; asNobody takes its rights away, which only root can do.
func child(role, dir string, asNobody bool) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", dir) // the binary itself lies where only its owner can go
	cmd.Env = []string{childRole + "=" + role}
	cmd.Dir = "/"
	if asNobody {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	return cmd
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openState takes the lock of a directory and opens the state in it.
func openState(t testing.TB, dir string) *state.DB {
	t.Helper()
	l, err := state.Acquire(t.Context(), dir)
	must(t, err)
	db, err := state.Open(t.Context(), l)
	if err != nil {
		t.Fatal(errors.Join(err, l.Release()))
	}
	t.Cleanup(func() { _ = db.Close(); _ = l.Release() })
	return db
}

// filled is a closed state with things in it.
func filled(t testing.TB, dir string) {
	t.Helper()
	l, err := state.Acquire(t.Context(), dir)
	must(t, err)
	db, err := state.Open(t.Context(), l)
	must(t, err)
	var list []resource.Record
	for i := range 300 {
		addr := resource.Addr{Kind: "toys", Name: fmt.Sprintf("toy-%03d", i)}
		list = append(list, resource.Record{
			Own:    []resource.Owned{{Addr: addr, ID: fmt.Sprintf("id-%03d", i), Root: "/etc/toys", Applied: resource.Object{"text": strings.Repeat("x", 40)}}},
			Events: []resource.Event{{Addr: addr, Op: "create", Outcome: "done", Reason: resource.Said("it is written")}},
		})
	}
	list = append(list, resource.Record{Orders: someOrders(3), Troubles: someTroubles(40)})
	must(t, db.Commit(t.Context(), list...))
	must(t, errors.Join(db.Close(), l.Release()))
}

// listing is all that is in a directory: names, modes, sizes and contents.
func listing(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s %v", path, info.Mode())
		if info.Mode().IsRegular() && !strings.HasSuffix(path, "-shm") { // an index that readers share and rebuild
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %d %x", len(data), hash(data))
		}
		out = append(out, line)
		return nil
	}))
	return out
}

func hash(data []byte) (h uint64) {
	for _, b := range data {
		h = h*1099511628211 ^ uint64(b)
	}
	return h
}

// unchanged runs f and makes sure that it leaves a directory as it was.
func unchanged(t testing.TB, dir string, f func()) {
	t.Helper()
	before := listing(t, dir)
	f()
	if after := listing(t, dir); !slices.Equal(before, after) {
		t.Errorf("before\n  %s\nafter\n  %s", strings.Join(before, "\n  "), strings.Join(after, "\n  "))
	}
}
