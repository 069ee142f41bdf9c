package kinds

import (
	"fmt"
	"slices"
	"strings"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// StorageCredentials is an entry of custom_storage_credentials: where the recordings of a connection
// are kept instead of with Telnyx.
type StorageCredentials struct {
	Connection    resource.RefTo[ExternalConnection] `yaml:"connection" rule:"local" doc:"Name of an entry of external_connections; or write connection_id."`
	ConnectionID  resource.ID                        `yaml:"connection_id" rule:"local" doc:"Id of the connection (Call Control, TeXML or SIP); or write connection."`
	Backend       string                             `yaml:"backend" rule:"required,enum=gcs|s3|azure|s3-generic" doc:"Google, Amazon, Microsoft, or another that speaks S3 (s3-generic)."`
	Configuration StorageConfiguration               `yaml:"configuration" rule:"required" doc:"Where it is and how to get in; the fields depend on the backend."`
}

// StorageConfiguration is where a backend is and how to get in; which fields there are depends on
// the backend, see backendFields.
type StorageConfiguration struct {
	Bucket             string          `yaml:"bucket" rule:"required" doc:"Bucket for the files; on azure the container."`
	Region             string          `yaml:"region" doc:"Region of the bucket, of s3 and s3-generic; s3-generic needs it."`
	Endpoint           string          `yaml:"endpoint" doc:"Address of the service; s3-generic needs it."`
	AccountName        string          `yaml:"account_name" doc:"Name of the storage account; of azure."`
	Credentials        resource.Secret `yaml:"credentials" doc:"Key of the service account, as a reference; gcs needs it."`
	AWSAccessKeyID     resource.Secret `yaml:"aws_access_key_id" doc:"Access key id, as a reference; s3 and s3-generic need it."`
	AWSSecretAccessKey resource.Secret `yaml:"aws_secret_access_key" doc:"Its secret, as a reference; s3 and s3-generic need it."`
	AccountKey         resource.Secret `yaml:"account_key" doc:"Key of the storage account, as a reference; azure needs it."`
}

// backendFields are the fields of each backend. Its secrets are required: a PUT would reset what it
// does not hold, and no GET returns them. So is bucket, which every backend has.
var backendFields = map[string]struct{ plain, required, secrets []string }{
	"gcs":   {plain: []string{"bucket"}, secrets: []string{"credentials"}},
	"s3":    {plain: []string{"bucket", "region"}, secrets: []string{"aws_access_key_id", "aws_secret_access_key"}},
	"azure": {plain: []string{"bucket", "account_name"}, secrets: []string{"account_key"}},
	"s3-generic": { // any other storage that speaks S3
		plain: []string{"bucket", "region", "endpoint"}, required: []string{"region", "endpoint"},
		secrets: []string{"aws_access_key_id", "aws_secret_access_key"},
	},
}

func customStorageCredentials() Row {
	schema := resource.SchemaOf[StorageCredentials]()
	return Row{
		Kind: resource.Kind{
			Name:     "custom_storage_credentials",
			Doc:      "Storage of your own for the recordings of a connection, one entry for each connection.",
			Schema:   schema,
			Key:      connectionKey,
			KeyField: "/connection_id",
			KeyRef:   "/connection",
			Rekeying: true,
			Check:    checkStorageCredentials,
			Export: resource.Export{
				Identity: connectionIdentity,
				Stem: func(l *resource.Live) string {
					return resource.GetString(l.Object, "/backend") + "-" + l.ID
				},
				Secrets: func(o resource.Object) (paths []string) {
					for _, name := range backendFields[resource.GetString(o, "/backend")].secrets {
						paths = append(paths, resource.Pointer("configuration", name))
					}
					return paths
				},
			},
		},
		Open: func(c *client.Client) Operations {
			return &byConnection{api: c.StorageCredentials(), schema: schema, body: storageBody, label: func(o resource.Object) string {
				return resource.GetString(o, "/backend") + " " + resource.GetString(o, "/configuration/bucket")
			}}
		},
	}
}

// checkConnection finds what is wrong with how an entry says whose it is.
func checkConnection(o resource.Object) (bad []resource.Invalid) {
	_, byName := o["connection"]
	_, byID := o["connection_id"]
	switch {
	case byName && byID:
		bad = append(bad, resource.Invalid{Path: "/connection", Text: "it stands beside connection_id, and both say the same: keep one of them"})
	case !byName && !byID:
		bad = append(bad, resource.Invalid{Text: "connection_id is missing: write the connection's id, or connection: with the name of an entry"})
	}
	return bad
}

func checkStorageCredentials(_ string, o resource.Object) []resource.Invalid {
	bad := checkConnection(o)
	backend := resource.GetString(o, "/backend")
	fields, known := backendFields[backend]
	configuration, written := o["configuration"].(resource.Object)
	if !known || !written {
		return bad // which is said elsewhere
	}
	for _, name := range fields.secrets {
		if _, ok := configuration[name]; !ok {
			bad = append(bad, resource.Invalid{
				Path: resource.Pointer("configuration", name),
				Text: fmt.Sprintf("%s is missing: backend %s needs it, as a reference such as {env: NAME}", name, backend),
			})
		}
	}
	for _, name := range fields.required {
		if resource.GetString(configuration, resource.Pointer(name)) == "" {
			bad = append(bad, resource.Invalid{
				Path: resource.Pointer("configuration", name), Text: fmt.Sprintf("%s is missing: backend %s needs it", name, backend),
			})
		}
	}
	all := slices.Concat(fields.plain, fields.secrets)
	for name := range configuration {
		if !slices.Contains(all, name) {
			bad = append(bad, resource.Invalid{
				Path: resource.Pointer("configuration", name),
				Text: fmt.Sprintf("backend %s has no %s; it has %s", backend, name, strings.Join(all, ", ")),
			})
		}
	}
	return bad
}

// storageBody is the whole body: PUT resets what is left out. Both levels name the backend.
func storageBody(live *resource.Live, desired resource.Object) (client.Object, error) {
	whole := resource.Overlay(standing(live), desired)
	backend := resource.GetString(whole, "/backend")
	fields, known := backendFields[backend]
	if !known {
		return nil, fmt.Errorf("the backend %q is not known: nothing was sent, as it could wipe the configuration", backend)
	}
	configuration := client.Object{"backend": backend}
	for name, v := range asObject(whole["configuration"]) {
		if slices.Contains(fields.plain, name) || slices.Contains(fields.secrets, name) {
			configuration[name] = revealed(v)
		}
	}
	return client.Object{"backend": backend, "configuration": configuration}, nil
}

func revealed(v any) any {
	if secret, ok := v.(resource.Secret); ok {
		return secret.Reveal()
	}
	return v
}
