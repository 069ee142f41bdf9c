package render

import "telnyxsync/internal/resource"

// retentionWords are what is due, and why it is kept.
var retentionWords = map[resource.Code]string{}
