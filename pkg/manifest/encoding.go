package manifest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// decode returns r as UTF-8 without a byte order mark. Text with the mark of
// UTF-16 is transcoded as it is read; without a mark it is taken for UTF-8.
func decode(r io.Reader, size int) *bufio.Reader {
	in := bufio.NewReaderSize(r, size)
	head, _ := in.Peek(3) // an error comes back with the first read
	switch {
	case bytes.HasPrefix(head, byteOrderMark):
		in.Discard(3)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		in.Discard(2)
		return bufio.NewReaderSize(&utf16Reader{in: in, order: binary.LittleEndian}, size)
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		in.Discard(2)
		return bufio.NewReaderSize(&utf16Reader{in: in, order: binary.BigEndian}, size)
	}
	return in
}

// A utf16Reader turns UTF-16 into UTF-8. Half a surrogate pair and an odd byte
// at the end become the byte 0xff, which is not UTF-8, so that the fault is
// reported with its place.
type utf16Reader struct {
	in    *bufio.Reader
	order binary.ByteOrder
	left  []byte // what did not fit into the last p
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n := copy(p, u.left)
	u.left = u.left[n:]
	for n == 0 || n+utf8.UTFMax <= len(p) && u.in.Buffered() >= 4 {
		b, err := u.next()
		if err != nil {
			return n, err
		}
		c := copy(p[n:], b)
		n += c
		if c < len(b) {
			u.left = b[c:]
		}
	}
	return n, nil
}

// next returns the next character in UTF-8.
func (u *utf16Reader) next() ([]byte, error) {
	b, err := u.in.Peek(2)
	if len(b) == 0 {
		return nil, err
	}
	u.in.Discard(len(b))
	if len(b) == 1 {
		return []byte{0xff}, nil
	}
	r := rune(u.order.Uint16(b))
	if utf16.IsSurrogate(r) {
		b, _ = u.in.Peek(2)
		if len(b) == 2 {
			r = utf16.DecodeRune(r, rune(u.order.Uint16(b)))
		}
		if len(b) < 2 || r == utf8.RuneError {
			return []byte{0xff}, nil
		}
		u.in.Discard(2)
	}
	return utf8.AppendRune(nil, r), nil
}

// checkUTF8 finds the first byte of text that is not UTF-8, or is NUL.
func checkUTF8(text []byte) *fault {
	nul := bytes.IndexByte(text, 0)
	if utf8.Valid(text) {
		if nul < 0 {
			return nil
		}
		return &fault{offset: nul, message: "found a NUL byte, want text in UTF-8 or, with a byte order mark, UTF-16"}
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if i == nul {
			return &fault{offset: i, message: "found a NUL byte, want text in UTF-8 or, with a byte order mark, UTF-16"}
		}
		if text[i] == 0xff {
			return &fault{offset: i, message: "found the byte 0xff or half a surrogate pair, want text in UTF-8 or, with a byte order mark, UTF-16"}
		}
		if r == utf8.RuneError && size == 1 {
			return &fault{offset: i, message: fmt.Sprintf("found the byte 0x%02x, which is neither UTF-8 nor, with a byte order mark, UTF-16", text[i])}
		}
		i += size
	}
	return nil
}

// usual are the characters of ASCII that YAML allows.
var usual = func() (u [256]bool) {
	for c := range u {
		u[c] = c >= 0x20 && c < 0x7f || c == '\n' || c == '\t' || c == '\r'
	}
	return u
}()

// checkControl finds the first character of valid UTF-8 that YAML does not
// allow. yaml.v3 refuses them too, but cannot tell where.
func checkControl(text []byte) *fault {
	for i := 0; i < len(text); {
		if usual[text[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r < 0x20 || r >= 0x7f && r < 0xa0 && r != 0x85 || r == 0xfffe || r == 0xffff {
			return &fault{offset: i, message: fmt.Sprintf("found the control character %U, which YAML does not allow; want it escaped in double quotes", r)}
		}
		i += size
	}
	return nil
}
