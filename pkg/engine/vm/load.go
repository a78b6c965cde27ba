package vm

import (
	"encoding/binary"
)

// Load is the program of an encoded plan, which it keeps and does not change. Functions
// are read when they are called first. Bytes that Encode did not give are an *Unsupported
// error, of Load or of the evaluation that comes upon them.
func Load(encoded []byte) (program *Program, err error) {
	defer catch(&err)
	r := &reader{code: encoded, of: "plan"}
	if got := string(r.take(len(mark))); got != mark {
		r.fault("got %q, want %q", got, mark)
	}
	if got := r.byte(); got != FormatVersion {
		r.fault("got version %d, want %d", got, FormatVersion)
	}
	if got, want := binary.LittleEndian.Uint32(r.take(preamble-r.at)), checksum(encoded[r.at:]); got != want {
		r.fault("got checksum %08x, want %08x", got, want)
	}
	p := &Program{}
	p.readStrings(r)
	p.readFunctions(r)
	return p, nil
}

func (p *Program) readStrings(r *reader) {
	p.strings = make([]string, r.count(1))
	ends, end := make([]int, len(p.strings)), 0
	for i := range ends {
		if end += r.int(); end > r.left() {
			r.fault("got %d bytes, want strings of %d", r.left(), end)
		}
		ends[i] = end
	}
	text, start := string(r.take(end)), 0
	for i, end := range ends {
		p.strings[i] = text[start:end]
		start = end
	}
}

func (p *Program) readFunctions(r *reader) {
	p.functions = make([]function, r.count(5))
	sizes := make([]int, len(p.functions))
	for i := range p.functions {
		f := &p.functions[i]
		f.index, f.path, f.params, f.locals = i, p.strings[r.below(len(p.strings))], r.int(), r.int()
		traits := r.below(bitsEnd)
		f.varies, f.costly = traits&bitVaries != 0, traits&bitCostly != 0
		sizes[i] = r.int()
		if f.params < fixedArgs || f.locals < f.params || f.locals-f.params > sizes[i] {
			r.fault("got a function of %d parameters, %d local variables and %d bytes", f.params, f.locals, sizes[i])
		}
		if i > 0 && f.path < p.functions[i-1].path {
			r.fault("got %q after %q", f.path, p.functions[i-1].path)
		}
	}
	for i := range p.functions {
		p.functions[i].code = r.take(sizes[i])
	}
	if len(p.functions) == 0 || p.functions[0].path != "" || p.functions[0].params != fixedArgs || r.left() != 0 {
		r.fault("got %d functions and %d bytes more, want a plan and no bytes", len(p.functions), r.left())
	}
}
