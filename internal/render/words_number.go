package render

import "telnyxsync/internal/resource"

// numberWords are what becomes of phone numbers.
var numberWords = map[resource.Code]string{}
