package render_test

import (
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

var words = render.NewWords(nil)

func addr(text string) resource.Addr {
	a, err := resource.ParseAddr(text)
	if err != nil {
		panic(err)
	}
	return a
}

func said(text string) []resource.Reason { return []resource.Reason{resource.Said(text)} }
