package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// decode reads a value into a struct. A field that the struct does not have is an error,
// as is one in another case: a cluster knows neither, while encoding/json takes the latter
// for the field.
func decode(value, into any) error {
	if key, found := unknownField(value, reflect.TypeOf(into)); found {
		return fmt.Errorf("unknown field %q", key)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return typeFault(err)
	}
	return nil
}

// unknownField is a key of a value that its type has no field for: the first, in the order
// of keys.
func unknownField(value any, of reflect.Type) (key string, found bool) {
	switch of.Kind() {
	case reflect.Pointer:
		return unknownField(value, of.Elem())
	case reflect.Slice:
		items, _ := value.([]any)
		for _, item := range items {
			if key, found := unknownField(item, of.Elem()); found {
				return key, true
			}
		}
	case reflect.Struct:
		fields := map[string]reflect.Type{}
		for _, field := range reflect.VisibleFields(of) {
			if name := field.Tag.Get("json"); name != "" && name != "-" {
				fields[name] = field.Type
			}
		}
		members, _ := value.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(members)) {
			field, known := fields[key]
			if !known {
				return key, true
			}
			if key, found := unknownField(members[key], field); found {
				return key, true
			}
		}
	}
	return "", false
}
