package vm

import "hash/crc32"

// The encoded form of a plan is
//
//	mark, FormatVersion, checksum of what follows
//	the number of strings, their lengths, their bytes
//	the number of functions, and of each: its path, the number of its parameters and of
//	  its local variables, its traits, the number of bytes of its body
//	the bodies, one after the other
//
// Numbers are varints. Functions are in the order of their paths, which are names after
// g0 with zero bytes between; the first has none and is the plan. Local variables are
// numbered anew, parameters first, so that there are no more than bytes that name them.
//
// A body is a list of blocks, a block its statements up to opEnd, a statement an op and
// what that takes. What a plan needs that can be known beforehand is found when it is
// encoded: literals without variables are values, the order of a scan is part of its op.

// FormatVersion is the version of the form that Encode writes and Load reads: another one
// for every change of what bytes mean.
const FormatVersion = 1

const (
	mark     = "mgp"
	preamble = len(mark) + 1 + crc32.Size
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(text []byte) uint32 { return crc32.Checksum(text, castagnoli) }

// Statements.
const (
	opEnd         byte = iota // of a block
	opBlocks                  // blocks
	opBreak                   // levels
	opReturn                  // source
	opNot                     // block
	opScan                    // source, key, value, block
	opScanOrdered             // the same, where the order can be told
	opScanLoose               // the same, where the order is topdown's alone
	opWith                    // target, value, strings, block
	opCall                    // function, its arguments, target
	opCallBuiltin             // name, arguments, target
	opCallDynamic             // path, input, data, target
	opDot                     // source, key, target
	opDotBase                 // the same, into base documents
	opLen                     // source, target
	opEqual                   // a, b
	opNotEqual                // a, b
	opIsKind                  // source, kind
	opIsDefined               // source
	opIsUndefined             // source
	opResult                  // source
	opConstant                // target, value
	opMove                    // target, source
	opOnce                    // target, source
	opReset                   // target
	opMakeArray               // target, capacity
	opMakeObject              // target, capacity
	opMakeSet                 // target
	opAppend                  // target, source
	opAdd                     // target, source
	opInsert                  // target, key, value
	opInsertOnce              // target, key, value
	opMerge                   // a, b, target
)

// An operand is a varint: a kind, and a local variable, a string or 0 or 1 above it.
const (
	operandLocal = iota
	operandString
	operandBool
	operandKinds
)

// Constants: kinds of values and what follows.
const (
	valueNull   byte = iota
	valueFalse       //
	valueTrue        //
	valueInt         // varint with a sign
	valueNumber      // string
	valueString      // string
	valueArray       // number of elements, elements
	valueSet         // the same
	valueObject      // number of keys, each with its value
)

// Traits of a function, as bits.
const (
	bitVaries = 1 << iota
	bitCostly
	bitsEnd
)

// deepest is how deep blocks and constants may be nested, and how deep functions may call
// one another: an encoded form that is no plan could be without end.
const deepest = 500
