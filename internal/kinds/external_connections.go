package kinds

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// ExternalConnection is an entry of external_connections: the trunk to Zoom or to Microsoft Teams.
type ExternalConnection struct {
	ID                   resource.ID          `yaml:"id" rule:"local" doc:"Adopts the connection of this id instead of making one."`
	ExternalSIPConn      string               `yaml:"external_sip_connection" rule:"required,fixed,enum=zoom|operator_connect" doc:"Zoom, or Teams (operator_connect), which is adopted, never created."`
	Active               bool                 `yaml:"active" rule:"outage=false" doc:"Whether it can be used; false takes its calls down."`
	Inbound              ConnectionInbound    `yaml:"inbound" doc:"Calls to its numbers."`
	Outbound             ConnectionOutbound   `yaml:"outbound" doc:"Calls that come from it."`
	Tags                 resource.Set[string] `yaml:"tags" rule:"null" doc:"Labels, in no order; null removes them."`
	WebhookEventURL      resource.URL         `yaml:"webhook_event_url" doc:"Where events of its calls go, with https:// or http://."`
	WebhookFailoverURL   resource.URL         `yaml:"webhook_event_failover_url" rule:"null" doc:"Where events go if the other fails; null clears it."`
	WebhookTimeoutInSecs int                  `yaml:"webhook_timeout_secs" rule:"null,min=0,max=30" doc:"Seconds that a webhook may take, 0 to 30; null clears it."`
}

// ConnectionInbound are the settings of calls that Telnyx sends to the connection.
type ConnectionInbound struct {
	ChannelLimit int `yaml:"channel_limit" rule:"min=0,capacity=zero" doc:"How many inbound calls at a time."`
	// Known to POST alone, where it is required as soon as inbound is sent; no GET returns it.
	OutboundVoiceProfileID resource.ID `yaml:"outbound_voice_profile_id" rule:"createonly" doc:"Profile for inbound calls; sent only when it is made."`
}

// ConnectionOutbound are the settings of calls that come from the connection.
type ConnectionOutbound struct {
	ChannelLimit           int         `yaml:"channel_limit" rule:"min=0,capacity=zero" doc:"How many outbound calls at a time."`
	OutboundVoiceProfileID resource.ID `yaml:"outbound_voice_profile_id" rule:"capacity=any" doc:"Id of the outbound voice profile; zoom needs it."`
}

// KindName makes connections the target of references.
func (ExternalConnection) KindName() string { return "external_connections" }

const (
	typePath         = "/external_sip_connection"
	voiceProfilePath = "/outbound/outbound_voice_profile_id"
	operatorConnect  = "operator_connect"
)

func externalConnections() Row {
	schema := resource.SchemaOf[ExternalConnection]()
	return Row{
		Kind: resource.Kind{
			Name:   ExternalConnection{}.KindName(),
			Doc:    "Trunks to Zoom and, by Operator Connect, to Microsoft Teams.",
			Schema: schema,
			Key: func(_ string, o resource.Object) string {
				if id := resource.GetString(o, "/id"); id != "" {
					return idKey(id)
				}
				if resource.GetString(o, typePath) == operatorConnect {
					return operatorConnect // whichever there is, if it is the only one
				}
				return ""
			},
			Check:       checkExternalConnection,
			Uncreatable: connectionUncreatable,
			Forgotten: func(l *resource.Live) (why resource.Reason) {
				if resource.GetString(l.Object, typePath) == operatorConnect {
					why.Code = connectionNotDeleted
				}
				return why
			},
			Words: connectionWords(),
			DeleteCalls: func(l *resource.Live) int {
				if isActive(l) {
					return 3 // set inactive, delete, and set active again where that is refused
				}
				return 1
			},
			Export: resource.Export{
				Identity: func(_ string, l *resource.Live) resource.Object { return resource.Object{"id": l.ID} },
				Stem: func(l *resource.Live) string {
					return strings.ReplaceAll(resource.GetString(l.Object, typePath), "_", "-") + "-" + l.ID
				},
			},
			IDs:    true,
			Listed: true,
			Tagged: true,
		},
		Open: func(c *client.Client) Operations {
			return &connectionOps{api: c.ExternalConnections(), numbers: c.PhoneNumbers(), schema: schema}
		},
	}
}

func idKey(id string) string { return "id=" + id }

func isActive(l *resource.Live) bool {
	active, _ := resource.Get(l.Object, "/active")
	return active != false
}

func checkExternalConnection(_ string, o resource.Object) (bad []resource.Invalid) {
	if resource.GetString(o, typePath) == "zoom" && resource.GetString(o, voiceProfilePath) == "" {
		bad = append(bad, resource.Invalid{
			Path: "/outbound",
			Text: "a zoom connection needs outbound.outbound_voice_profile_id: write the id of a voice profile",
		})
	}
	tags, _ := o["tags"].([]any)
	for _, t := range tags {
		if _, ours := resource.ParseOwner(fmt.Sprint(t)); ours {
			bad = append(bad, resource.Invalid{
				Path: "/tags",
				Text: fmt.Sprintf("%q looks like an owner tag, which telnyxsync writes itself: remove it", t),
			})
		}
	}
	return bad
}

type connectionOps struct {
	api     client.ExternalConnections
	numbers client.PhoneNumbers
	schema  *resource.Schema
}

