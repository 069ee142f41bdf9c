package render

import "telnyxsync/internal/resource"

// applyWords are what happened while plans were carried out.
var applyWords = map[resource.Code]string{}
