package manifest

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// listSeeds are large lists for a limit of 60 bytes.
var listSeeds = []string{
	`{"apiVersion":"v1","items":[{"apiVersion":"v1","kind":"A"},{"apiVersion":"v1","kind":"B","é":[1]}],"kind":"List","metadata":{}}`,
	"{\"kind\": \"PodList\", \"apiVersion\": \"v1\", \"items\": [\n  {\"metadata\": {\"name\": \"é\"}},\r\n {\"kind\": \"A\", \"apiVersion\": \"b\"} ,{\"apiVersion\": \"c\"}\n]} {\"kind\":\"A\",\"apiVersion\":\"v1\"}\n",
	`{"apiVersion":"v1","items":[{"apiVersion":"v1","kind":"AList","items":[{"a":"b"}]},{"a":1}],"kind":"BList"}{"apiVersion":"v1","kind":"C"}`,
	`{"apiVersion":"v1","items":[{"apiVersion":"v1","kind":"A"},{"a":x},{"a":1 2}  ,"a,\"]",3,],"kind":"Basket","kind":"List"}`,
	"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{\"apiVersion\":\"v1\",\"kind\":\"A\"},\n---\n{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[  {} {}]]",
	"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: A\n- kind: B\n  apiVersion: v1\n  a: |\n    - b\n\n# c\nkind: List\nmetadata: {}\n---\napiVersion: v1\nkind: A\n",
	"# a\nkind: PodList\r\napiVersion: v1\r\nitems: # b\r\n\r\n  - metadata: {name: é,\r\n  - }\r\n  -\r\n    apiVersion: v1\r\n    kind: 'A'\r\n  # d\r\n  - {}\r\n",
	"apiVersion: v1\nkind: List\nitems:\n- &a\n  apiVersion: v1\n  kind: A\n- *a\n- b\n- - c\nkind: List",
}

// flat are the objects of all, those of lists by their items as in package review, and the
// errors. If anyKind is true, so are those that are no lists by their kind, which then gives
// their items none.
func flat(all []any, anyKind bool) (objects []*Object, errs []error) {
	for _, e := range all {
		o, ok := e.(*Object)
		if !ok {
			errs = append(errs, e.(error))
			continue
		}
		items, ok := o.Value["items"].([]any)
		if !ok || !anyKind && (!isList(o.Kind()) || o.APIVersion() == "") {
			objects = append(objects, o)
			continue
		}
		l := list{apiVersion: o.APIVersion(), kind: o.Kind()}
		for i := range items {
			item, ok := o.Item("items", i)
			if !ok {
				continue
			}
			if !anyKind {
				item = l.name(item)
			}
			_, version := item.Value["apiVersion"]
			if _, kind := item.Value["kind"]; version && kind {
				inner, _ := flat([]any{item}, anyKind)
				objects = append(objects, inner...)
			}
		}
	}
	return objects, errs
}

// described is all that is known of an object.
func described(o *Object) string {
	var b strings.Builder
	fmt.Fprintf(&b, "document %d at %v: %v\n", o.Document(), o.Position(), o.Value)
	n := 0
	paths(o.Value, nil, func(path []any, _ any) {
		if n++; n < 200 {
			fmt.Fprintf(&b, "%v: %v\n", path, o.Place(path))
		}
	})
	return b.String()
}

// documentAt is the index of the document of all that has a position.
func documentAt(all []any, at Position) int {
	document := 0
	for _, e := range all {
		o := e.(*Object)
		if p := o.Position(); p.Line < at.Line || p.Line == at.Line && p.Column <= at.Column {
			document = o.Document()
		}
	}
	return document
}

// FuzzLargeList reads streams of manifests without and with a limit. The objects are the
// same if there is no error under the limit. If all of the stream is JSON, they are the same
// but for those of documents that have an error: that something is too large, that an item
// does not say its kind, or that a list turned out to be none. Of these documents there are
// fewer objects, and those of lists that are none.
func FuzzLargeList(f *testing.F) {
	for _, s := range listSeeds {
		f.Add([]byte(s), uint16(60))
	}
	f.Fuzz(func(t *testing.T, text []byte, limit uint16) {
		json := true
		for s := newSplitter(bytes.NewReader(text), DefaultMaxDocument); ; {
			c, err := s.next()
			if err != nil {
				break
			}
			json = json && c.json != nil
		}
		whole := drain(bytes.NewReader(text), Options{})
		want, errs := flat(whole, false)
		if errs != nil {
			t.Skip("not all of the documents are manifests")
		}
		got, errs := flat(drain(bytes.NewReader(text), Options{MaxDocument: int64(limit)}), false)
		if !json && errs != nil {
			t.Skip("an error in YAML")
		}
		bad := map[int]bool{}
		for _, err := range errs {
			e, ok := err.(*SyntaxError)
			if !ok || !strings.Contains(e.Message, "larger than") && !strings.Contains(e.Message, "as an item of a list") && !strings.Contains(e.Message, "as a list for its size") && !strings.Contains(e.Message, "found items without") {
				t.Errorf("Next() gives %v under the limit of %d, want no error for\n%s", err, limit, text)
				return
			}
			bad[documentAt(whole, e.Position)] = true
		}
		loose, _ := flat(whole, true)
		known := map[string]bool{}
		for _, o := range append(loose, want...) {
			known[described(o)] = true
		}
		var gotGood, wantGood []string
		for _, o := range got {
			if w := described(o); !bad[o.Document()] {
				gotGood = append(gotGood, w)
			} else if !known[w] {
				t.Errorf("under the limit of %d there is %s, want none but those that are there without it, in\n%s", limit, w, text)
			}
		}
		for _, o := range want {
			if !bad[o.Document()] {
				wantGood = append(wantGood, described(o))
			}
		}
		if !reflect.DeepEqual(gotGood, wantGood) {
			t.Errorf("under the limit of %d there are\n%s\nwithout it\n%s\nin\n%s", limit, gotGood, wantGood, text)
		}
	})
}
