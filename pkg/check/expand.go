package check

import (
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/review"
)

// judgesPods reports for each constraint of a client whether the kinds that it matches
// include Pod.
func judgesPods(client *engine.Client) []bool {
	key := review.Key{Kind: "Pod"}
	var pods []bool
	for _, c := range client.Constraints() {
		pods = append(pods, key.Excludes(c.Match) != review.ByKinds)
	}
	return pods
}
