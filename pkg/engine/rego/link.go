package rego

import (
	"runtime"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// CompileAll compiles the Rego of templates, on all processors. Those that share libs, as
// memgate's own do, are compiled together: a lib is then compiled and kept once, and a
// plan of all has it once. Where that fails, each is compiled by itself, for its own
// errors; so is one to which the libs of others would make a difference. Each has either
// a program or an error, that of Compile.
func CompileAll(codes []Source) ([]*Program, []error) {
	var (
		units    = make([]*unit, len(codes))
		programs = make([]*Program, len(codes))
		errs     = make([]error, len(codes))
	)
	var known libs
	Parallel(len(codes), func(i int) { units[i], errs[i] = newUnit(codes[i], &known) })
	together := sharing(units)
	if linked, err := link(pick(units, together), false); err == nil {
		for at, i := range together {
			if linked[at].closed {
				programs[i] = linked[at]
			}
		}
	}
	Parallel(len(codes), func(i int) {
		if units[i] == nil || programs[i] != nil {
			return
		}
		if len(units[i].libs) > 0 { // its libs may be those of others, and so may their places
			programs[i], errs[i] = Compile(codes[i])
			return
		}
		var linked []*Program
		if linked, errs[i] = link([]*unit{units[i]}, false); errs[i] == nil {
			programs[i] = linked[0]
		}
	})
	return programs, errs
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

// Parallel calls do for 0 to n-1 on all processors and waits for the end.
func Parallel(n int, do func(int)) {
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
