package positions

import (
	"slices"
	"strings"
)

// A scene is how the anchor of a value with a plant is used: fields that stand further
// down, in this order, and the places that they make.
type scene struct {
	uses   [][]string
	places []place
}

const alias = "*memgateAnchor"

// used is a place where an alias is, with the anchored plant as related.
func used(at string, notes ...related) place { return place{at, at, notes} }

// scenes are the ways to use an anchored plant; from is the start of the plant.
var scenes = []func(p plant) scene{
	func(p plant) scene { // a field
		return scene{uses: [][]string{{"memgateUse: " + alias}}, places: []place{
			used("memgateUse: "+alias, related{"anchor &memgateAnchor", p.place.from}),
		}}
	},
	func(p plant) scene { // an element
		return scene{uses: [][]string{{"memgateUse: [a, " + alias + "]"}}, places: []place{
			used(alias, related{"anchor &memgateAnchor", p.place.from}),
		}}
	},
	func(p plant) scene { // an element of a block list
		return scene{uses: [][]string{{"memgateUse:", "- a", "- " + alias + " # c"}}, places: []place{
			used(alias, related{"anchor &memgateAnchor", p.place.from}),
		}}
	},
	func(p plant) scene { // twice
		return scene{uses: [][]string{{"memgateUse: " + alias}, {"memgateTwo: {é: " + alias + "}"}}, places: []place{
			used("memgateUse: "+alias, related{"anchor &memgateAnchor", p.place.from}),
			used("é: "+alias, related{"anchor &memgateAnchor", p.place.from}),
		}}
	},
	func(p plant) scene { // in another anchored value
		return scene{uses: [][]string{{"memgateTwo: &memgateOuter", "  memgateUse: " + alias}, {"memgateThree: *memgateOuter"}}, places: []place{
			used("memgateUse: "+alias, related{"anchor &memgateAnchor", p.place.from}),
			used("memgateThree: *memgateOuter", related{"anchor &memgateOuter", "memgateUse"}, related{"anchor &memgateAnchor", p.place.from}),
		}}
	},
}

// merges are the ways to merge one.
var merges = []func(p plant) scene{
	func(p plant) scene {
		return scene{uses: [][]string{{"memgateUse:", "  <<: " + alias, "  a: b"}}, places: []place{
			{p.place.from, p.place.to, []related{{"merge key <<", "<<: " + alias}}},
		}}
	},
	func(p plant) scene { // in flow style, and in a list
		return scene{uses: [][]string{{"memgateUse: {'é': ü, <<: [{a: b}, " + alias + "], c: d}"}}, places: []place{
			{p.place.from, p.place.to, []related{{"merge key <<", "<<: [{a: b}, " + alias}}},
		}}
	},
	func(p plant) scene { // merged in what is merged
		return scene{uses: [][]string{{"memgateTwo: &memgateOuter", "  a: b", "  <<: " + alias}, {"memgateThree: {<<: *memgateOuter}"}}, places: []place{
			{p.place.from, p.place.to, []related{{"merge key <<", "<<: " + alias}}},
			{p.place.from, p.place.to, []related{{"merge key <<", "<<: *memgateOuter"}, {"merge key <<", "<<: " + alias}}},
		}}
	},
	func(p plant) scene { // an alias in what is merged
		return scene{uses: [][]string{{"memgateTwo: &memgateOuter", "  memgateUse: " + alias}, {"memgateThree:", "  <<: *memgateOuter"}}, places: []place{
			used("memgateUse: "+alias, related{"anchor &memgateAnchor", p.place.from}),
			used("memgateUse: "+alias, related{"merge key <<", "<<: *memgateOuter"}, related{"anchor &memgateAnchor", p.place.from}),
		}}
	},
}

