package vm

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// A trait says what the value of a function may depend on beside its arguments and data,
// and whether it is worth keeping.
type trait struct {
	varies bool // on what differs between evaluations that share a Memo
	costly bool // it scans, or converts for a built-in of topdown
}

// analysis finds the traits of functions. A function that does what is not looked
// through here varies.
type analysis struct {
	funcs  map[string]*ir.Func
	vary   string // key of the input whose value differs
	names  []*ir.StringConst
	traits map[string]trait
}

func newAnalysis(policy *ir.Policy, vary string) *analysis {
	a := &analysis{funcs: map[string]*ir.Func{}, vary: vary, names: policy.Static.Strings, traits: map[string]trait{}}
	for _, f := range policy.Funcs.Funcs {
		a.funcs[f.Name] = f
	}
	return a
}

func (a *analysis) of(name string) trait {
	if found, known := a.traits[name]; known {
		return found
	}
	f := a.funcs[name]
	if f == nil {
		builtin := ast.BuiltinMap[name]
		return trait{varies: builtin == nil || builtin.Nondeterministic, costly: natives[name] == nil || costlyNatives[name]}
	}
	a.traits[name] = trait{varies: true} // of what calls itself, if that could be
	var found trait
	if len(f.Params) < fixedArgs || f.Params[inputVar] != ir.Input || f.Params[dataVar] != ir.Data {
		found.varies = true
	}
	for _, b := range f.Blocks {
		a.block(b, &found)
	}
	a.traits[name] = found
	return found
}

// costlyNatives are those whose work is more than looking at the memo.
var costlyNatives = map[string]bool{"walk": true, "regex.match": true, "sort": true, "sprintf": true}

func (a *analysis) block(b *ir.Block, found *trait) {
	for _, stmt := range b.Stmts {
		a.stmt(stmt, found)
	}
}

func (a *analysis) stmt(stmt ir.Stmt, found *trait) {
	read := func(operands ...ir.Operand) {
		for _, o := range operands {
			found.varies = found.varies || o.Value == ir.Input
		}
	}
	locals := func(list ...ir.Local) {
		for _, l := range list {
			found.varies = found.varies || l == ir.Input
		}
	}
	switch s := stmt.(type) {
	case *ir.NopStmt, *ir.BreakStmt, *ir.MakeNullStmt, *ir.MakeNumberIntStmt, *ir.MakeNumberRefStmt, *ir.MakeArrayStmt,
		*ir.MakeObjectStmt, *ir.MakeSetStmt, *ir.AssignIntStmt, *ir.ResetLocalStmt, *ir.IsDefinedStmt, *ir.IsUndefinedStmt:
	case *ir.BlockStmt:
		for _, b := range s.Blocks {
			a.block(b, found)
		}
	case *ir.NotStmt:
		a.block(s.Block, found)
	case *ir.ScanStmt:
		found.costly = true
		locals(s.Source)
		a.block(s.Block, found)
	case *ir.CallStmt:
		args := s.Args
		if a.funcs[s.Func] != nil {
			if len(args) < fixedArgs || args[inputVar].Value != ir.Input || args[dataVar].Value != ir.Data {
				found.varies = true
				return
			}
			args = args[fixedArgs:]
		}
		read(args...)
		called := a.of(s.Func)
		found.varies = found.varies || called.varies
		found.costly = found.costly || called.costly
	case *ir.DotStmt:
		key, isName := s.Key.Value.(ir.StringIndex)
		if s.Source.Value == ir.Input && isName {
			found.varies = found.varies || a.names[key].Value == a.vary
			return
		}
		read(s.Source, s.Key)
	case *ir.EqualStmt:
		read(s.A, s.B)
	case *ir.NotEqualStmt:
		read(s.A, s.B)
	case *ir.LenStmt:
		read(s.Source)
	case *ir.IsArrayStmt:
		read(s.Source)
	case *ir.IsObjectStmt:
		read(s.Source)
	case *ir.IsSetStmt:
		read(s.Source)
	case *ir.AssignVarStmt:
		read(s.Source)
	case *ir.AssignVarOnceStmt:
		read(s.Source)
	case *ir.ArrayAppendStmt:
		read(s.Value)
	case *ir.SetAddStmt:
		read(s.Value)
	case *ir.ObjectInsertStmt:
		read(s.Key, s.Value)
	case *ir.ObjectInsertOnceStmt:
		read(s.Key, s.Value)
	case *ir.ObjectMergeStmt:
		locals(s.A, s.B)
	case *ir.ReturnLocalStmt:
		locals(s.Source)
	default: // with, dynamic calls, results
		found.varies = true
	}
}
