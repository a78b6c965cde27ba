package refdata

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"github.com/open-policy-agent/opa/v1/storage"
)

func decoded(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestShare wants what is equal to be one, and what is not to stay apart.
func TestShare(t *testing.T) {
	s := newSharer()
	first, _ := s.share(decoded(t, `{"a": {"b": [1, "x", true, null, {}]}, "c": {"b": [1, "x", true, null, {}]}}`))
	object := first.(map[string]any)
	if !identical(object["a"], object["c"]) {
		t.Error("equal parts of one value were not made one")
	}
	second, _ := s.share(decoded(t, `[{"b": [1, "x", true, null, {}]}, {"b": [1, "x", false, null, {}]}, {"b": [1, "x", true, null, []]}, {"b": [1, "x", true, null]}, {"b": ["1", "x", true, null, {}]}]`))
	for i, item := range second.([]any) {
		if got, want := identical(item, object["a"]), i == 0; got != want {
			t.Errorf("item %d is the part that was there before: %t, want %t", i, got, want)
		}
	}
}

// TestShareKeepsValues wants values to be equal to what they were, whatever was met
// before, over random values with few different parts.
func TestShareKeepsValues(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	var value func(depth int) any
	value = func(depth int) any {
		switch n := random.IntN(8); {
		case n < 2 && depth > 0:
			list := make([]any, random.IntN(4))
			for i := range list {
				list[i] = value(depth - 1)
			}
			return list
		case n < 5 && depth > 0:
			object := map[string]any{}
			for range random.IntN(4) {
				object[fmt.Sprint(random.IntN(4))] = value(depth - 1)
			}
			return object
		}
		return []any{nil, true, false, 0.0, 1.0, "", "0", "true"}[random.IntN(8)]
	}
	s := newSharer()
	for range 20_000 {
		v := value(4)
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := s.share(v); !reflect.DeepEqual(got, decoded(t, string(text))) {
			t.Fatalf("share(%s) = %v", text, got)
		}
	}
}

// TestSharerIsBounded wants a sharer not to remember all that it ever met.
func TestSharerIsBounded(t *testing.T) {
	s := newSharer()
	for i := range 4 * mostParts {
		s.share(map[string]any{"n": float64(i)})
	}
	if got := len(s.parts) + len(s.strings); got > mostParts+2 {
		t.Errorf("the sharer has %d parts, want at most %d", got, mostParts)
	}
}

// TestReplicas wants replicas to take a fraction of what they would take apart.
func TestReplicas(t *testing.T) {
	const replicas = 500
	text := `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-%d", "namespace": "shop", "labels": {"app": "web", "tier": "front"}},
		"spec": {"containers": [{"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
		"resources": {"limits": {"memory": "1Gi"}, "requests": {"memory": "1Gi"}}, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
		"volumes": [{"name": "data", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}]}}`
	heap := func(keep func(i int)) float64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range replicas {
			keep(i)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		return float64(after.HeapAlloc) - float64(before.HeapAlloc)
	}
	apart := make([]any, replicas)
	alone := heap(func(i int) { apart[i] = decoded(t, fmt.Sprintf(text, i)) })
	store := New(0)
	shared := heap(func(i int) {
		object := decoded(t, fmt.Sprintf(text, i)).(map[string]any)
		path, err := Path(object)
		if err == nil {
			err = store.Put(t.Context(), path, object)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if shared > alone/3 {
		t.Errorf("%d replicas take %.0f bytes in the store and %.0f apart, want less than a third", replicas, shared, alone)
	}
	runtime.KeepAlive(apart)
	runtime.KeepAlive(store)
}

// TestPutInside wants no write into an object: its parts may belong to others as well.
func TestPutInside(t *testing.T) {
	store := New(0)
	path := storage.Path{"cluster", "v1", "Node", "a"}
	if err := store.Put(t.Context(), path, map[string]any{"spec": map[string]any{}}); err != nil {
		t.Fatal(err)
	}
	err := store.Put(t.Context(), append(path, "spec", "x"), "y")
	if want := "reference data: /cluster/v1/Node/a/spec/x is inside of an object, want the object"; err == nil || err.Error() != want {
		t.Errorf("Put: error %v, want %s", err, want)
	}
}
