package vm

// Get is what a reference by one key leads to: the element of an array, the value of an
// object's key, the member of a set that equals key.
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
