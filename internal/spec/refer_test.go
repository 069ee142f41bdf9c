package spec_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"

	"pgregory.net/rapid"
)

// The places of what goes wrong are in testdata/media.txtar and secret-references.txtar; here is what an
// archive cannot hold.

// only loads a configuration of one medium and returns its file, or the text of the only error.
func only(t *testing.T, path string) (resource.File, string) {
	t.Helper()
	c, got := load(t, realKinds(), path)
	switch {
	case len(got) > 1 || got == nil && len(c.Entries) != 1:
		t.Fatalf("%d entries, errors %q", len(c.Entries), got)
	case got != nil:
		_, text, _ := strings.Cut(got[0], "media.a.file: ")
		return resource.File{}, text
	}
	f, _ := c.Entries[0].Object["file"].(resource.File)
	return f, ""
}

func medium(file string) string { return fmt.Sprintf("media: {a: {file: %q}}\n", file) }

func TestFileIsLookedAt(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "conf/sub/a.yaml", medium("audio/hold.wav"))
	write(t, "conf/sub/audio/hold.wav", holdWAV)
	want := resource.File{
		Root: mustAbs(t, "conf"), Name: "sub/audio/hold.wav", Size: int64(len(holdWAV)),
		SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(holdWAV))), Type: "audio/wav",
	}
	if got, err := only(t, "conf"); got != want || err != "" {
		t.Errorf("got %+v, %s, want %+v", got, err, want)
	}
	// As a single file, its directory is what may not be left.
	want.Root, want.Name = mustAbs(t, "conf/sub"), "audio/hold.wav"
	if got, err := only(t, "conf/sub/a.yaml"); got != want || err != "" {
		t.Errorf("got %+v, %s, want %+v", got, err, want)
	}
	must(t, os.Rename("conf/sub/audio/hold.wav", "conf/hold.wav"))
	write(t, "conf/sub/a.yaml", medium("../hold.wav"))
	if _, err := only(t, "conf/sub/a.yaml"); err != "../hold.wav lies outside of the configuration's root conf/sub: move it there, or give the directory above as PATH" {
		t.Errorf("got %s", err)
	}
	// A link to a file of YAML is where the link lies.
	must(t, os.Symlink("sub/a.yaml", "conf/link.yaml"))
	write(t, "conf/sub/a.yaml", medium("hold.wav"))
	if got, err := only(t, "conf/link.yaml"); got.Root != mustAbs(t, "conf") || got.Name != "hold.wav" || err != "" {
		t.Errorf("got %+v, %s", got, err)
	}
}

func TestAbsolutePaths(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"conf", "conf2", "con"} {
		write(t, dir+"/a.wav", holdWAV)
	}
	for path, name := range map[string]string{
		"conf/a.wav": "a.wav", "conf/./sub/../a.wav": "a.wav", "conf2/../conf/a.wav": "a.wav",
		"conf2/a.wav": "", "con/a.wav": "", "conf/../conf2/a.wav": "", "a.wav": "", "conf/..a.wav": "",
	} {
		text := mustAbs(t, ".") + "/" + path
		write(t, "conf/sub/a.yaml", medium(text))
		got, err := only(t, "conf")
		outside := strings.Contains(err, "lies outside of the configuration's root conf: ")
		if missing := strings.Contains(err, "does not exist"); got.Name != name || outside != (name == "" && path != "conf/..a.wav") || missing != (path == "conf/..a.wav") {
			t.Errorf("%s: %+v, %s", path, got, err)
		}
	}
}

// TestMediaNotPlain: nothing that may block, or act on being opened, is opened.
func TestMediaNotPlain(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.MkdirAll("conf", 0o755))
	must(t, syscall.Mkfifo("conf/fifo.wav", 0o644))
	must(t, os.Symlink("fifo.wav", "conf/to-fifo.wav"))
	must(t, os.Symlink("/dev/null", "conf/null.wav"))
	must(t, os.Symlink("/dev/zero", "conf/zero.wav"))
	socket, err := net.Listen("unix", "conf/socket.wav")
	must(t, err)
	defer socket.Close()
	const refused = "not a regular file: only plain files are read, no pipes, sockets or devices"
	const escapes = "path escapes from parent: files must lie inside the configuration's root"
	want := map[string]string{"fifo.wav": refused, "to-fifo.wav": refused, "socket.wav": refused, "null.wav": escapes, "zero.wav": escapes}
	if syscall.Mknod("conf/device.wav", syscall.S_IFCHR|0o644, 1<<8|5) == nil { // /dev/zero; only root can
		want["device.wav"] = refused
	} else {
		t.Log("cannot make a device without being root: that case is left out")
	}
	for name, why := range want {
		write(t, "conf/a.yaml", medium(name))
		if _, err := only(t, "conf"); err != "the file "+name+": "+why {
			t.Errorf("%s: %s", name, err)
		}
	}
}

