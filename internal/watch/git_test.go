package watch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// git gives a function that runs git in a directory, without the user's settings.
func git(t *testing.T) func(dir string, args ...string) {
	t.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed: real checkouts are not tested")
	}
	env := append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	return func(dir string, args ...string) {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.Env = dir, env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
}

// twoBranches makes a repository whose branches one and two differ in 200 files, some of them in directories
// that the other does not have.
func twoBranches(t *testing.T, repo string, git func(string, ...string)) {
	t.Helper()
	check(t, os.MkdirAll(repo, 0o755))
	git(repo, "init", "-q", "-b", "one")
	for _, branch := range []string{"one", "two"} {
		if branch == "two" {
			git(repo, "checkout", "-q", "-b", "two")
			git(repo, "rm", "-q", "-r", "configs/only-one")
		}
		for i := range 200 {
			dir := fmt.Sprintf("d%d", i%7)
			if i%7 == 6 {
				dir = "only-" + branch + "/deep"
			}
			write(t, filepath.Join(repo, "configs", dir, fmt.Sprintf("f%d.yaml", i)), fmt.Sprintf("%s %d\n", branch, i))
		}
		git(repo, "add", "-A")
		git(repo, "commit", "-q", "-m", branch)
	}
}

func TestCheckout(t *testing.T) {
	git := git(t)
	for name, slow := range map[string]bool{"fast": false, "slow": true} {
		t.Run(name, func(t *testing.T) {
			repo := filepath.Join(t.TempDir(), "repo")
			twoBranches(t, repo, git)
			root := filepath.Join(repo, "configs")
			cfg := testConfig(root)
			if slow {
				// A program between every two files: the checkout lasts far longer than both delays.
				git(repo, "config", "filter.slow.smudge", "cat")
				git(repo, "config", "filter.slow.clean", "cat")
				write(t, filepath.Join(repo, ".git", "info", "attributes"), "*.yaml filter=slow\n")
				cfg.Debounce, cfg.MaxDelay = 20*time.Millisecond, 40*time.Millisecond
			}
			w := newWatcher(t, cfg)
			run(t, w)
			c := consume(t, w, tree(root))
			for _, branch := range []string{"one", "two", "one"} {
				from, before, start := c.count(), c.read(), time.Now()
				git(repo, "checkout", "-q", branch)
				after := c.read()
				t.Logf("the checkout took %v", time.Since(start))
				c.wait(from, after)
				if slices.ContainsFunc(c.from(from), func(s string) bool { return s != before && s != after }) {
					t.Errorf("checkout of %s: a kick showed a state in between", branch)
				}
			}
		})
	}
}

func TestCheckoutInWorktree(t *testing.T) {
	git := git(t)
	dir := t.TempDir()
	repo, linked := filepath.Join(dir, "repo"), filepath.Join(dir, "linked")
	twoBranches(t, repo, git)
	git(repo, "worktree", "add", "-q", linked, "one")
	if got, want := lockPath(filepath.Join(linked, "configs")), filepath.Join(repo, ".git", "worktrees", "linked", "index.lock"); got != want {
		t.Fatalf("the lock is %s, want %s", got, want)
	}
	root := filepath.Join(linked, "configs")
	w := newWatcher(t, testConfig(root))
	run(t, w)
	c := consume(t, w, tree(root))
	c.expect("checkout", func() { git(linked, "checkout", "-q", "--detach", "two") })
}

func TestNoKickWhileGitHoldsItsLock(t *testing.T) {
	repo := t.TempDir()
	root := filepath.Join(repo, "configs")
	lock := filepath.Join(repo, ".git", "index.lock")
	check(t, os.Mkdir(filepath.Dir(lock), 0o755))
	write(t, filepath.Join(root, "a.yaml"), "a")
	cfg := testConfig(root)
	cfg.MaxDelay = 2 * quiet
	w := newWatcher(t, cfg)
	run(t, w)
	c := consume(t, w, tree(root))
	c.expect("writing and unlocking", func() {
		c.still("writing under the lock", func() {
			write(t, lock, "")
			write(t, filepath.Join(root, "a.yaml"), "b")
		})
		check(t, os.Remove(lock))
	})
}

func TestForgottenLock(t *testing.T) {
	repo := t.TempDir()
	lock := filepath.Join(repo, ".git", "index.lock")
	write(t, lock, "")
	var log logBook
	cfg := testConfig(repo)
	cfg.GitWait, cfg.Log = 8*quiet, log.logger()
	w := newWatcher(t, cfg)
	run(t, w)
	c := consume(t, w, tree(repo))
	start := time.Now()
	c.expect("writing under the lock", func() { write(t, filepath.Join(repo, "a.yaml"), "a") })
	if took := time.Since(start); took < cfg.GitWait {
		t.Errorf("the kick came after %v, before GitWait was over", took)
	}
	c.expect("writing again", func() { write(t, filepath.Join(repo, "a.yaml"), "b") })
	if n := log.count("remove that file"); n != 1 {
		t.Errorf("the forgotten lock was logged %d times, want once", n)
	}
	// A lock that was taken anew counts again.
	check(t, os.Remove(lock))
	time.Sleep(20 * time.Millisecond) // the times of the two locks have to differ
	c.expect("writing under a new lock", func() {
		c.still("writing under a new lock", func() {
			write(t, lock, "new")
			write(t, filepath.Join(repo, "a.yaml"), "c")
		})
	})
}

func TestGitLock(t *testing.T) {
	repo := t.TempDir()
	lock := filepath.Join(repo, ".git", "index.lock")
	write(t, lock, "")
	g := gitLock{roots: []string{filepath.Join(repo, "not", "there")}, wait: time.Minute}
	now := time.Now()
	for _, step := range []struct {
		after        time.Duration
		held, gaveUp bool
	}{
		{0, true, false},
		{59 * time.Second, true, false},
		{60 * time.Second, false, true},
		{61 * time.Second, false, false},
	} {
		if path, held, gaveUp := g.held(now.Add(step.after)); path != lock || held != step.held || gaveUp != step.gaveUp {
			t.Errorf("after %v: %s held %v, gave up %v", step.after, path, held, gaveUp)
		}
	}
	g = gitLock{roots: []string{repo}, wait: time.Minute}
	g.held(now)
	g.kicked()
	if _, held, _ := g.held(now.Add(time.Hour)); !held {
		t.Error("the wait of an earlier kick is counted")
	}
}

func TestLockPath(t *testing.T) {
	dir := t.TempDir()
	check(t, os.MkdirAll(filepath.Join(dir, "repo", ".git"), 0o755))
	write(t, filepath.Join(dir, "repo", "linked", ".git"), "gitdir: ../.git/worktrees/linked\n")
	write(t, filepath.Join(dir, "repo", "absolute", ".git"), "gitdir: /elsewhere/.git\n")
	write(t, filepath.Join(dir, "repo", "toy", ".git"), "no such thing\n")
	for path, want := range map[string]string{
		"repo":                 filepath.Join(dir, "repo/.git/index.lock"),
		"repo/a/b/c":           filepath.Join(dir, "repo/.git/index.lock"),
		"repo/linked/configs":  filepath.Join(dir, "repo/.git/worktrees/linked/index.lock"),
		"repo/absolute/a.yaml": "/elsewhere/.git/index.lock",
		"repo/toy":             filepath.Join(dir, "repo/.git/index.lock"),
	} {
		if got := lockPath(filepath.Join(dir, path)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
