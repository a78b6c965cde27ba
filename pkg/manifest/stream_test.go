package manifest

import (
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// A repeater yields head, then body until size bytes are out, then tail.
type repeater struct {
	head, body, tail string
	size             int
	rest             string
	state            int
}

func (r *repeater) Read(p []byte) (int, error) {
	for r.rest == "" {
		switch {
		case r.state == 0:
			r.rest, r.state = r.head, 1
		case r.state == 1 && r.size > 0:
			r.rest = r.body
			r.size -= len(r.body)
		case r.state == 1:
			r.rest, r.state = r.tail, 2
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Streams of 100 MB are read with less than 8 MB of live memory, documents that
// are too large and lists among them.
func TestMemoryIsThatOfOneDocument(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 100 MB streams")
	}
	const size, limit = 100 << 20, 1 << 20
	long := strings.Repeat("x", 4000)
	pod := "apiVersion: v1\nkind: Pod\na: " + long + "\n"
	item := `{"apiVersion": "v1", "kind": "Pod", "a": "` + long + `"}`
	typed := `{"metadata": {"a": "` + long + `"}}`
	large := "document is larger than 1048576 bytes; raise the limit with --max-document"
	for _, tc := range []struct {
		name string
		in   repeater
		want map[string]int
	}{
		{"YAML stream", repeater{body: pod + "---\n", size: 2 * size}, map[string]int{"Pod": 2*size/(len(pod)+4) + 1}},
		{"JSON lines", repeater{body: `{"apiVersion": "v1", "kind": "Pod", "a": "` + long + "\"}\n", size: size}, map[string]int{"Pod": size/(len(long)+45) + 1}},
		{"JSON on one line", repeater{body: `{"apiVersion": "v1", "kind": "Pod", "a": "` + long + "\"}", size: size}, map[string]int{"Pod": size/(len(long)+44) + 1}},
		{"one large document", repeater{head: "apiVersion: v1\nkind: Pod\nl:\n", body: "- " + long + "\n", size: size, tail: "---\n" + pod}, map[string]int{"!t:1:1: " + large: 1, "Pod": 1}},
		{"one large line", repeater{head: "apiVersion: v1\nkind: Pod\nl: ", body: long, size: size, tail: "\n---\n" + pod}, map[string]int{"!t:1:1: " + large: 1, "Pod": 1}},
		{"one large JSON value", repeater{head: "--- {\"apiVersion\": \"v1\", \"kind\": \"A\", \"l\": [1", body: ", \"" + long + "\"", size: size, tail: "]} {\"apiVersion\": \"v1\", \"kind\": \"Pod\"}"}, map[string]int{"!t:1:5: " + large: 1, "Pod": 1}},
		{"JSON list", repeater{head: "{\n \"apiVersion\": \"v1\",\n \"items\": [", body: "\n" + item + ",", size: size, tail: "\n" + item + "\n],\n \"kind\": \"List\"\n}\n"}, map[string]int{"Pod": size/(len(item)+2) + 2}},
		{"JSON list on one line", repeater{head: `{"apiVersion":"v1","kind":"PodList","items":[`, body: typed + ",", size: size, tail: typed + "]}" + item}, map[string]int{"Pod": size/(len(typed)+1) + 3}},
		{"YAML list", repeater{head: "apiVersion: v1\nitems:\n", body: "- apiVersion: v1\n  kind: Pod\n  a: " + long + "\n", size: size, tail: "kind: List\n---\n" + pod}, map[string]int{"Pod": size/(len(long)+35) + 2}},
		{"comments and blanks", repeater{body: "# " + long + "\n\n---\n   \n", size: size, tail: pod}, map[string]int{"Pod": 1}},
		{"one large comment", repeater{head: "#", body: long, size: size, tail: "\n" + pod}, map[string]int{"Pod": 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			runtime.GC()
			var before, now runtime.MemStats
			runtime.ReadMemStats(&before)
			got := map[string]int{}
			peak := uint64(0)
			in := NewReader("t", &tc.in, Options{MaxDocument: limit})
			for n := 0; ; n++ {
				o, err := in.Next()
				if err == io.EOF {
					break
				}
				switch err := err.(type) {
				case nil:
					got[o.Kind()]++
				default:
					got[outline([]any{err})[0]]++
				}
				if n%2000 == 0 {
					runtime.GC()
					runtime.ReadMemStats(&now)
					peak = max(peak, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
				}
			}
			runtime.ReadMemStats(&now)
			if allocated := now.Sys - before.Sys; allocated > 64<<20 {
				t.Errorf("the process grew by %d bytes, want less than 64 MB", allocated)
			}
			if peak > 8<<20 {
				t.Errorf("live memory grew by %d bytes, want less than 8 MB", peak)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Next() gives %v, want %v", got, tc.want)
			}
		})
	}
}

// What one large document took is given back when it is done with.
func TestMemoryOfALargeDocumentIsGivenBack(t *testing.T) {
	const small = "---\napiVersion: v1\nkind: Pod\n"
	for _, tc := range []struct{ name, head, body, tail string }{
		{"YAML", "apiVersion: v1\nkind: A\na:\n", "- b: [c, d]\n", ""},
		{"YAML that the fast parser leaves", "apiVersion: v1\nkind: A\ne: &e f\na:\n", "- b: c\n", ""},
		{"JSON", `{"apiVersion": "v1", "kind": "A", "a": [0`, `, {"b": "c"}`, "]}\n"},
		{"a list", `{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "A", "a": [0`, `, {"b": "c"}`, "]}]}\n"},
	} {
		r := repeater{head: tc.head, body: tc.body, size: 1 << 20, tail: tc.tail + strings.Repeat(small, 100)}
		live := func() uint64 {
			var now runtime.MemStats
			runtime.GC()
			runtime.GC() // pools are emptied by the second
			runtime.ReadMemStats(&now)
			return now.HeapAlloc
		}
		before := live()
		in := NewReader("t", &r, Options{MaxDocument: 2 << 20})
		for {
			o, err := in.Next()
			if err != nil {
				t.Errorf("%s: Next() = %v before the small documents", tc.name, err)
				break
			}
			if o.Kind() == "Pod" {
				break
			}
		}
		if kept := live(); kept > before+1<<18 {
			t.Errorf("%s: %d bytes are kept after a document of 1 MiB, want less than 256 KiB", tc.name, kept-before)
		}
		runtime.KeepAlive(in)
	}
}

func TestMaxDocument(t *testing.T) {
	for _, tc := range []struct {
		size int64
		want []string
	}{
		{51, []string{"1 t:1:1 A", "2 t:4:1 B"}},
		{23, []string{"1 t:1:1 A", "!t:4:1: document is larger than 23 bytes; raise the limit with --max-document"}},
		{22, []string{"!t:1:1: document is larger than 22 bytes; raise the limit with --max-document", "!t:4:1: document is larger than 22 bytes; raise the limit with --max-document"}},
	} {
		in := NewReader("t", strings.NewReader("apiVersion: v1\nkind: A\n---\napiVersion: v1\nkind: B\nc: d\n"), Options{MaxDocument: tc.size})
		var got []any
		for {
			o, err := in.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				got = append(got, err)
			} else {
				got = append(got, o)
			}
		}
		if !reflect.DeepEqual(outline(got), tc.want) {
			t.Errorf("Next() with MaxDocument %d gives %q, want %q", tc.size, outline(got), tc.want)
		}
	}
}

func ExampleObject_Place() {
	objects, err := Read("pod.yaml", strings.NewReader("apiVersion: v1\nkind: Pod\nspec:\n  hostIPC: true\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(objects[0].Place([]any{"spec", "hostIPC"}).Start)
	fmt.Println(objects[0].Place([]any{"spec", "hostPID"}).Start) // missing
	// Output:
	// pod.yaml:4:3
	// pod.yaml:3:1
}