func TestSizeOfMedia(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.yaml", medium("a.wav"))
	write(t, "a.wav", holdWAV)
	const most = 20 << 20
	for size, refused := range map[int64]bool{most - 1: false, most: false, most + 1: true, 21 << 20: true, 8 << 40: true} {
		must(t, os.Truncate("a.wav", size)) // sparse: what is refused is not read
		want := ""
		if refused {
			want = fmt.Sprintf("the file a.wav: it has %d bytes, more than the 20 MB that Telnyx takes: make it shorter or compress it more", size)
		}
		got, err := only(t, "a.yaml")
		if err != want || !refused && (got.Size != size || got.Type != "audio/wav") {
			t.Errorf("%d bytes: %+v, %q", size, got, err)
		}
	}
}

// TestGrowingMedium: what changes while it is looked at is not taken for what it is at the end.
func TestGrowingMedium(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.yaml", medium("a.wav"))
	write(t, "a.wav", holdWAV)
	const least, most = 8 << 20, 9 << 20
	must(t, os.Truncate("a.wav", least))
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		f, err := os.OpenFile("a.wav", os.O_APPEND|os.O_WRONLY, 0)
		for n := least; err == nil; n++ {
			select {
			case <-stop:
				stopped <- f.Close()
				return
			default:
			}
			if _, err = f.Write([]byte{0}); n > most && err == nil {
				err, n = f.Truncate(least), least
			}
		}
		stopped <- err
	}()
	for limit := time.Now().Add(time.Minute); ; { // it nearly always changes at the first look
		_, err := only(t, "a.yaml")
		if err == "the file a.wav: it changed while it was read: run this again" {
			break
		}
		if err != "" || time.Now().After(limit) {
			t.Errorf("got %q", err)
			break
		}
	}
	close(stop)
	must(t, <-stopped)
}

