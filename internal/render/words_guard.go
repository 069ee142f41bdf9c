package render

import "telnyxsync/internal/resource"

// guardWords are why something is withheld.
var guardWords = map[resource.Code]string{}
