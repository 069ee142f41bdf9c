package main

import (
	"context"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/kinds"
)

func civicAddresses() *collection {
	return &collection{
		name: "civic-addresses", about: "Emergency addresses of a connection on Microsoft Teams", key: "ID", under: true, needs: true,
		columns: []column{
			plainText("ID", "id"), plainText("COMPANY", "company_name"),
			{"ADDRESS", func(o client.Object, _ time.Time) string { return kinds.CivicWords(o) }},
			lengthOf("LOCATIONS", "locations"),
		},
		list: func(ctx context.Context, c *client.Client, f *getFlags, take func(client.Object) error) error {
			list, err := c.CivicAddresses().List(ctx, f.connection)
			return all(list, err, take)
		},
		one: func(ctx context.Context, c *client.Client, f *getFlags, id string) (client.Object, error) {
			return c.CivicAddresses().Get(ctx, f.connection, id)
		},
	}
}

func locationsOf() *collection {
	return &collection{
		name: "locations", about: "Locations within the civic addresses of a connection", under: true, needs: true,
		long: "Telnyx has them within civic addresses; `telnyxsync locations` writes them as YAML to paste.",
		columns: []column{
			plainText("ID", "id"), plainText("DESCRIPTION", "description"), plainText("MORE", "additional_info"), plainText("DEFAULT", "is_default"),
		},
		list: func(ctx context.Context, c *client.Client, f *getFlags, take func(client.Object) error) error {
			list, err := c.CivicAddresses().List(ctx, f.connection)
			return all(list, err, func(o client.Object) error {
				locations, _ := o["locations"].([]any)
				for _, v := range locations {
					l, _ := v.(client.Object)
					if err := take(l); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

func phoneNumbersOf() *collection {
	return &collection{
		name: "phone-numbers", about: "Phone numbers of the account, or those of a connection on Microsoft Teams", key: "ID", under: true,
		long: "With --connection, the numbers that the connection has on Microsoft Teams; without, all that the account owns.",
		columns: []column{
			{"NUMBER", func(o client.Object, _ time.Time) string {
				return textAt(o, "phone_number") + textAt(o, "telephone_number")
			}},
			{"ID", func(o client.Object, _ time.Time) string {
				if id := textAt(o, "number_id"); id != "" {
					return id
				}
				return textAt(o, "id")
			}},
			plainText("TYPE", "phone_number_type"), plainText("CONNECTION", "connection_id"), plainText("LOCATION", "location_id"), plainText("TICKET", "ticket_id"),
		},
		list: func(ctx context.Context, c *client.Client, f *getFlags, take func(client.Object) error) error {
			if f.connection == "" {
				list, err := c.PhoneNumbers().Slim(ctx)
				return all(list, err, take)
			}
			list, err := c.ConnectionPhoneNumbers().List(ctx, f.connection)
			return all(list, err, take)
		},
		one: func(ctx context.Context, c *client.Client, f *getFlags, id string) (client.Object, error) {
			if f.connection == "" {
				return c.PhoneNumbers().Get(ctx, id)
			}
			return c.ConnectionPhoneNumbers().Get(ctx, f.connection, id)
		},
	}
}

func uploadsOf() *collection {
	return &collection{
		name: "uploads", about: "Uploads of a connection's numbers to Microsoft Teams", key: "TICKET", under: true, needs: true,
		columns: []column{
			plainText("TICKET", "ticket_id"), plainText("STATUS", "status"), lengthOf("NUMBERS", "tn_upload_entries"), plainText("ERROR", "error_code"), plainText("MESSAGE", "error_message"),
		},
		list: func(ctx context.Context, c *client.Client, f *getFlags, take func(client.Object) error) error {
			list, err := c.Uploads().List(ctx, f.connection)
			return all(list, err, take)
		},
		one: func(ctx context.Context, c *client.Client, f *getFlags, id string) (client.Object, error) {
			return c.Uploads().Get(ctx, f.connection, id)
		},
	}
}

func releasesOf() *collection {
	return &collection{
		name: "releases", about: "Releases of a connection's numbers from Microsoft Teams", key: "TICKET", under: true, needs: true,
		columns: []column{
			plainText("TICKET", "ticket_id"), plainText("STATUS", "status"), lengthOf("NUMBERS", "telephone_numbers"), since("CREATED", "created_at"), plainText("MESSAGE", "error_message"),
		},
		list: func(ctx context.Context, c *client.Client, f *getFlags, take func(client.Object) error) error {
			list, err := c.Releases().List(ctx, f.connection)
			return all(list, err, take)
		},
		one: func(ctx context.Context, c *client.Client, f *getFlags, id string) (client.Object, error) {
			return c.Releases().Get(ctx, f.connection, id)
		},
	}
}
