package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"telnyxsync/internal/client"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"
)

// sink writes objects in one of the formats.
type sink struct {
	out    io.Writer
	format string
	c      *collection
	rows   [][]string
	n      int
	now    time.Time
}

func (a *app) sink(format string, c *collection) *sink {
	return &sink{out: a.out, format: format, c: c, now: time.Now()}
}

func (s *sink) add(o client.Object) error {
	s.n++
	switch s.format {
	case "table":
		row := make([]string, len(s.c.columns))
		for i, col := range s.c.columns {
			row[i] = col.text(o, s.now)
		}
		s.rows = append(s.rows, row)
		return nil
	case "yaml":
		var b bytes.Buffer
		e := yaml.NewEncoder(&b)
		e.SetIndent(2)
		if err := errors.Join(e.Encode([]any{plainYAML(o)}), e.Close()); err != nil {
			return err
		}
		_, err := s.out.Write(b.Bytes())
		return err
	}
	text, err := json.MarshalIndent(o, "  ", "  ")
	if err != nil {
		return err
	}
	before := ",\n  "
	if s.n == 1 {
		before = "[\n  "
	}
	_, err = fmt.Fprintf(s.out, "%s%s", before, text)
	return err
}

func (s *sink) end() error {
	switch s.format {
	case "table":
		slices.SortStableFunc(s.rows, slices.Compare[[]string])
		heads := make([]string, len(s.c.columns))
		for i, col := range s.c.columns {
			heads[i] = col.head
		}
		p := page{}
		p.table("", append([][]string{heads}, s.rows...))
		p.line("%s", counted(s.n, "object", "objects"))
		_, err := s.out.Write(p.Bytes())
		return err
	case "yaml":
		if s.n > 0 {
			return nil
		}
		_, err := fmt.Fprintln(s.out, "[]")
		return err
	}
	if s.n == 0 {
		_, err := fmt.Fprintln(s.out, "[]")
		return err
	}
	_, err := fmt.Fprintln(s.out, "\n]")
	return err
}

// plainYAML keeps the digits of numbers, which YAML would take for texts.
func plainYAML(v any) any {
	switch v := v.(type) {
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: v.String()}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = plainYAML(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plainYAML(e)
		}
		return out
	}
	return v
}

func (a *app) getDownload() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "download NAME",
		Short:   "Download the content of a medium",
		Example: "  telnyxsync get media download hold-music --file hold.mp3",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, api, err := a.connect(true)
			if err != nil {
				return err
			}
			defer api.Close()
			if file == "" {
				if isTerminal(a.out) {
					return errors.New("the content is no text for a terminal: give --file FILE, or send stdout somewhere else")
				}
				return api.Media().Download(cmd.Context(), args[0], func(r io.Reader) error {
					_, err := io.Copy(a.out, r)
					return err
				})
			}
			return download(cmd.Context(), api, args[0], file)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "write it to this file, which is whole or not there")
	return cmd
}

func download(ctx context.Context, api *client.Client, name, file string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return fmt.Errorf("--file: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	err = api.Media().Download(ctx, name, func(r io.Reader) error {
		if err := f.Truncate(0); err != nil { // an attempt before may have written some of it
			return err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(f, r)
		return err
	})
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
