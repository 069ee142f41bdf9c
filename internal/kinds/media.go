package kinds

import (
	"context"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// Medium is an entry of media: a file that calls play, or that is sent as a fax. Without file and
// media_url only its life is looked after.
type Medium struct {
	MediaName     resource.Name     `yaml:"media_name" rule:"local" doc:"Name on Telnyx; defaults to the entry's name. A new one is a new medium."`
	File          resource.File     `yaml:"file" rule:"writeonly,maxbytes=20971520" doc:"Path relative to the YAML file, 20 MB at most; or write media_url."`
	MediaURL      resource.URL      `yaml:"media_url" rule:"writeonly" doc:"Address that Telnyx fetches it from when this changes; or write file."`
	TTL           resource.Duration `yaml:"ttl" rule:"writeonly,assumed" doc:"How long Telnyx keeps it, as in 90d or 12h; defaults to 365d, at most 7300d."`
	RenewBefore   resource.Duration `yaml:"renew_before" rule:"policy" doc:"How long before its end it is renewed; defaults to a tenth of ttl."`
	VerifyContent bool              `yaml:"verify_content" rule:"policy" doc:"Compares file with what Telnyx has, by downloading it; defaults to false."`
}

// The life of a medium. Telnyx's own default is two days, after which calls play nothing.
const (
	defaultTTL = 365 * 24 * time.Hour
	maxTTL     = 7300 * 24 * time.Hour // 20 years
	renewShare = 10                    // of the life is left when it is renewed
)

func media() Row {
	schema := resource.SchemaOf[Medium]()
	return Row{
		Kind: resource.Kind{
			Name:     "media",
			Doc:      "Files that calls play or faxes send; they are renewed before Telnyx lets them expire.",
			Schema:   schema,
			Key:      keyOrName("/media_name"),
			KeyField: "/media_name",
			Rekeying: true,

			Incarnation: createdAt,

			Check: checkMedium,
			Uncreatable: func(o resource.Object) (why resource.Reason) {
				if o["file"] == nil && o["media_url"] == nil {
					why.Code = mediumOfNothing
				}
				return why
			},
			Words: map[resource.Code]string{
				mediumOfNothing: "there is no medium of that name, and nothing says what it is to be made of: write file or media_url",
			},
			Renewal: mediumLife,
			Deep: func(o resource.Object) bool {
				return o["verify_content"] == true && o["file"] != nil
			},
			Export: resource.Export{
				Identity: func(name string, l *resource.Live) resource.Object { return nameUnless(name, "media_name", l.ID) },
				Stem:     func(l *resource.Live) string { return l.ID },
				Note:     "Of media only the life is looked after here: write file or media_url beside ttl to manage the content too.",
			},
			Listed: true,
		},
		Open: func(c *client.Client) Operations {
			return &mediaOps{api: c.Media(), schema: schema}
		},
	}
}

// mediumOfNothing is the code of a medium that is not there and says nothing of its content; it has no arguments.
const mediumOfNothing resource.Code = "media.made_of_nothing"

func mediumLife(o resource.Object) (life, before time.Duration) {
	life = resource.GetDuration(o, "/ttl", defaultTTL)
	return life, resource.GetDuration(o, "/renew_before", life/renewShare)
}

func checkMedium(_ string, o resource.Object) (bad []resource.Invalid) {
	fail := func(path, format string, args ...any) {
		bad = append(bad, resource.Invalid{Path: path, Text: fmt.Sprintf(format, args...)})
	}
	file, isFile := o["file"].(resource.File)
	if isFile && o["media_url"] != nil {
		fail("/media_url", "a medium is made of a file or of what a URL leads to, not of both: remove one")
	}
	if why := notPlayable(file.Type); isFile && why != "" {
		fail("/file", "%s is %s, which is nothing that Telnyx plays or sends (audio, video, images, PDF, XML)%s", file.Name, file.Type, why)
	}
	if u, err := url.Parse(resource.GetString(o, "/media_url")); err == nil && u.User != nil {
		fail("/media_url", "it holds a user or password, which would be shown and stored in plain text: use a file")
	}
	if o["media_url"] == "" {
		fail("/media_url", "it is empty: write the address, or remove the key")
	}
	if o["verify_content"] == true && !isFile && o["file"] == nil {
		fail("/verify_content", "there is nothing to compare the content with: write file, or remove the key")
	}
	life, before := mediumLife(o)
	if life > maxTTL {
		fail("/ttl", "Telnyx keeps media for at most 20 years: write 7300d or less")
	}
	if before >= life {
		at := "/renew_before"
		if o["renew_before"] == nil {
			at = "/ttl"
		}
		fail(at, "renew_before (%s) must be smaller than ttl (%s)", resource.DurationText(before), resource.DurationText(life))
	}
	return bad
}

// notPlayable says why a content type is not one of media; "" if it is one.
func notPlayable(typ string) string {
	main, _, _ := strings.Cut(typ, "/")
	switch {
	case slices.Contains([]string{"audio", "video", "image"}, main),
		slices.Contains([]string{"application/ogg", "application/xml", "text/xml", "application/pdf"}, typ):
		return ""
	case typ == "text/html":
		return ": is it the page of an error that was saved under this name?"
	}
	return ": is it the right file, and whole?"
}

type mediaOps struct {
	api    client.Media
	schema *resource.Schema
}

// Observe lists all media. What is wanted and not in the list is read by its name: whether a medium
// is there decides between POST and PUT, and what POST does to one that is there is undocumented.
func (m *mediaOps) Observe(ctx context.Context, want resource.Want) (resource.Observation, error) {
	list, err := m.api.List(ctx)
	if err != nil {
		return resource.Observation{}, err
	}
	var seen resource.Observation
	listed := map[string]bool{}
	for _, raw := range list {
		l := m.live(raw)
		listed[l.ID] = true
		seen.Objects = append(seen.Objects, *l)
	}
	missing := slices.Concat(want.IDs, want.Keys)
	slices.Sort(missing)
	missing = slices.DeleteFunc(slices.Compact(missing), func(name string) bool { return listed[name] })
	rest, err := readEach(ctx, missing, m.Read)
	seen.Objects = append(seen.Objects, rest.Objects...)
	seen.Failed = rest.Failed
	if err == nil {
		err = m.look(ctx, &seen, want.Deep)
	}
	return seen, err
}

func (m *mediaOps) Read(ctx context.Context, name string) (*resource.Live, error) {
	raw, err := m.api.Get(ctx, name)
	if client.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	raw["media_name"] = name
	return m.live(raw), nil
}

func (m *mediaOps) live(raw client.Object) *resource.Live {
	name, _ := raw["media_name"].(string)
	l := &resource.Live{
		ID: name, Keys: []string{name}, Object: resource.Object{}, Created: moment(raw["created_at"]), Incarnation: incarnation(raw), Expires: moment(raw["expires_at"]),
	}
	typ, _ := raw["content_type"].(string)
	l.Label, l.Hints = typ, resource.Object{"content_type": typ}
	if _, _, err := mime.ParseMediaType(typ); err != nil {
		l.Hints["content_type"] = "application/octet-stream" // to be sent again, it has to be one
	}
	if !l.Expires.IsZero() {
		l.Label += ", expires " + l.Expires.UTC().Format(time.RFC3339)
	}
	// What the life was when it was last written is not said; the times tell.
	written := moment(raw["updated_at"])
	if written.IsZero() {
		written = l.Created
	}
	if life := l.Expires.Sub(written).Round(time.Minute); !l.Expires.IsZero() && !written.IsZero() && life >= time.Minute && life <= maxTTL {
		l.Hints["ttl"] = resource.DurationText(life)
	}
	return l
}

// Numbers is zero: media are played to calls, they carry none.
func (m *mediaOps) Numbers(context.Context, *resource.Live) (int, error) { return 0, nil }

func (m *mediaOps) Delete(ctx context.Context, l *resource.Live) (resource.Receipt, error) {
	meta, err := m.api.Delete(ctx, l.ID)
	return resource.Receipt{RequestID: meta.RequestID}, err
}
