package kinds

import (
	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// DialogflowConnection is an entry of dialogflow_connections: the agent that talks on a connection.
type DialogflowConnection struct {
	ConnectionID          resource.ID     `yaml:"connection_id" rule:"local,required" doc:"Id of the Call Control connection that the agent talks on."`
	DialogflowAPI         string          `yaml:"dialogflow_api" rule:"required,writeonly,enum=es|cx" doc:"Which Dialogflow; Telnyx never returns it, so it must be written."`
	Location              string          `yaml:"location" rule:"required,writeonly" doc:"Region of the agent; Telnyx never returns it, so it must be written."`
	ConversationProfileID string          `yaml:"conversation_profile_id" rule:"null" doc:"Id of the conversation profile in Dialogflow; cx needs it. null clears it."`
	Environment           string          `yaml:"environment" rule:"null" doc:"Environment of Dialogflow that is used; null clears it."`
	ServiceAccount        resource.Secret `yaml:"service_account" rule:"required,json" doc:"Google's JSON key of the service account, as a reference."`
}

func dialogflowConnections() Row {
	schema := resource.SchemaOf[DialogflowConnection]()
	return Row{
		Kind: resource.Kind{
			Name:     "dialogflow_connections",
			Doc:      "Google Dialogflow agents that talk on connections, one entry for each connection.",
			Schema:   schema,
			Key:      connectionKey,
			KeyField: "/connection_id",
			Rekeying: true,
			Check: func(_ string, o resource.Object) (bad []resource.Invalid) {
				if o["dialogflow_api"] == "cx" && resource.GetString(o, "/conversation_profile_id") == "" {
					bad = append(bad, resource.Invalid{
						Path: "/conversation_profile_id", Text: "dialogflow_api: cx needs a conversation profile: write its id",
					})
				}
				return bad
			},
			Export: resource.Export{
				Identity: connectionIdentity,
				Stem:     func(l *resource.Live) string { return "dialogflow-" + l.ID },
			},
		},
		Open: func(c *client.Client) Operations {
			return &byConnection{api: c.DialogflowConnections(), schema: schema, body: dialogflowBody, label: func(o resource.Object) string {
				return resource.GetString(o, "/conversation_profile_id") + " " + resource.GetString(o, "/environment")
			}}
		},
	}
}

// dialogflowBody is the whole body: PUT resets what is left out, and what is cleared is left out.
func dialogflowBody(live *resource.Live, desired resource.Object) (client.Object, error) {
	body := client.Object{}
	for name, v := range resource.Overlay(standing(live), desired) {
		if secret, ok := v.(resource.Secret); ok {
			v = secret.Object()
		}
		if v != nil {
			body[name] = v
		}
	}
	return body, nil
}
