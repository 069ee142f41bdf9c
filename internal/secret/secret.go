// Package secret reads the secrets that the YAML refers to: from the environment, from files, and
// from systemd's credentials.
//
// It does not know what a secret is for. Its errors name the reference, never anything of the secret.
package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"telnyxsync/internal/resource"
)

// MaxSize bounds a secret, in bytes. Service accounts have two or three thousand.
const MaxSize = 64 << 10

// shortest is what the client can mask where a service repeats it.
const shortest = 6

// keyLength is from which length on an API key does not stand in another text by chance.
const keyLength = 8

// Reader reads secrets. Its zero value allows all references and knows no credentials.
type Reader struct {
	Env         []string // names that may be read; nil: all
	Directories []string // that files may lie in, at any depth; nil: all
	Names       []string // of credentials that may be read; nil: all
	Credentials string   // systemd's $CREDENTIALS_DIRECTORY; "" where there is none

	Lookup func(name string) (string, bool) // reads the environment; nil is os.LookupEnv

	// APIKey and APIKeyFile are what no reference may lead to: Telnyx would get its own key as
	// somebody's password, and a pull request could carry it off to a storage of its own.
	APIKey     string
	APIKeyFile string
}

// Read reads what a reference points at. Of a file's content one newline at the end is dropped.
func (r *Reader) Read(ref resource.SecretRef) (string, error) {
	text, err := r.read(ref)
	switch {
	case err != nil:
	case text == "":
		err = errors.New("it is empty")
	case len(text) < shortest:
		err = fmt.Errorf("it has fewer than %d characters: so short a one could not be kept out of messages", shortest)
	case len(text) > MaxSize:
		err = fmt.Errorf("it has more than %d KB, which no secret has", MaxSize>>10)
	case !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\ufeff"):
		err = errors.New("it is no plain text: it is not UTF-8, or holds a NUL or a byte order mark")
	case r.APIKey != "" && (text == r.APIKey || len(r.APIKey) >= keyLength && strings.Contains(text, r.APIKey)):
		err = errors.New("it holds the API key, which no field may hold: give the secret a place of its own")
	}
	if err != nil {
		return "", fmt.Errorf("the secret %s: %w", ref, err)
	}
	return text, nil
}

func (r *Reader) read(ref resource.SecretRef) (string, error) {
	switch {
	case ref.Env != "":
		if r.Env != nil && !slices.Contains(r.Env, ref.Env) {
			return "", errors.New("references.env of the daemon's configuration does not list it")
		}
		lookup := r.Lookup
		if lookup == nil {
			lookup = os.LookupEnv
		}
		text, ok := lookup(ref.Env)
		if !ok {
			return "", errors.New("there is no such environment variable here")
		}
		return text, nil
	case ref.Credential != "":
		if r.Credentials == "" {
			return "", errors.New("no systemd credentials are here ($CREDENTIALS_DIRECTORY is not set): pass it with LoadCredential=")
		}
		if r.Names != nil && !slices.Contains(r.Names, ref.Credential) {
			return "", errors.New("references.credentials of the daemon's configuration does not list it")
		}
		return r.file(filepath.Join(r.Credentials, ref.Credential))
	}
	path, err := r.allowed(ref.File)
	if err != nil {
		return "", err
	}
	return r.file(path)
}

// allowed is where a path leads in the end: a symbolic link must not lead out of what is listed.
func (r *Reader) allowed(path string) (string, error) {
	if r.Directories == nil {
		return path, nil
	}
	end, missing := filepath.EvalSymlinks(path)
	if missing != nil {
		end = filepath.Clean(path) // outside, whether it is there is nobody's business
	}
	for _, dir := range r.Directories {
		d, err := filepath.EvalSymlinks(dir)
		if err != nil {
			continue
		}
		if rel, err := filepath.Rel(d, end); err != nil || !filepath.IsLocal(rel) || rel == "." {
			continue
		}
		if missing != nil {
			return "", plain(missing)
		}
		return end, nil
	}
	return "", errors.New("references.directories of the daemon's configuration does not list its directory")
}

// file reads a plain file. Others may block for ever, or act on being read.
func (r *Reader) file(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", plain(err)
	}
	if madeUp(path) {
		return "", errNotPlain
	}
	if key, err := os.Stat(r.APIKeyFile); err == nil && os.SameFile(info, key) {
		return "", errors.New("it is the API key's file, which no field may hold: give the secret a place of its own")
	}
	if !info.Mode().IsRegular() {
		return "", errNotPlain
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", plain(err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", errNotPlain // it became another since
	}
	const end = 2 // bytes at most are dropped at the end; one more tells that there is more
	text, err := io.ReadAll(io.LimitReader(f, MaxSize+end+1))
	if err != nil {
		return "", plain(err)
	}
	if cut, ok := strings.CutSuffix(string(text), "\n"); ok {
		return strings.TrimSuffix(cut, "\r"), nil
	}
	return string(text), nil
}

// madeUp tells whether a path leads to what a kernel makes up as it is read. Those pass for plain files,
// and /proc/self/environ would give what references.env does not list.
func madeUp(path string) bool {
	end, err := filepath.EvalSymlinks(path)
	return err != nil || (strings.HasPrefix(end, "/proc/") || strings.HasPrefix(end, "/sys/"))
}

var errNotPlain = errors.New("it is not a plain file: no pipes, sockets, devices or directories are read")

// plain leaves out what the reference says already.
func plain(err error) error {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file here")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("the user that runs telnyxsync may not read it")
	case errors.As(err, &path):
		return path.Err
	}
	return err
}
