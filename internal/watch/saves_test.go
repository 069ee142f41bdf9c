package watch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// editor saves a file by the system calls of a program. pause is called between them.
type editor func(path, text string, pause func()) error

// inPlace truncates and writes in two parts.
func inPlace(path, text string, pause func()) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	pause()
	half := len(text) / 2
	for _, part := range []string{text[:half], text[half:]} {
		if _, err := f.WriteString(part); err != nil {
			return err
		}
		pause()
	}
	return f.Sync()
}

// viaTemp writes another file and renames it.
func viaTemp(name func(base string) string) editor {
	return func(path, text string, pause func()) error {
		temp := filepath.Join(filepath.Dir(path), name(filepath.Base(path)))
		if err := inPlace(temp, text, pause); err != nil {
			return err
		}
		if err := os.Chmod(temp, 0o644); err != nil {
			return err
		}
		pause()
		return os.Rename(temp, path)
	}
}

func editors() map[string]editor {
	return map[string]editor{
		"vim": func(path, text string, pause func()) error {
			probe := filepath.Join(filepath.Dir(path), "4913")
			if err := os.WriteFile(probe, nil, 0o644); err != nil {
				return err
			}
			os.Remove(probe)
			backup := path + "~"
			if err := os.Rename(path, backup); err != nil {
				return err
			}
			pause()
			if err := inPlace(path, text, pause); err != nil {
				return err
			}
			if err := os.Chmod(path, 0o644); err != nil {
				return err
			}
			pause()
			return os.Remove(backup)
		},
		"vim with backupcopy=yes": func(path, text string, pause func()) error {
			old, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := inPlace(path+"~", string(old), pause); err != nil {
				return err
			}
			if err := inPlace(path, text, pause); err != nil {
				return err
			}
			return os.Remove(path + "~")
		},
		"nano":    inPlace,
		"VS Code": inPlace,
		"emacs":   viaTemp(func(base string) string { return "#" + base + "#.tmp" }),
		"sed -i":  viaTemp(func(string) string { return "sedXq31Zb" }),
		"rsync":   viaTemp(func(base string) string { return "." + base + ".Xq31Zb" }),
	}
}

// whole does something several times and checks that no kick shows a state in between. do has to be done within
// the quiet time; on a busy machine it may not be, then it proves nothing and is done again.
func whole(t *testing.T, c *consumer, limit time.Duration, do func(round int)) {
	t.Helper()
	good := 0
	for round := 0; good < 3; round++ {
		if round == 12 {
			t.Fatalf("the machine is too busy: most saves took longer than %v", limit)
		}
		from, before, start := c.count(), c.read(), time.Now()
		do(round)
		took, after := time.Since(start), c.read()
		if before == after {
			t.Fatal("nothing changed")
		}
		c.wait(from, after)
		torn := slices.ContainsFunc(c.from(from), func(s string) bool { return s != before && s != after })
		switch {
		case torn && took < limit:
			t.Fatalf("round %d: a kick showed a state in between; the save took %v", round, took)
		case !torn:
			good++
		}
	}
}

func TestSaves(t *testing.T) {
	for name, save := range editors() {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			path := filepath.Join(root, "sub", "a.yaml")
			write(t, path, "before")
			write(t, filepath.Join(root, "other.yaml"), "other")
			w := newWatcher(t, testConfig(root))
			run(t, w)
			c := consume(t, w, tree(root))
			whole(t, c, quiet/2, func(round int) {
				check(t, save(path, strings.Repeat(fmt.Sprintf("round %d\n", round), 1000), func() { time.Sleep(2 * time.Millisecond) }))
			})
		})
	}
}

// The programs themselves, if they are there, as the table above is from their traces.
func TestSavesOfPrograms(t *testing.T) {
	for name, args := range map[string][]string{
		"sed": {"-i", "s/^.*$/NEW/"},
		"vim": {"-u", "NONE", "-es", "-c", "set nocompatible", "-c", "%s/^.*$/NEW/", "-c", "wq"},
	} {
		t.Run(name, func(t *testing.T) {
			program, err := exec.LookPath(name)
			if err != nil {
				t.Skipf("%s is not installed: how it saves a file is not tested", name)
			}
			root := t.TempDir()
			path := filepath.Join(root, "a.yaml")
			write(t, path, "before\n")
			w := newWatcher(t, testConfig(root))
			run(t, w)
			c := consume(t, w, tree(root))
			whole(t, c, quiet/2, func(round int) {
				edit := slices.Clone(args)
				for i := range edit {
					edit[i] = strings.ReplaceAll(edit[i], "NEW", fmt.Sprintf("round %d", round))
				}
				cmd := exec.Command(program, append(edit, path)...)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			})
		})
	}
}

func TestConstantChangeEndsAfterMaxDelay(t *testing.T) {
	root := t.TempDir()
	cfg := testConfig(root)
	cfg.MaxDelay = 300 * time.Millisecond
	w := newWatcher(t, cfg)
	run(t, w)
	start, last, gap := time.Now(), time.Now(), time.Duration(0)
	for i, end := 0, start.Add(patient); time.Now().Before(end); i++ {
		write(t, filepath.Join(root, "log.yaml"), fmt.Sprint(i))
		gap, last = max(gap, time.Since(last)), time.Now()
		select {
		case <-w.Kicks():
			took := time.Since(start)
			if took >= cfg.MaxDelay {
				return
			}
			if gap < quiet/2 {
				t.Fatalf("a kick came after %v, though it was never quiet", took)
			}
			start, gap = time.Now(), 0 // the machine was too busy to change the file constantly
		case <-time.After(5 * time.Millisecond):
		}
	}
	t.Fatal("no kick under constant change")
}

// A reader that is busy when a kick comes does not start in the middle of the next change.
func TestKickIsWithdrawn(t *testing.T) {
	root := t.TempDir()
	cfg := testConfig(root)
	cfg.MaxDelay = patient
	w := newWatcher(t, cfg)
	run(t, w)
	path := filepath.Join(root, "a.yaml")
	write(t, path, "one")
	eventually(t, "a kick", func() bool { return len(w.kicks) == 1 })
	write(t, path, "two")
	eventually(t, "its withdrawal", func() bool {
		write(t, path, "two")
		return len(w.kicks) == 0
	})
	eventually(t, "another kick", func() bool { return len(w.kicks) == 1 })
}
