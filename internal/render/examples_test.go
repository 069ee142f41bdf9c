package render

import (
	"maps"

	"telnyxsync/internal/resource"
)

// examples are arguments of each code that has any, for the tests of words and for docs/reasons.md.
var examples = exampled(diffExamples, numberExamples, retentionExamples, messageExamples, guardExamples, approvalExamples, applyExamples, kindExamples)

func exampled(parts ...map[resource.Code]resource.Args) map[resource.Code]resource.Args {
	out := map[resource.Code]resource.Args{}
	for _, part := range parts {
		maps.Copy(out, part)
	}
	return out
}

// kindExamples are those of the codes that kinds bring along.
var kindExamples = map[resource.Code]resource.Args{
	"external_connections.unknown_id":       {"id": "1293384261075731499"},
	"external_connections.unknown_id_teams": {"id": "1293384261075731499"},
}