// TestContentOfMedia: what a file is, is told by what it holds.
func TestContentOfMedia(t *testing.T) {
	t.Chdir(t.TempDir())
	zeros := strings.Repeat("\x00", 600)
	for name, c := range map[string]struct{ content, typ, refused string }{
		"wav":               {content: holdWAV, typ: "audio/wav"},
		"mp3 with a tag":    {content: "ID3\x03\x00\x00\x00\x00\x00\x0aTIT2\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x00" + zeros, typ: "audio/mpeg"},
		"mp3 of MPEG 1":     {content: "\xff\xfb\x90\x64" + zeros, typ: "audio/mpeg"},
		"mp3 of MPEG 2":     {content: "\xff\xf3\x40\xc4" + zeros, typ: "audio/mpeg"},
		"mp3 of 8 kHz":      {content: "\xff\xe3\x18\xc4" + zeros, typ: "audio/mpeg"},
		"ogg":               {content: "OggS\x00\x02" + zeros[:22] + "\x01vorbis" + zeros, typ: "audio/ogg"},
		"ogg of no codec":   {content: "OggS\x00\x02" + zeros, typ: "application/ogg"},
		"flac":              {content: "fLaC\x00\x00\x00\x22" + zeros, typ: "audio/flac"},
		"mp4":               {content: "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + zeros, typ: "video/mp4"},
		"pdf":               {content: "%PDF-1.7\n1 0 obj\n", typ: "application/pdf"},
		"png":               {content: "\x89PNG\r\n\x1a\n" + zeros, typ: "image/png"},
		"tiff":              {content: "II*\x00" + zeros, typ: "image/tiff"},
		"xml":               {content: `<?xml version="1.0" encoding="UTF-8"?><Response><Say>Hello</Say></Response>`, typ: "text/xml"},
		"text":              {content: "hello\n", refused: "text/plain, which is nothing that Telnyx plays or sends (audio, video, images, PDF, XML): is it the right file, and whole?"},
		"a pointer of LFS":  {content: "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n", refused: "text/plain, "},
		"html":              {content: "<!DOCTYPE html><html><title>404</title></html>", refused: "text/html, which is nothing that Telnyx plays or sends (audio, video, images, PDF, XML): is it the page of an error that was saved under this name?"},
		"ELF":               {content: "\x7fELF\x02\x01\x01" + zeros, refused: "application/x-elf, "},
		"zip":               {content: "PK\x03\x04\x14\x00" + zeros[:20] + "\x05\x00\x00\x00a.txthello", refused: "application/zip, "},
		"gzip":              {content: "\x1f\x8b\x08\x00" + zeros, refused: "application/gzip, "},
		"json":              {content: `{"errors":[{"title":"Not found"}]}`, refused: "application/json, "},
		"nothing known":     {content: "\x01\x02\x03\x04" + zeros, refused: "application/octet-stream, "},
		"zeros":             {content: zeros, refused: "application/octet-stream, "},
		"one byte":          {content: "\x01", refused: "application/octet-stream, "},
		"wav without sound": {content: "RIFF", refused: "text/plain, "},
	} {
		write(t, "a.yaml", medium("hold.wav")) // the name says nothing
		write(t, "hold.wav", c.content)
		got, err := only(t, "a.yaml")
		if got.Type != c.typ || (err == "") != (c.refused == "") || !strings.HasPrefix(err, strings.TrimSuffix("hold.wav is "+c.refused, "hold.wav is ")) {
			t.Errorf("%s: %q, %s, want %q, %s", name, got.Type, err, c.typ, c.refused)
		}
	}
}

// TestFilesOfAConfig: all that is referred to is listed once, wrong or not: it may be mended, and then
// the configuration is another.
func TestFilesOfAConfig(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "conf/a.wav", holdWAV)
	write(t, "conf/empty.wav", "")
	write(t, "conf/sub/media.yaml", `media:
  a: {file: ../a.wav}
  again: {file: ../a.wav, ttl: 1d}
  missing: {file: missing.wav}
  empty: {file: ../empty.wav}
  outside: {file: ../../outside.wav}
  url: {media_url: "https://media.example.com/a.mp3"}
`)
	write(t, "conf/sub/secrets.yaml", `custom_storage_credentials:
  beside: {connection_id: 1, backend: gcs, configuration: {bucket: b, credentials: {file: key.json}}}
  above: {connection_id: 2, backend: gcs, configuration: {bucket: b, credentials: {file: ../../keys/../key.json}}}
  absolute: {connection_id: 3, backend: gcs, configuration: {bucket: b, credentials: {file: /run/secrets/./key.json}}}
  env: {connection_id: 4, backend: gcs, configuration: {bucket: b, credentials: {env: A}}}
  credential: {connection_id: 5, backend: gcs, configuration: {bucket: b, credentials: {credential: a}}}
  wrong: {connection_id: 6, backend: gcs, configuration: {bucket: b, credentials: {file: [x]}}}
`)
	here := mustAbs(t, ".")
	want := []string{
		"/run/secrets/key.json", here + "/conf/a.wav", here + "/conf/empty.wav", here + "/conf/sub/key.json", here + "/conf/sub/missing.wav", here + "/key.json",
	}
	slices.Sort(want)
	for _, paths := range [][]string{{"conf"}, {"conf", "conf"}} {
		c, got := load(t, realKinds(), paths...)
		if !slices.Equal(c.Files, want) || len(got) != 4 {
			t.Errorf("%q: got\n  %s\nwant\n  %s\nerrors %q", paths, strings.Join(c.Files, "\n  "), strings.Join(want, "\n  "), got)
		}
	}
	// A secret's file is found from the YAML file, as a single one too.
	c, _ := load(t, realKinds(), "conf/sub/secrets.yaml")
	for name, path := range map[string]string{"beside": here + "/conf/sub/key.json", "above": here + "/key.json", "absolute": "/run/secrets/key.json"} {
		ref, _ := resource.Get(c.Find(resource.Addr{Kind: "custom_storage_credentials", Name: name}).Object, "/configuration/credentials")
		if ref != (resource.SecretRef{File: path}) {
			t.Errorf("%s: %v, want %s", name, ref, path)
		}
	}
}

// inPlace is what somebody may write in the place of a secret, beside the marker.
var inPlace = []string{
	"hunter2", "hunter2", "hunter2", "env", "file", "credential", "A", ": ", ":", ", ", "{", "}", "[", "]", "*", "&", "!", "!!", "'", "\"", "\\", "|", ">", "%", "@", "`", "#", " #",
	"?", "- ", "<<", "~", "null", "true", "0", "-", ".", "+", "/", "=", "\n          ", "\n            ", "\t", "\x01", "\xff", "ü",
}

// TestLiteralIsNotRepeated: whatever stands in the place of a secret, no error says it again.
func TestLiteralIsNotRepeated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	rapid.Check(t, func(t *rapid.T) {
		literal := strings.Join(rapid.SliceOfN(rapid.SampledFrom(inPlace), 1, 8).Draw(t, "literal"), "")
		field := rapid.SampledFrom([]string{"credentials: ", "aws_access_key_id: ", "credentials: {env: ", "credentials: {credential: "}).Draw(t, "field")
		text := "custom_storage_credentials:\n  a:\n    connection_id: 1\n    backend: gcs\n    configuration:\n        bucket: b\n        " + field + literal + "\n"
		must2(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := spec.Load(realKinds(), path)
		var one *spec.Error
		if err != nil && !errors.As(err, &one) {
			t.Fatal(err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Fatalf("%v\nof\n%s", err, text)
		}
	})
}
