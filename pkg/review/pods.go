package review

import (
	"slices"

	"github.com/memgate/memgate/pkg/policy"
)

// JudgesPods reports whether a constraint judges the pods of workloads that it does not
// match: in a cluster, when they are made. That is so of all that match Pod but for
// memgate's own, which match the workloads that they are about, except where an overlay has
// left them Pod alone.
func JudgesPods(c *policy.Constraint) bool {
	matches := func(group, kind string) bool {
		return Key{Group: group, Kind: kind}.Excludes(c.Match) != ByKinds
	}
	if !matches("", "Pod") {
		return false
	}
	return !c.Template.ReadsWorkloads() || c.OfWorkloads() && !slices.ContainsFunc(
		[]string{"Deployment", "StatefulSet", "DaemonSet"}, func(kind string) bool { return matches("apps", kind) })
}