// anchored plants in a mapping with an anchor, or as a scalar with one, and uses it
// further down. The mapping is one that is there, or comes with the plant.
func anchored(d *drawing, m manifest) (planted, bool) {
	text, err := yamlText(m)
	if err != nil {
		return planted{}, false
	}
	var (
		p      planted
		ok     bool
		choose = func(p plant) scene { return pick(d, slices.Concat(scenes, merges))(p) }
	)
	switch d.IntN(3) {
	case 0:
		p, ok = d.anchorWhatIsThere(text)
	case 1:
		field := d.field(block, d.oneIn(2))
		base := plant{append([]string{pick(d, []string{"memgateBase: &memgateAnchor", "memgateBase: &memgateAnchor # c", "memgateBase:  !!map &memgateAnchor"})}, indented(field.lines)...), field.place}
		if d.oneIn(3) {
			field = d.field(flow, d.oneIn(2))
			base = field.within("memgateBase: &memgateAnchor {"+pick(d, neighbours[flow]), "}")
		}
		p, ok = d.anchorAndUse(text, base, choose(base))
	default:
		value := pick(d, elements[block])
		if strings.HasPrefix(value, "&") || strings.HasPrefix(value, "!") {
			value = name
		}
		base := plant{[]string{"memgateBase: &memgateAnchor " + value}, place{}}
		base.place = place{from: base.lines[0], to: base.lines[0]}
		p, ok = d.anchorAndUse(text, base, scene{uses: [][]string{{"memgateUse: " + alias}}, places: []place{
			used("memgateUse: "+alias, related{"anchor &memgateAnchor", "&memgateAnchor"}),
		}})
	}
	if ok && d.oneIn(4) {
		p.text, ok = wrap(p.text, pick(d, []string{"", "  "}), d.oneIn(2))
	}
	return p, ok
}

func indented(lines []string) []string {
	var all []string
	for _, l := range lines {
		all = append(all, "  "+l)
	}
	return all
}

// anchorAndUse puts a field with an anchor and its uses into a document, in this order.
func (d *drawing) anchorAndUse(text string, base plant, s scene) (planted, bool) {
	spots := blockSpots(text)
	if len(spots) == 0 {
		return planted{}, false
	}
	document := pick(d, spots).document
	spots = slices.DeleteFunc(spots, func(s spot) bool { return s.document != document })
	for range 20 { // the first is that of a field
		chosen, ok := d.choose(spots, 1+len(s.uses))
		if !ok {
			return planted{}, false
		}
		if chosen[0].list {
			continue
		}
		plants := []plant{base}
		for _, use := range s.uses {
			plants = append(plants, plant{lines: use})
		}
		return planted{extension: ".yaml", text: put(text, chosen, plants), places: append(s.places, base.place)}, true
	}
	return planted{}, false
}

// choose draws n spots, in order and no two at one offset.
func (d *drawing) choose(spots []spot, n int) ([]spot, bool) {
	byOffset := map[int]spot{}
	for _, i := range d.Perm(len(spots)) {
		byOffset[spots[i].offset] = spots[i]
		if len(byOffset) == n {
			break
		}
	}
	var chosen []spot
	for _, s := range byOffset {
		chosen = append(chosen, s)
	}
	slices.SortFunc(chosen, func(a, b spot) int { return a.offset - b.offset })
	return chosen, len(chosen) == n
}

// anchorWhatIsThere puts an anchor on a value of a document, a plant into that, and uses
// behind it.
func (d *drawing) anchorWhatIsThere(text string) (planted, bool) {
	lines := blockLines(text)
	spots := blockSpots(text)
	for _, i := range d.Perm(len(lines)) {
		top := lines[i]
		if top.key == "" || strings.TrimSpace(top.value) != "" || i+1 == len(lines) || lines[i+1].document != top.document {
			continue
		}
		end := i + 1
		inside := func(l line) bool {
			return l.document == top.document && (l.indent > top.column() || l.indent == top.column() && l.isElement)
		}
		for end < len(lines) && inside(lines[end]) {
			end++
		}
		if end == i+1 || end == len(lines) || lines[end].document != top.document {
			continue
		}
		var within, behind []spot
		for _, s := range spots {
			switch {
			case s.document != top.document:
			case s.offset > lines[i].end && s.offset < lines[end].offset:
				within = append(within, s)
			case s.offset > lines[end].offset+lines[end].indent:
				behind = append(behind, s)
			}
		}
		if len(within) == 0 {
			continue
		}
		target := pick(d, within)
		p := d.field(block, d.oneIn(2))
		if target.list {
			p = d.element(block, d.oneIn(2))
		}
		choices := scenes
		if !lines[i+1].isElement {
			choices = slices.Concat(scenes, merges)
		}
		s := pick(d, choices)(p)
		uses, ok := d.choose(behind, len(s.uses))
		if !ok {
			continue
		}
		plants := []plant{p}
		for _, use := range s.uses {
			plants = append(plants, plant{lines: use})
		}
		text = put(text, append([]spot{target}, uses...), plants)
		at := top.offset + top.column() + len(top.key)
		return planted{extension: ".yaml", text: text[:at] + " &memgateAnchor" + text[at:], places: append(s.places, p.place)}, true
	}
	return planted{}, false
}
