package vm

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ir"
)

func (e *encoder) blocks(blocks []*ir.Block) {
	e.int(len(blocks))
	for _, b := range blocks {
		e.block(b)
	}
}

func (e *encoder) block(b *ir.Block) {
	e.enter()
	for _, stmt := range b.Stmts {
		if !e.constants.left[stmt] {
			e.stmt(stmt)
		}
	}
	e.op(opEnd)
	e.depth--
}

// enter goes one level deeper.
func (e *encoder) enter() {
	if e.depth++; e.depth > deepest {
		panic(&Unsupported{Cause: "nested too deep"})
	}
}

func (e *encoder) stmt(stmt ir.Stmt) {
	switch s := stmt.(type) {
	case *ir.NopStmt:
	case *ir.BlockStmt:
		e.op(opBlocks).blocks(s.Blocks)
	case *ir.BreakStmt:
		e.op(opBreak).int(int(s.Index) + 1)
	case *ir.ReturnLocalStmt:
		e.op(opReturn).local(s.Source)
	case *ir.NotStmt:
		e.op(opNot).block(s.Block)
	case *ir.ScanStmt:
		e.scan(s)
	case *ir.WithStmt:
		e.op(opWith).local(s.Local).int(len(s.Path))
		for _, name := range s.Path {
			e.int(e.string(e.literals[name].(string)))
		}
		e.operands(s.Value).block(s.Block)
	case *ir.CallStmt:
		e.call(s)
	case *ir.CallDynamicStmt:
		if len(s.Args) != fixedArgs {
			panic(&Unsupported{Cause: "dynamic call with arguments"})
		}
		e.op(opCallDynamic).int(len(s.Path)).operands(s.Path...).local(s.Args[inputVar]).local(s.Args[dataVar]).local(s.Result)
	case *ir.DotStmt:
		op := opDot
		if e.isBase(s) {
			op = opDotBase
		}
		e.op(op).operands(s.Source, s.Key).local(s.Target)
	case *ir.LenStmt:
		e.op(opLen).operands(s.Source).local(s.Target)
	case *ir.EqualStmt:
		e.op(opEqual).operands(s.A, s.B)
	case *ir.NotEqualStmt:
		e.op(opNotEqual).operands(s.A, s.B)
	case *ir.IsArrayStmt:
		e.op(opIsKind).operands(s.Source).int(int(kindArray))
	case *ir.IsObjectStmt:
		e.op(opIsKind).operands(s.Source).int(int(kindObject))
	case *ir.IsSetStmt:
		e.op(opIsKind).operands(s.Source).int(int(kindSet))
	case *ir.IsDefinedStmt:
		e.op(opIsDefined).local(s.Source)
	case *ir.IsUndefinedStmt:
		e.op(opIsUndefined).local(s.Source)
	case *ir.ResultSetAddStmt:
		e.op(opResult).local(s.Value)
	default:
		e.assignment(stmt)
	}
}

// assignment encodes the statements that set a local variable.
func (e *encoder) assignment(stmt ir.Stmt) {
	switch s := stmt.(type) {
	case *ir.AssignIntStmt:
		e.constant(s.Target, int(s.Value))
	case *ir.AssignVarStmt:
		e.op(opMove).local(s.Target).operands(s.Source)
	case *ir.AssignVarOnceStmt:
		e.op(opOnce).local(s.Target).operands(s.Source)
	case *ir.ResetLocalStmt:
		e.op(opReset).local(s.Target)
	case *ir.MakeNullStmt:
		e.constant(s.Target, null{})
	case *ir.MakeNumberIntStmt:
		e.constant(s.Target, int(s.Value))
	case *ir.MakeNumberRefStmt:
		e.constant(s.Target, number(e.literals[s.Index].(string)))
	case *ir.MakeArrayStmt:
		if value := e.constants.value(s.Target); value != nil {
			e.constant(s.Target, value)
			return
		}
		e.op(opMakeArray).local(s.Target).int(min(int(s.Capacity), len(e.constants.changed[s.Target])))
	case *ir.MakeObjectStmt:
		if value := e.constants.value(s.Target); value != nil {
			e.constant(s.Target, value)
			return
		}
		e.op(opMakeObject).local(s.Target).int(e.constants.inserts(s.Target))
	case *ir.MakeSetStmt:
		if value := e.constants.value(s.Target); value != nil {
			e.constant(s.Target, value)
			return
		}
		e.op(opMakeSet).local(s.Target)
	case *ir.ArrayAppendStmt:
		e.op(opAppend).local(s.Array).operands(s.Value)
	case *ir.SetAddStmt:
		e.op(opAdd).local(s.Set).operands(s.Value)
	case *ir.ObjectInsertStmt:
		e.op(opInsert).local(s.Object).operands(s.Key, s.Value)
	case *ir.ObjectInsertOnceStmt:
		e.op(opInsertOnce).local(s.Object).operands(s.Key, s.Value)
	case *ir.ObjectMergeStmt:
		e.op(opMerge).local(s.A).local(s.B).local(s.Target)
	default:
		panic(&Unsupported{Cause: fmt.Sprintf("statement %T", stmt)})
	}
}

