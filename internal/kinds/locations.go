package kinds

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// Location is an entry of locations: a place within a civic address that a Teams admin made.
type Location struct {
	Connection             resource.RefTo[ExternalConnection] `yaml:"connection" rule:"local,required" doc:"The Operator Connect connection that the location belongs to."`
	LocationID             resource.ID                        `yaml:"location_id" rule:"local,required" doc:"Id of the location; telnyxsync locations lists them."`
	StaticEmergencyAddress resource.ID                        `yaml:"static_emergency_address_id" rule:"writeonly" doc:"Id of the emergency address for calls from there. It cannot be read back."`
}

// KindName makes locations the target of references.
func (Location) KindName() string { return "locations" }

const emergencyAddressPath = "/static_emergency_address_id"

// The codes of locations; none has arguments.
const (
	locationCannotBeMade resource.Code = "locations.cannot_be_made"
	locationNotDeleted   resource.Code = "locations.cannot_be_deleted"
)

func locations() Row {
	return Row{
		Kind: resource.Kind{
			Name:        Location{}.KindName(),
			Doc:         "Places of Microsoft Teams, with the emergency address of calls from there.",
			Schema:      resource.SchemaOf[Location](),
			Key:         locationKey,
			KeyField:    "/location_id",
			KeyRef:      "/connection",
			CheckBeside: checkLocation,
			Uncreatable: func(resource.Object) resource.Reason { return resource.Reason{Code: locationCannotBeMade} },
			Forgotten:   func(*resource.Live) resource.Reason { return resource.Reason{Code: locationNotDeleted} },
			Words: map[resource.Code]string{
				locationCannotBeMade: "locations come from the civic addresses that a Teams admin makes, and their connection is not there yet",
				locationNotDeleted:   "Telnyx deletes no locations; this one is forgotten",
			},
			Export: resource.Export{
				Stem: func(l *resource.Live) string {
					_, location, _ := strings.Cut(l.ID, "/")
					return "location-" + location
				},
				Note: "No GET returns static_emergency_address_id: write it where it is to be kept.",
			},
			Place: func(key string) (connection, location string) {
				connection, location, _ = strings.Cut(key, "/")
				return connection, location
			},
			Blind: true,
		},
		Open: func(c *client.Client) Operations { return &locationOps{api: c.Locations(), civic: c.CivicAddresses()} },
	}
}

// locationKey is CONNECTION/LOCATION, by their ids.
func locationKey(_ string, o resource.Object) string {
	ref, _ := o["connection"].(resource.Ref)
	location := resource.GetString(o, "/location_id")
	if ref.ID == "" || location == "" {
		return ""
	}
	return ref.ID + "/" + location
}

// isTeams tells whether a reference leads to an Operator Connect connection, as far as the files tell.
func isTeams(ref resource.Ref, find func(resource.Addr) resource.Object) (teams, known bool) {
	o := find(ref.Addr)
	return resource.GetString(o, typePath) == operatorConnect, ref.ID == "" && resource.GetString(o, typePath) != ""
}

func checkLocation(o resource.Object, find func(resource.Addr) resource.Object) (bad []resource.Invalid) {
	ref, _ := o["connection"].(resource.Ref)
	if teams, known := isTeams(ref, find); known && !teams {
		bad = append(bad, resource.Invalid{
			Path: "/connection",
			Text: fmt.Sprintf("%s is no Operator Connect connection: only those have locations", ref.Addr),
		})
	}
	return bad
}

type locationOps struct {
	api   client.Locations
	civic client.CivicAddresses
}

// Observe makes no call: no reading shows what can be set of a location.
func (l *locationOps) Observe(_ context.Context, want resource.Want) (resource.Observation, error) {
	keys := slices.Concat(want.IDs, want.Keys)
	slices.Sort(keys)
	var seen resource.Observation
	for _, key := range slices.Compact(keys) {
		seen.Objects = append(seen.Objects, *blindLocation(key))
	}
	return seen, nil
}

// Read looks for the location among the civic addresses of its connection. What can be set of it no reading shows.
func (l *locationOps) Read(ctx context.Context, id string) (*resource.Live, error) {
	connection, location, ok := strings.Cut(id, "/")
	if !ok || connection == "" || location == "" {
		return nil, fmt.Errorf("%q is no location: write CONNECTION_ID/LOCATION_ID", id)
	}
	list, err := l.civic.List(ctx, connection)
	if client.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		for _, place := range civicAddress(o).Locations {
			if place.ID == location {
				return blindLocation(id), nil
			}
		}
	}
	return nil, nil
}

func blindLocation(key string) *resource.Live {
	return &resource.Live{ID: key, Object: resource.Object{}, Keys: []string{key}, Label: "location " + key}
}

// Create cannot be: see Uncreatable.
func (l *locationOps) Create(context.Context, resource.Write) (resource.Receipt, error) {
	return resource.Receipt{}, fmt.Errorf("telnyx makes no locations")
}

// Update sends the emergency address. A location that has an accepted one keeps it, and nothing tells
// which: it is taken to be this one where this one was sent before.
func (l *locationOps) Update(ctx context.Context, w resource.Write) (resource.Receipt, error) {
	connection, location, _ := strings.Cut(w.Live.ID, "/")
	address := resource.GetString(w.Patch, emergencyAddressPath)
	meta, err := l.api.SetEmergencyAddress(ctx, connection, location, address)
	r := resource.Receipt{RequestID: meta.RequestID, Live: blindLocation(w.Live.ID)}
	if !client.AlreadyAccepted(err) {
		return r, err
	}
	if !w.Again && !client.Unknown(err) {
		r.Unverified = "Telnyx says that the location has an accepted emergency address already, and not which: look it up in the portal; " +
			"if it is this one, write ignore: [" + emergencyAddressPath + "], if not, have it changed by Telnyx support"
	}
	return r, nil
}

// Delete cannot be: see Forgotten.
func (l *locationOps) Delete(context.Context, *resource.Live) (resource.Receipt, error) {
	return resource.Receipt{}, nil
}

// Numbers is zero: the connection carries them.
func (l *locationOps) Numbers(context.Context, *resource.Live) (int, error) { return 0, nil }
