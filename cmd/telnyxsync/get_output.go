package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/render"

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
		_, err := io.WriteString(s.out, render.Printable(b.String()))
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
	_, err = fmt.Fprint(s.out, before, render.Printable(string(text)))
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

// plainYAML keeps the digits of numbers, which YAML would take for texts, and puts texts between quotes that
// are to be escaped: without, an escape means itself.
func plainYAML(v any) any {
	switch v := v.(type) {
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: v.String()}
	case string:
		if render.Printable(v) != v {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: v}
		}
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
			_, api, err := a.connect(true, tuning{})
			if err != nil {
				return err
			}
			defer api.Close()
			if file == "" {
				if isTerminal(a.out) {
					return errors.New("the content is no text for a terminal: give --file FILE, or send stdout somewhere else")
				}
				return a.pour(cmd.Context(), api, args[0])
			}
			err = putFile(file, 0o644, func(f *os.File) error { return api.Media().Download(cmd.Context(), args[0], client.Into(f, nil)) })
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
				return fmt.Errorf("--file: %w", err)
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "write it to this file, which is whole or not there")
	return cmd
}

// pour writes a content to stdout once all of it is here: what was written cannot be taken back, should an
// attempt break off.
func (a *app) pour(ctx context.Context, api *client.Client, name string) error {
	f, err := os.CreateTemp("", "telnyxsync-download-*")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return err
	}
	if err := api.Media().Download(ctx, name, client.Into(f, nil)); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(a.out, f)
	return err
}
