package kinds

import (
	"context"
	"slices"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// SIPRECConnector is an entry of siprec_connectors: a session recording server (SRS).
type SIPRECConnector struct {
	Name         resource.Name `yaml:"name" rule:"local" doc:"Name on Telnyx; defaults to the entry's name. A new one is a new connector."`
	Host         resource.Host `yaml:"host" rule:"required" doc:"Host name or IPv4 address of the recording server, without port."`
	Port         int           `yaml:"port" rule:"required,min=1,max=65535" doc:"Port of the recording server, 1 to 65535."`
	AppSubdomain string        `yaml:"app_subdomain" rule:"null" doc:"Subdomain for calls where Telnyx is the recording server; null clears it."`
}

func siprecConnectors() Row {
	schema := resource.SchemaOf[SIPRECConnector]()
	return Row{
		Kind: resource.Kind{
			Name:   "siprec_connectors",
			Doc:    "Session recording servers (SRS) that calls are forked to.",
			Schema: schema,
			Key:    keyOrName("/name"),
			Export: resource.Export{
				Identity: func(name string, l *resource.Live) resource.Object { return nameUnless(name, "name", l.ID) },
				Stem:     func(l *resource.Live) string { return l.ID },
			},
			// A rename through PUT is undocumented: the new connector is made, then the old one deleted.
			KeyField: "/name", Rekeying: true,
			Incarnation: createdAt,
		},
		Open: func(c *client.Client) Operations {
			return &siprecOps{api: c.SIPRECConnectors(), schema: schema}
		},
	}
}

type siprecOps struct {
	api    client.SIPRECConnectors
	schema *resource.Schema
}

// Observe reads each wanted connector by its name: Telnyx has no list of them.
func (s *siprecOps) Observe(ctx context.Context, want resource.Want) (resource.Observation, error) {
	names := slices.Concat(want.IDs, want.Keys)
	slices.Sort(names)
	return readEach(ctx, slices.Compact(names), s.Read)
}

func (s *siprecOps) Read(ctx context.Context, name string) (*resource.Live, error) {
	o, err := s.api.Get(ctx, name)
	if client.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.live(name, o), nil
}

func (s *siprecOps) live(name string, raw client.Object) *resource.Live {
	if raw["host"] == nil {
		raw["host"] = raw["hostname"] // some of the documentation of the answer says so
	}
	o := s.schema.Canon(raw).(resource.Object)
	delete(o, "name") // the identity, not a setting
	return &resource.Live{
		ID: name, Object: o, Keys: []string{name}, Label: resource.GetString(o, "/host"), Created: moment(raw["created_at"]), Incarnation: incarnation(raw),
	}
}

func (s *siprecOps) Create(ctx context.Context, w resource.Write) (resource.Receipt, error) {
	name := w.Key
	o, meta, err := s.api.Create(ctx, s.body(name, w.Desired))
	return s.receipt(name, o, meta, err)
}

// Update sends the whole connector, as PUT resets what is left out: what is not managed keeps the
// value it has, and what is cleared is what is not sent.
func (s *siprecOps) Update(ctx context.Context, w resource.Write) (resource.Receipt, error) {
	o, meta, err := s.api.Update(ctx, w.Live.ID, s.body(w.Live.ID, resource.Overlay(w.Live.Object, w.Patch)))
	return s.receipt(w.Live.ID, o, meta, err)
}

func (s *siprecOps) body(name string, o resource.Object) client.Object {
	body := client.Object{"name": name}
	for k, v := range o {
		if v != nil && k != "name" {
			body[k] = v
		}
	}
	return body
}

func (s *siprecOps) receipt(name string, o client.Object, meta client.Meta, err error) (resource.Receipt, error) {
	r := resource.Receipt{RequestID: meta.RequestID}
	if err == nil {
		r.Live = s.live(name, o)
	}
	return r, err
}

func (s *siprecOps) Delete(ctx context.Context, l *resource.Live) (resource.Receipt, error) {
	meta, err := s.api.Delete(ctx, l.ID)
	return resource.Receipt{RequestID: meta.RequestID}, err
}

// Numbers is zero: connectors record calls, they carry none.
func (s *siprecOps) Numbers(context.Context, *resource.Live) (int, error) { return 0, nil }
