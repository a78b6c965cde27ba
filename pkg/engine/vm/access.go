package vm

// Get is what a reference by one key leads to: the element of an array, the value of an
// object's key, or, of a set, a member itself.
func Get(v, key any) (value any, found bool) { return get(v, key) }

// Members are those of a set in order, or the keys of an object in order; nil of any
// other value.
func Members(v any) []any {
	if s, ok := v.(*Set); ok {
		return s.sorted()
	}
	if v == nil || kindOf(v) != kindObject {
		return nil
	}
	keys, _ := pairs(v)
	return keys
}

// IsObject reports whether a value is an object.
func IsObject(v any) bool { return kindOf(v) == kindObject }
