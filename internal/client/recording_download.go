package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const downloadURLs = "download_urls"

// Download hands the content of a recording to read, in one of the formats that its download_urls have (mp3, wav), once for
// each attempt, from its beginning, and tells its size in bytes. When it returns nil, read was given all of it: a content
// that is not of the size which the answer says, or whose size is not said, is an error, and so is a read that returns
// before its end. An error of read ends the download and is found by [errors.Is].
//
// The recording is read first, since its URLs hold for some minutes only. They are as good as keys and lead to a storage that
// is not Telnyx's API: they are shown nowhere, and the API key is not sent there. What goes wrong there is neither
// [NotFound] nor [Unauthorized], which tell of the recording itself.
//
// One of the client's requests in flight is taken for as long as read runs.
func (x Recordings) Download(ctx context.Context, id, format string, read func(io.Reader) error) (size int64, err error) {
	o, err := x.Get(ctx, id)
	if err != nil {
		return 0, err
	}
	path, err := x.c.path(recordings, id)
	if err != nil {
		return 0, fmt.Errorf("GET /%s: %w", recordings, err)
	}
	path += "#/" + downloadURLs + "/" + url.PathEscape(format) // a JSON pointer, for people
	at, err := x.c.downloadURL(o, format)
	if err != nil {
		return 0, fmt.Errorf("GET %s: %w", x.c.mask.clean(path, maxText), err)
	}
	s := secrets{found: []string{x.c.key, at.String(), at.RequestURI(), at.EscapedPath(), at.Path}}
	s.query(at.String())
	a, err := x.c.do(ctx, request{
		method: http.MethodGet, path: path, elsewhere: at, mask: newMasker(s.found...), stream: read,
	})
	return a.size, err
}

// downloadURL finds and checks the URL of a format. Its errors do not repeat it. One without TLS is followed on this machine
// alone, and only where the API is there as well: it is the simulator's.
func (c *Client) downloadURL(recording Object, format string) (*url.URL, error) {
	all, _ := recording[downloadURLs].(Object)
	text := keyText(all[format])
	if text == "" {
		formats := "none"
		if len(all) > 0 {
			formats = escape(cut(strings.Join(slices.Sorted(maps.Keys(all)), ", "), maxText))
		}
		return nil, fmt.Errorf("the recording has no such URL: there is %s", formats)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return nil, errors.New("the recording's URL is none")
	case u.User != nil:
		return nil, errors.New("the recording's URL holds a user: it is not followed")
	case u.Scheme != "https" && (u.Scheme != "http" || c.base.url.Scheme != "http" || !loopback(u.Hostname())):
		return nil, errors.New("the recording's URL is not https: it is not followed")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}
