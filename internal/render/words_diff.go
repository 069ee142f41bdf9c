package render

import "telnyxsync/internal/resource"

// diffWords are what the comparison of objects says.
var diffWords = map[resource.Code]string{}
