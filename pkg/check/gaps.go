package check

import (
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
)

// gapsOf are the gaps of one object, one for each cause.
type gapsOf struct {
	at     manifest.Position
	object *report.Object
	all    []report.Gap
	byText map[string]int
}

func (g *gapsOf) add(reason, text string, constraint report.Constraint) {
	text = reason + ": " + text
	i, found := g.byText[text]
	if !found {
		i = len(g.all)
		if g.byText == nil {
			g.byText = map[string]int{}
		}
		g.byText[text] = i
		g.all = append(g.all, report.Gap{Position: g.at, Reason: reason, Text: text, Object: g.object})
	}
	g.all[i].Constraints = append(g.all[i].Constraints, constraint)
}