// Observe lists all connections. What we own and is not in the list is read by its id: where one
// connection goes and another comes between two pages, a listing can miss one and still add up.
func (c *connectionOps) Observe(ctx context.Context, want resource.Want) (resource.Observation, error) {
	list, err := c.api.List(ctx)
	if err != nil {
		return resource.Observation{}, err
	}
	var seen resource.Observation
	listed := map[string]bool{}
	for _, raw := range list {
		l := c.live(raw)
		listed[l.ID] = true
		seen.Objects = append(seen.Objects, *l)
	}
	missing := slices.DeleteFunc(slices.Clone(want.IDs), func(id string) bool { return listed[id] })
	rest, err := readEach(ctx, missing, c.Read)
	seen.Objects = append(seen.Objects, rest.Objects...)
	seen.Failed = rest.Failed
	return seen, err
}

func (c *connectionOps) Read(ctx context.Context, id string) (*resource.Live, error) {
	raw, err := c.api.Get(ctx, id)
	if client.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return c.live(raw), nil
}

func (c *connectionOps) live(raw client.Object) *resource.Live {
	o := c.schema.Canon(raw).(resource.Object)
	l := &resource.Live{ID: resource.GetString(o, "/id"), Object: o, Created: moment(raw["created_at"])}
	delete(o, "id") // the identity, not a setting
	l.Keys = []string{idKey(l.ID)}
	typ := resource.GetString(o, typePath)
	if typ == operatorConnect {
		l.Keys = append(l.Keys, operatorConnect)
	}
	l.Label = typ
	if created, ok := raw["created_at"].(string); ok && created != "" {
		l.Label += ", created " + created
	}
	var plain []any
	tags, _ := o["tags"].([]any)
	for _, t := range tags {
		if owner, ok := resource.ParseOwner(fmt.Sprint(t)); ok {
			l.Owners = append(l.Owners, owner)
		} else {
			plain = append(plain, t)
		}
	}
	if plain == nil {
		plain = []any{}
	}
	o["tags"] = plain
	return l
}

func (c *connectionOps) Create(ctx context.Context, w resource.Write) (resource.Receipt, error) {
	body := client.Object{}
	for k, v := range w.Desired {
		if v != nil {
			body[k] = v
		}
	}
	body["tags"] = tagsOf(w)
	if inbound, ok := body["inbound"].(resource.Object); ok && inbound["outbound_voice_profile_id"] == nil {
		body["inbound"] = resource.Overlay(inbound, resource.Object{
			"outbound_voice_profile_id": resource.GetString(w.Desired, voiceProfilePath),
		})
	}
	raw, meta, err := c.api.Create(ctx, body)
	return c.receipt(raw, meta, err)
}

func (c *connectionOps) Update(ctx context.Context, w resource.Write) (resource.Receipt, error) {
	body := resource.Overlay(w.Patch, nil)
	if _, managed := body["tags"]; managed || w.Retag {
		body["tags"] = tagsOf(w)
	}
	return c.patch(ctx, w.Live, body)
}

// patch adds the voice profile id, which PATCH requires whatever it changes.
func (c *connectionOps) patch(ctx context.Context, l *resource.Live, body client.Object) (resource.Receipt, error) {
	if resource.GetString(body, voiceProfilePath) == "" {
		profile := resource.GetString(l.Object, voiceProfilePath)
		if profile == "" {
			return resource.Receipt{}, fmt.Errorf("the connection has no outbound voice profile, and Telnyx changes nothing without one: " +
				"write outbound.outbound_voice_profile_id")
		}
		body = resource.Overlay(body, resource.Object{"outbound": resource.Overlay(
			asObject(body["outbound"]), resource.Object{"outbound_voice_profile_id": profile})})
	}
	raw, meta, err := c.api.Update(ctx, l.ID, body)
	return c.receipt(raw, meta, err)
}

// tagsOf is the whole list to send: the managed tags, or those that stand there, with our owner
// tag in place of any other of our instance. Owner tags of other instances stay.
func tagsOf(w resource.Write) []any {
	tags, managed := w.Desired["tags"].([]any)
	if _, written := w.Desired["tags"]; !written && !managed && w.Live != nil {
		tags, _ = w.Live.Object["tags"].([]any)
	}
	out := append([]any{}, tags...)
	if w.Live != nil {
		for _, o := range w.Live.Owners {
			if o.Instance != w.Owner.Instance {
				out = append(out, o.Tag())
			}
		}
	}
	return append(out, w.Owner.Tag())
}

// Delete sets an active connection inactive first: Telnyx refuses to delete active ones. Where the
// deletion is then refused, it is set active again.
func (c *connectionOps) Delete(ctx context.Context, l *resource.Live) (resource.Receipt, error) {
	if isActive(l) {
		r, err := c.patch(ctx, l, client.Object{"active": false})
		switch {
		case client.NotFound(err):
			return r, nil // gone already
		case err != nil:
			return r, fmt.Errorf("set inactive: %w", err)
		}
	}
	meta, err := c.api.Delete(ctx, l.ID)
	r := resource.Receipt{RequestID: meta.RequestID}
	switch {
	case err == nil || !isActive(l):
		return r, err
	case client.Unknown(err):
		return r, fmt.Errorf("the connection was set inactive, and whether it was deleted is not known: %w", err)
	}
	if _, again := c.patch(ctx, l, client.Object{"active": true}); again != nil {
		return r, fmt.Errorf("the connection was set inactive, but not deleted: %w; and it could not be set active again: %w", err, again)
	}
	return r, fmt.Errorf("the connection was not deleted and is active again: %w", err)
}

func (c *connectionOps) Numbers(ctx context.Context, l *resource.Live) (int, error) {
	return c.numbers.CountByConnection(ctx, l.ID)
}

func (c *connectionOps) receipt(raw client.Object, meta client.Meta, err error) (resource.Receipt, error) {
	r := resource.Receipt{RequestID: meta.RequestID}
	if err == nil {
		r.Live = c.live(raw)
	}
	return r, err
}

func asObject(v any) resource.Object {
	o, _ := v.(resource.Object)
	return o
}
