package vm

// natives are the built-in functions that run without conversion, by name. Each gives
// what topdown's gives; what is not worth writing twice, such as arithmetic on
// fractions, it passes on.
var natives = map[string]native{}

// The functions that have natives register them where they are: comparison and
// arithmetic in native_number.go, strings in native_text.go, and so on.
func register1(name string, f func(m *machine, a any) (any, bool)) {
	natives[name] = func(m *machine, args []any) (any, bool) { return f(m, args[0]) }
}

func register2(name string, f func(m *machine, a, b any) (any, bool)) {
	natives[name] = func(m *machine, args []any) (any, bool) { return f(m, args[0], args[1]) }
}

func register3(name string, f func(m *machine, a, b, c any) (any, bool)) {
	natives[name] = func(m *machine, args []any) (any, bool) { return f(m, args[0], args[1], args[2]) }
}

// passOn calls topdown's function of a name.
func (m *machine) passOn(name string, args ...any) (any, bool) {
	b, err := builtinOf(name, len(args))
	if err != nil {
		panic(err)
	}
	return m.bridged(b, args)
}

// texts are two arguments that are strings.
func texts(a, b any) (string, string, bool) {
	textA, okA := a.(string)
	textB, okB := b.(string)
	return textA, textB, okA && okB
}
