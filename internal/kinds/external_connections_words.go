package kinds

import "telnyxsync/internal/resource"

// The codes of connections.
const (
	connectionUnknownID    resource.Code = "external_connections.unknown_id"        // id
	connectionUnknownTeams resource.Code = "external_connections.unknown_id_teams"  // id: of an Operator Connect connection
	connectionCannotBeMade resource.Code = "external_connections.cannot_be_made"    // none: there is no Operator Connect connection
	connectionNotDeleted   resource.Code = "external_connections.cannot_be_deleted" // none
)

func connectionWords() map[resource.Code]string {
	const unknown = "Telnyx has no connection with the id {{.id}}: correct the id"
	return map[resource.Code]string{
		connectionUnknownTeams: unknown + "; Operator Connect connections come from the Teams admin's " +
			"consent and a refresh (`telnyxsync jobs run operator_connect_refresh`), they cannot be created",
		connectionUnknownID: unknown + ", or remove it to have a new connection made",
		connectionCannotBeMade: "there is no Operator Connect connection to adopt, and the API cannot create one: " +
			"let the Teams admin consent, run `telnyxsync jobs run operator_connect_refresh`, then run this again",
		connectionNotDeleted: "Operator Connect connections are removed through Telnyx support; this one is forgotten, not deleted",
	}
}

func connectionUncreatable(o resource.Object) (why resource.Reason) {
	id, teams := resource.GetString(o, "/id"), resource.GetString(o, typePath) == operatorConnect
	if id != "" {
		why.Args = resource.Args{"id": id}
	}
	switch {
	case id != "" && teams:
		why.Code = connectionUnknownTeams
	case id != "":
		why.Code = connectionUnknownID
	case teams:
		why.Code = connectionCannotBeMade
	}
	return why
}
