package kinds

import (
	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// CivicAddressOf reads an emergency address as the API has it.
func CivicAddressOf(o client.Object) resource.CivicAddress { return civicAddress(o) }
