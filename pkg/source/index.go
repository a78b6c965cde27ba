package source

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// An index has the names of the files that git tracks, in the order of their bytes.
type index struct {
	names   []string
	unknown bool // it cannot be read
}

// has reports whether a file is there or, for a directory, one below it, or the
// directory itself: a submodule.
func (x *index) has(name string, directory bool) bool {
	if _, found := slices.BinarySearch(x.names, name); found {
		return true
	}
	if !directory {
		return false
	}
	at, _ := slices.BinarySearch(x.names, name+"/")
	return at < len(x.names) && strings.HasPrefix(x.names[at], name+"/")
}

// Sizes of the hash of an entry, in bytes.
const (
	sha1Size   = 20
	sha256Size = 32
)

// parseIndex reads the names of an index of git, versions 2 to 4, whose format is in
// gitformat-index(5). It reports false for one that it does not understand, and for one
// that is split and so has not all names.
func parseIndex(text []byte, hash int) (names []string, ok bool) {
	const header, stat, extended = 12, 40, 0x4000
	if len(text) < header || !bytes.HasPrefix(text, []byte("DIRC")) {
		return nil, false
	}
	version, count := binary.BigEndian.Uint32(text[4:]), binary.BigEndian.Uint32(text[8:])
	if version < 2 || version > 4 {
		return nil, false
	}
	rest, last := text[header:], ""
	for range count {
		size := stat + hash + 2
		if len(rest) < size {
			return nil, false
		}
		if version > 2 && binary.BigEndian.Uint16(rest[size-2:])&extended != 0 {
			size += 2
		}
		if len(rest) < size {
			return nil, false
		}
		name, next := rest[size:], 0
		kept := 0
		if version == 4 {
			cut, n := prefixLength(name)
			if n == 0 || cut > len(last) {
				return nil, false
			}
			name, next, kept = name[n:], n, len(last)-cut
		}
		end := bytes.IndexByte(name, 0)
		if end < 0 {
			return nil, false
		}
		last = last[:kept] + string(name[:end])
		if len(names) > 0 && last < names[len(names)-1] {
			return nil, false
		}
		names = append(names, last)
		next += size + end + 1
		if version < 4 {
			next = (size+end)/8*8 + 8 // 1 to 8 zeros end the entry
		}
		if len(rest) < next {
			return nil, false
		}
		rest = rest[next:]
	}
	return names, len(rest) >= hash && !split(rest[:len(rest)-hash])
}

// prefixLength reads how much of the last name goes, in as many bytes as it says.
func prefixLength(text []byte) (value, n int) {
	for n < len(text) && n < 4 {
		c := text[n]
		n++
		value |= int(c & 0x7f)
		if c&0x80 == 0 {
			return value, n
		}
		value = (value + 1) << 7
	}
	return 0, 0
}

// split reports whether an extension says that another file has the rest of the names, or
// the extensions cannot be read.
func split(extensions []byte) bool {
	for len(extensions) >= 8 {
		size := int(binary.BigEndian.Uint32(extensions[4:]))
		if string(extensions[:4]) == "link" || size > len(extensions)-8 {
			return true
		}
		extensions = extensions[8+size:]
	}
	return len(extensions) > 0
}