func (e *encoder) scan(s *ir.ScanStmt) {
	op := opScan
	if ordered(s.Block) {
		op = opScanOrdered
		if e.constants.loose[s.Source] {
			op = opScanLoose
		}
	}
	e.op(op).local(s.Source).local(s.Key).local(s.Value).block(s.Block)
}

func (e *encoder) call(s *ir.CallStmt) {
	f, ok := e.functions[s.Func]
	switch {
	case !ok:
		if _, err := builtinOf(s.Func, len(s.Args)); err != nil {
			panic(err)
		}
		e.op(opCallBuiltin).int(e.string(s.Func)).int(len(s.Args))
	case len(s.Args) != len(e.list[f].Params):
		panic(&Unsupported{Cause: "call with other arguments"})
	default:
		e.op(opCall).int(f)
	}
	e.operands(s.Args...).local(s.Result)
}

// isBase reports whether a reference leads into base documents, and remembers it.
func (e *encoder) isBase(s *ir.DotStmt) bool {
	source, ok := s.Source.Value.(ir.Local)
	if !ok || source != ir.Data && !e.base[source] {
		return false
	}
	e.base[s.Target] = true
	return true
}

func (e *encoder) op(op byte) *encoder {
	e.code = append(e.code, op)
	return e
}

func (e *encoder) int(n int) *encoder {
	e.code = appendInts(e.code, n)
	return e
}

func (e *encoder) local(l ir.Local) *encoder { return e.int(e.at(l)) }

func (e *encoder) operands(list ...ir.Operand) *encoder {
	for _, o := range list {
		switch v := o.Value.(type) {
		case ir.Local:
			e.int(e.at(v)*operandKinds + operandLocal)
		case ir.StringIndex:
			e.int(e.string(e.literals[v].(string))*operandKinds + operandString)
		case ir.Bool:
			e.int(bit(bool(v), 1)*operandKinds + operandBool)
		default:
			panic(&Unsupported{Cause: fmt.Sprintf("operand %T", o.Value)})
		}
	}
	return e
}

// constant encodes that a local variable gets a value.
func (e *encoder) constant(l ir.Local, v any) { e.op(opConstant).local(l).value(v) }

func (e *encoder) value(v any) {
	switch v := v.(type) {
	case null:
		e.op(valueNull)
	case bool:
		e.op(valueFalse + byte(bit(v, 1)))
	case int:
		e.code = binary.AppendVarint(append(e.code, valueInt), int64(v))
	case json.Number:
		e.op(valueNumber).int(e.string(string(v)))
	case string:
		e.op(valueString).int(e.string(v))
	case []any:
		e.op(valueArray).values(v)
	case *Set:
		e.op(valueSet).values(v.sorted())
	case *Object:
		pairs := make([]any, 0, 2*len(v.keys))
		for i, key := range v.keys {
			pairs = append(pairs, key, v.values[i])
		}
		e.op(valueObject).values(pairs)
	default:
		panic(&Unsupported{Cause: fmt.Sprintf("constant %T", v)})
	}
}

func (e *encoder) values(list []any) {
	e.enter()
	e.int(len(list))
	for _, v := range list {
		e.value(v)
	}
	e.depth--
}
