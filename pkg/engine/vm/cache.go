package vm

import (
	"encoding/binary"
	"strings"
	"sync"
)

// The cache keeps what topdown's functions gave for a few short arguments, across
// evaluations: patterns, quantities and versions come again and again. It has no more
// than mostCached entries of no more than largestCached bytes.
const (
	mostCached    = 4000
	largestCached = 1000
	longestKey    = 300
)

var cache = struct {
	sync.RWMutex
	byKey map[string]cached
}{byKey: map[string]cached{}}

// cached is what a function gave, a value that does not change; not ok is undefined.
type cached struct {
	value any
	ok    bool
}

// cacheable reports whether a built-in function depends on its arguments alone and is
// worth keeping.
func cacheable(name string) bool {
	for _, prefix := range []string{"base64", "glob.", "json.", "regex.", "semver.", "strings.", "units.", "yaml."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "to_number"
}

// cacheKey appends a call to text; not ok if an argument is large, or of no simple kind.
func cacheKey(text []byte, name string, args []any) (key []byte, ok bool) {
	text = append(text, name...)
	for _, arg := range args {
		if items, isList := elements(arg); isList {
			text = binary.AppendUvarint(append(text, 'l'), uint64(len(items)))
			if len(items) > few {
				return nil, false
			}
			for _, item := range items {
				if text, ok = scalarKey(text, item); !ok {
					return nil, false
				}
			}
			continue
		}
		if text, ok = scalarKey(text, arg); !ok {
			return nil, false
		}
	}
	return text, true
}

func scalarKey(text []byte, v any) (key []byte, ok bool) {
	switch v := v.(type) {
	case string:
		if len(text)+len(v) > longestKey {
			return nil, false
		}
		return append(binary.AppendUvarint(append(text, 's'), uint64(len(v))), v...), true
	case int:
		return binary.AppendVarint(append(text, 'i'), int64(v)), true
	case nil, null:
		return append(text, 'n'), true
	}
	return nil, false
}

func lookUp(key []byte) (found cached, known bool) {
	cache.RLock()
	defer cache.RUnlock()
	found, known = cache.byKey[string(key)]
	return found, known
}

func keep(key []byte, c cached) {
	if c.ok && weight(c.value) > largestCached {
		return
	}
	cache.Lock()
	defer cache.Unlock()
	for other := range cache.byKey {
		if len(cache.byKey) < mostCached {
			break
		}
		delete(cache.byKey, other)
	}
	cache.byKey[string(key)] = c
}
