package engine

import (
	"errors"
	"runtime"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/memgate/memgate/pkg/policy"
)

// compileAll compiles templates, on all processors. Those that share libs, as memgate's
// own do, are compiled together: a lib is then compiled and kept once. Where that fails,
// each is compiled by itself, for its own errors; so is one to which the libs of others
// would make a difference. A template without Rego has no program.
func compileAll(templates []*policy.Template) (map[*policy.Template]*program, error) {
	var (
		units    = make([]*unit, len(templates))
		programs = make([]*program, len(templates))
		errs     = make([]error, len(templates))
	)
	var known libs
	parallel(len(templates), func(i int) { units[i], errs[i] = newUnit(templates[i].Code, &known) })
	together := sharing(units)
	if linked, err := link(pick(units, together)); err == nil {
		for at, i := range together {
			if linked[at].closed {
				programs[i] = linked[at]
			}
		}
	}
	parallel(len(templates), func(i int) {
		if units[i] == nil || programs[i] != nil {
			return
		}
		if len(units[i].libs) > 0 { // its libs may be those of others, and so may their places
			programs[i], errs[i] = newProgram(templates[i].Code)
			return
		}
		var linked []*program
		if linked, errs[i] = link([]*unit{units[i]}); errs[i] == nil {
			programs[i] = linked[0]
		}
	})
	byTemplate := make(map[*policy.Template]*program, len(templates))
	for i, template := range templates {
		byTemplate[template] = programs[i]
		if errors.Is(errs[i], ErrNoRego) {
			errs[i] = nil
		} else if errs[i] != nil {
			errs[i] = &TemplateError{template, errs[i]}
		}
	}
	return byTemplate, errors.Join(errs...)
}

// libs are the rewritten libs of units, by text. A nil *libs has none and keeps none. It
// is safe for concurrent use.
type libs struct {
	mu     sync.Mutex
	byText map[string]lib
}

func (k *libs) find(text string) (lib, bool) {
	if k == nil {
		return lib{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	l, found := k.byText[text]
	return l, found
}

// add keeps a lib and returns it, or the one of the same text that it has.
func (k *libs) add(l lib) lib {
	if k == nil {
		return l
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if first, found := k.byText[l.text]; found {
		return first
	}
	if k.byText == nil {
		k.byText = map[string]lib{}
	}
	k.byText[l.text] = l
	return l
}

// sharing are the indices of units that can be linked together: they have libs, and all
// their libs of one name are the same.
func sharing(units []*unit) []int {
	var (
		found []int
		texts = map[string]string{} // of libs, by name
	)
	for i, u := range units {
		if u == nil || len(u.libs) == 0 || !fits(u.libs, texts) {
			continue
		}
		for _, l := range u.libs {
			texts[l.name] = l.text
		}
		found = append(found, i)
	}
	return found
}

func fits(libs []lib, texts map[string]string) bool {
	own := map[string]bool{}
	for _, l := range libs {
		text, known := texts[l.name]
		if own[l.name] || known && text != l.text {
			return false
		}
		own[l.name] = true
	}
	return true
}

// closed reports whether the compiled modules of a unit name, of all below data.libs,
// nothing but rules of their own. One that iterates over packages, or names what it has
// not, would see the libs of other units.
func closed(modules []*ast.Module) bool {
	own := map[string]bool{} // paths of rules, without what follows the first name
	for _, module := range modules {
		for _, rule := range module.Rules {
			own[module.Package.Path.Append(ast.StringTerm(string(rule.Head.Ref()[0].Value.(ast.Var)))).String()] = true
		}
	}
	names := func(ref ast.Ref) bool {
		for n := len(libsRef); n <= len(ref); n++ {
			if own[ref[:n].String()] {
				return true
			}
		}
		return false
	}
	found := true
	for _, module := range modules {
		for _, rule := range module.Rules {
			ast.WalkRefs(rule, func(ref ast.Ref) bool {
				if ref.HasPrefix(libsRef) && !names(ref) {
					found = false
				}
				return false
			})
		}
	}
	return found
}

var libsRef = packageOf(libPrefix)

func pick(units []*unit, indices []int) []*unit {
	picked := make([]*unit, len(indices))
	for at, i := range indices {
		picked[at] = units[i]
	}
	return picked
}

// parallel calls do for 0 to n-1 on all processors and waits for the end.
func parallel(n int, do func(int)) {
	var workers sync.WaitGroup
	next := make(chan int)
	for range min(runtime.GOMAXPROCS(0), n) {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}
