package telnyxsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

const (
	storage   = "custom_storage_credentials"
	s3Generic = "s3-generic"
)

// customStorageCredentials simulates /custom_storage_credentials, which have no list.
// The account has the secrets as they are, whatever the answers show of them.
func customStorageCredentials() part {
	const one = "/custom_storage_credentials/{connection_id}"
	return part{
		kind: kind{
			name: storage, key: "connection_id",
			fields: storageTakes(false).merged(fields{
				"connection_id": {form: text, required: true, check: nonEmpty},
			}),
			defaults: func(map[string]any, string) {},
		},
		switches: map[string][]string{"_storage_secrets": {"returned", "masked", "omitted"}},
		routes: []route{
			{method: http.MethodPost, pattern: one, body: true, handle: createStorage},
			{method: http.MethodGet, pattern: one, handle: getStorage},
			{method: http.MethodPut, pattern: one, body: true, handle: putStorage},
			{method: http.MethodDelete, pattern: one, handle: deleteStorage},
		},
	}
}

// storageTakes describes credentials. Requests must be complete; an account can have
// credentials of which the service does not show everything.
func storageTakes(complete bool) fields {
	return fields{
		"backend": {form: text, required: true, enum: []string{"gcs", "s3", "azure", s3Generic}},
		"configuration": {form: object, required: true, variant: func(in map[string]any) fields {
			backend, _ := in["backend"].(string)
			return storageConfiguration(backend, complete)
		}},
	}
}

// storageConfiguration describes the configuration of a backend, nil if there is no
// such backend. It repeats the backend.
func storageConfiguration(backend string, complete bool) fields {
	some, must := field{form: text}, field{form: text, required: complete, check: nonEmpty}
	fs := fields{"backend": {form: text, required: true, enum: []string{backend}}, "bucket": must}
	switch backend {
	case "gcs":
		fs["credentials"] = must
	case "azure":
		fs["account_name"], fs["account_key"] = some, must
	case "s3":
		fs["region"], fs["aws_access_key_id"], fs["aws_secret_access_key"] = some, must, must
	case s3Generic:
		// Telnyx's SDKs insist on both; the region goes into the signatures.
		fs["region"], fs["aws_access_key_id"], fs["aws_secret_access_key"] = must, must, must
		fs["endpoint"] = field{form: text, required: complete, check: isEndpoint}
	default:
		return nil
	}
	return fs
}

func isEndpoint(v any) string {
	if s := v.(string); withScheme(s) != "" || !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return "The field must be a URL with the scheme http or https."
	}
	return ""
}

// showStorage answers with credentials. How much of the secrets is returned is not
// documented: that follows the account's switch.
func showStorage(c *call, obj map[string]any) reply {
	configuration := maps.Clone(obj["configuration"].(map[string]any))
	for name := range configuration {
		if !slices.Contains([]string{"credentials", "aws_access_key_id", "aws_secret_access_key", "account_key"}, name) {
			continue
		}
		switch c.acc.switches["_storage_secrets"] {
		case "masked":
			configuration[name] = "****"
		case "omitted":
			delete(configuration, name)
		}
	}
	return ok(map[string]any{
		"connection_id": obj["connection_id"], "record_type": storage,
		"data": map[string]any{"backend": obj["backend"], "configuration": configuration},
	})
}

func createStorage(c *call) reply {
	if refused := unknownConnection(c); refused != nil {
		return *refused
	}
	if _, taken := c.acc.collections[storage].get(c.params["connection_id"]); taken {
		return refuse(http.StatusUnprocessableEntity, problem{
			code: "10012", pointer: "/connection_id", detail: "The connection has storage credentials already.",
		})
	}
	return storeStorage(c)
}

// putStorage replaces credentials: what the body leaves out is gone.
func putStorage(c *call) reply {
	if _, found := c.acc.collections[storage].get(c.params["connection_id"]); !found {
		return notFoundOf("set of storage credentials")
	}
	return storeStorage(c)
}

func storeStorage(c *call) reply {
	if ps := storageTakes(true).problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	c.body["connection_id"] = c.params["connection_id"]
	c.acc.collections[storage].put(c.body)
	return showStorage(c, c.body)
}

func getStorage(c *call) reply {
	obj, found := c.acc.collections[storage].get(c.params["connection_id"])
	if !found {
		return notFoundOf("set of storage credentials")
	}
	return showStorage(c, obj)
}

func deleteStorage(c *call) reply {
	if _, found := c.acc.collections[storage].get(c.params["connection_id"]); !found {
		return notFoundOf("set of storage credentials")
	}
	c.acc.collections[storage].remove(c.params["connection_id"])
	return reply{status: http.StatusNoContent}
}
