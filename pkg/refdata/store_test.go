package refdata

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/storage"
)

func inventory(t *testing.T, s *Store) any {
	t.Helper()
	value, err := storage.ReadOne(t.Context(), s.OPA(), storage.Path{"inventory"})
	if storage.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func put(t *testing.T, s *Store, path string, value any) error {
	t.Helper()
	return s.Put(t.Context(), storage.Path(strings.Split(path, ".")), value)
}

func TestPath(t *testing.T) {
	object := func(version, kind, namespace, name any) map[string]any {
		return map[string]any{"apiVersion": version, "kind": kind, "metadata": map[string]any{"namespace": namespace, "name": name}}
	}
	for _, tc := range []struct {
		object map[string]any
		want   storage.Path
		err    string
	}{
		{object("v1", "Pod", "shop", "web"), storage.Path{"namespace", "shop", "v1", "Pod", "web"}, ""},
		{object("apps/v1", "Deployment", "shop", "web"), storage.Path{"namespace", "shop", "apps/v1", "Deployment", "web"}, ""},
		{object("v1", "Node", "", "n"), storage.Path{"cluster", "v1", "Node", "n"}, ""},
		{object("v1", "Node", nil, "n"), storage.Path{"cluster", "v1", "Node", "n"}, ""},
		{object("v1", "Pod", "shop", ""), nil, `reference data: object "" of kind "Pod" and apiVersion "v1": want all three`},
		{object("v1", 3, "shop", "web"), nil, `reference data: object "web" of kind "" and apiVersion "v1": want all three`},
		{map[string]any{"kind": "Pod", "metadata": "text"}, nil, `reference data: object "" of kind "Pod" and apiVersion "": want all three`},
	} {
		got, err := Path(tc.object)
		if text := fmt.Sprint(err); !reflect.DeepEqual(got, tc.want) || (tc.err != "" && text != tc.err) || (tc.err == "" && err != nil) {
			t.Errorf("Path(%v) = %v, %v, want %v, %s", tc.object, got, err, tc.want, tc.err)
		}
	}
}

func TestPut(t *testing.T) {
	s := New(0)
	for _, step := range []struct {
		path  string
		value any
		want  any
		bytes int64
		len   int
	}{
		{"cluster.v1.Node.a", map[string]any{"n": int64(1000000)}, map[string]any{"cluster": map[string]any{"v1": map[string]any{"Node": map[string]any{"a": map[string]any{"n": 1e6}}}}}, 13, 1},
		{"cluster.v1.Node.b", nil, map[string]any{"cluster": map[string]any{"v1": map[string]any{"Node": map[string]any{"a": map[string]any{"n": 1e6}, "b": nil}}}}, 17, 2},
		{"cluster.v1.Node.a", []any{}, map[string]any{"cluster": map[string]any{"v1": map[string]any{"Node": map[string]any{"a": []any{}, "b": nil}}}}, 6, 2}, // in its place
	} {
		if err := put(t, s, step.path, step.value); err != nil {
			t.Fatalf("Put(%s): %v", step.path, err)
		}
		if got := inventory(t, s); !reflect.DeepEqual(got, step.want) || s.Bytes() != step.bytes || s.Len() != step.len {
			t.Errorf("after Put(%s, %v): %v, %d bytes, %d objects, want %v, %d, %d", step.path, step.value, got, s.Bytes(), s.Len(), step.want, step.bytes, step.len)
		}
	}
	if err := put(t, s, "cluster.v1.Node.c", func() {}); err == nil || s.Len() != 2 {
		t.Errorf("Put of a function: %v, %d objects, want an error and 2", err, s.Len())
	}
	value := map[string]any{"labels": map[string]any{"a": "b"}}
	if err := put(t, s, "cluster.v1.Node.d", value); err != nil {
		t.Fatal(err)
	}
	value["labels"].(map[string]any)["a"] = "changed"
	got, err := storage.ReadOne(t.Context(), s.OPA(), storage.Path{"inventory", "cluster", "v1", "Node", "d", "labels", "a"})
	if err != nil || got != "b" {
		t.Errorf("after the caller changed its value the store holds %v, %v, want b", got, err)
	}
}

// The limit is a number of bytes of JSON, and may be reached exactly.
func TestLimit(t *testing.T) {
	s := New(10)
	for _, step := range []struct {
		path, value string // the JSON of value is two bytes longer
		fits        bool
		bytes       int64
	}{
		{"cluster.v1.Node.a", "1234", true, 6},
		{"cluster.v1.Node.b", "123", false, 6},
		{"cluster.v1.Node.b", "12", true, 10},
		{"cluster.v1.Node.c", "", false, 10},
		{"cluster.v1.Node.a", "12345", false, 10}, // what it replaces does not count twice
		{"cluster.v1.Node.a", "4321", true, 10},
		{"cluster.v1.Node.a", "1", true, 7},
		{"cluster.v1.Node.b", "12345", true, 10},
	} {
		err := put(t, s, step.path, step.value)
		if (err == nil) != step.fits || (err != nil && !errors.Is(err, ErrLimit)) || s.Bytes() != step.bytes {
			t.Errorf("Put(%s, %q) = %v with %d bytes kept, want fits=%v, %d", step.path, step.value, err, s.Bytes(), step.fits, step.bytes)
		}
	}
	if got, want := put(t, New(3), "namespace.shop.apps/v1.Deployment.web", "long").Error(), "reference data limit reached: 0 bytes are in use, namespace/shop/apps/v1/Deployment/web needs 6, the limit is 3"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

// Once something was refused the store is incomplete, whatever is removed later.
func TestErrSticks(t *testing.T) {
	s := New(6)
	if err := s.Err(); err != nil {
		t.Errorf("Err of an empty store: %v", err)
	}
	refused := put(t, s, "cluster.v1.Node.a", "too long")
	if !errors.Is(s.Err(), ErrLimit) || s.Err() != refused {
		t.Errorf("Err = %v, want %v", s.Err(), refused)
	}
	if err := put(t, s, "cluster.v1.Node.b", "1"); err != nil {
		t.Errorf("Put of what fits: %v", err)
	}
	if err := s.Remove(t.Context(), nil); err != nil || !errors.Is(s.Err(), ErrLimit) {
		t.Errorf("after Remove of all: %v, Err = %v, want ErrLimit", err, s.Err())
	}
}

func TestRemove(t *testing.T) {
	for _, tc := range []struct {
		path  string
		bytes int64
		left  int
	}{
		{"cluster.v1.Node.a", 15, 4},
		{"cluster.v1.Node", 12, 3},
		{"cluster.v1", 9, 2}, // not v1beta1
		{"cluster", 6, 1},
		{"namespace.shop", 12, 4},
		{"namespace.sho", 18, 5}, // not there
		{"cluster.v1.Node.none", 18, 5},
		{"", 0, 0},
	} {
		s := New(0)
		for _, path := range []string{"cluster.v1.Node.a", "cluster.v1.Node.ab", "cluster.v1.Pod.a", "cluster.v1beta1.Node.a", "namespace.shop.v1.Pod.a"} {
			value := "1"
			if path == "namespace.shop.v1.Pod.a" {
				value = "1234"
			}
			if err := put(t, s, path, value); err != nil {
				t.Fatal(err)
			}
		}
		var path storage.Path
		if tc.path != "" {
			path = strings.Split(tc.path, ".")
		}
		if err := s.Remove(t.Context(), path); err != nil || s.Bytes() != tc.bytes || s.Len() != tc.left {
			t.Errorf("Remove(%q) = %v, %d bytes and %d objects left, want %d and %d", tc.path, err, s.Bytes(), s.Len(), tc.bytes, tc.left)
		}
		if err := s.Remove(t.Context(), path); err != nil {
			t.Errorf("Remove(%q) again: %v", tc.path, err)
		}
		if err := put(t, s, "cluster.v1.Node.new", "1"); err != nil || s.Len() != tc.left+1 {
			t.Errorf("Put after Remove(%q): %v, %d objects", tc.path, err, s.Len())
		}
	}
}

// A value above others takes their place, and their bytes.
func TestPutAbove(t *testing.T) {
	s := New(0)
	for _, path := range []string{"cluster.v1.Node.a", "cluster.v1.Node.b", "cluster.v1.NodePool.a"} {
		if err := put(t, s, path, "12"); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(t, s, "cluster.v1.Node", map[string]any{}); err != nil || s.Bytes() != 6 || s.Len() != 2 {
		t.Errorf("Put above two objects: %v, %d bytes, %d objects, want 6 and 2", err, s.Bytes(), s.Len())
	}
}

// Whoever reads the store may ask how it is while another waits to write.
func TestReadersMayAsk(t *testing.T) {
	s := New(0)
	txn, err := s.OPA().NewTransaction(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan error)
	go func() { written <- put(t, s, "cluster.v1.Node.a", "1") }()
	for s.writing.TryLock() { // until Put has it
		s.writing.Unlock()
		runtime.Gosched()
	}
	if s.Err() != nil || s.Len() != 0 || s.Bytes() != 0 {
		t.Errorf("while one writes: %v, %d objects, %d bytes, want none", s.Err(), s.Len(), s.Bytes())
	}
	s.OPA().Abort(t.Context(), txn)
	if err := <-written; err != nil || s.Len() != 1 {
		t.Errorf("Put: %v, %d objects, want 1", err, s.Len())
	}
}

func TestConcurrentUse(t *testing.T) {
	const workers, rounds = 4, 50
	s := New(0)
	ctx := context.Background()
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := range rounds {
				path := storage.Path{"cluster", "v1", "Node", fmt.Sprintf("n%d-%d", w, i)}
				if err := s.Put(ctx, path, map[string]any{"worker": w}); err != nil {
					t.Error(err)
				}
				if i%2 == 0 {
					if err := s.Remove(ctx, path); err != nil {
						t.Error(err)
					}
				}
			}
		})
		group.Go(func() {
			for range rounds {
				_, _, _ = s.Bytes(), s.Len(), s.Err()
				if _, err := storage.ReadOne(ctx, s.OPA(), storage.Path{"inventory"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if want := workers * rounds / 2; s.Len() != want || s.Bytes() != int64(want*len(`{"worker":0}`)) {
		t.Errorf("%d objects of %d bytes, want %d of %d", s.Len(), s.Bytes(), want, want*12)
	}
}
