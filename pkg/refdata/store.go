// Package refdata keeps the objects that templates read as data.inventory: only those
// of kinds that some template reads, counted in bytes, and no more than a limit.
package refdata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// ErrLimit means that an object did not fit; from then on the store is incomplete.
var ErrLimit = errors.New("reference data limit reached")

// A Store holds reference data in the layout of Gatekeeper's target: under namespace,
// its name, apiVersion, kind, name; or under cluster, apiVersion, kind, name. It is
// safe for concurrent use.
type Store struct {
	opa   storage.Store
	limit int64

	// writing is held while the store is written to, which waits for its readers. mu is
	// not, so that a reader may ask how the store is: it guards what follows, which
	// only the holder of writing changes.
	writing sync.Mutex
	sharer  *sharer // of objects; it belongs to the holder of writing
	mu      sync.Mutex
	bytes   int64
	sizes   map[string]int64 // by path
	full    error
}

// New makes an empty store for at most limit bytes of JSON; 0 means no limit.
func New(limit int64) *Store {
	return &Store{
		opa:    inmem.NewFromObjectWithOpts(map[string]any{"inventory": map[string]any{}}, inmem.OptRoundTripOnWrite(false)),
		limit:  limit,
		sharer: newSharer(),
		sizes:  map[string]int64{},
	}
}

// OPA is the store as the evaluator reads it, with the data under inventory.
func (s *Store) OPA() storage.Store { return s.opa }

// Bytes is how much the store holds, in bytes of JSON.
func (s *Store) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// Len is the number of objects in the store.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sizes)
}

// Err is an error that wraps ErrLimit if something was refused, else nil: a review
// that reads reference data can then not be judged.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full
}

// Path is where an object is kept, relative to inventory.
func Path(object map[string]any) (storage.Path, error) {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	if version == "" || kind == "" || name == "" {
		return nil, fmt.Errorf("reference data: object %q of kind %q and apiVersion %q: want all three", name, kind, version)
	}
	if namespace, _ := metadata["namespace"].(string); namespace != "" {
		return storage.Path{"namespace", namespace, version, kind, name}, nil
	}
	return storage.Path{"cluster", version, kind, name}, nil
}

// Put stores value at a path, in place of what was there. Values are taken as JSON
// has them: every number is a float64. The error wraps ErrLimit if it does not fit. A path
// leads to an object, or above it.
func (s *Store) Put(ctx context.Context, path storage.Path, value any) error {
	if len(path) > objectDepth(path) {
		return fmt.Errorf("reference data: %s is inside of an object, want the object", path)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	key, size := path.String(), int64(len(text))
	s.writing.Lock()
	defer s.writing.Unlock()
	old := s.keysUnder(path)
	replaced := s.sum(old)
	if s.limit > 0 && s.bytes-replaced+size > s.limit {
		err := fmt.Errorf("%w: %d bytes are in use, %s needs %d, the limit is %d", ErrLimit, s.bytes-replaced, strings.Join(path, "/"), size, s.limit)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.full = err
		return err
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return err
	}
	if len(path) == objectDepth(path) { // what is above objects is written to
		plain, _ = s.sharer.share(plain)
	}
	if err := s.write(ctx, storage.AddOp, path, plain); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(old)
	s.bytes += size
	s.sizes[key] = size
	return nil
}

func (s *Store) forget(keys []string) {
	for _, key := range keys {
		s.bytes -= s.sizes[key]
		delete(s.sizes, key)
	}
}

// objectDepth is the length of the path of an object; what is shorter holds objects.
func objectDepth(path storage.Path) int {
	if len(path) > 0 && path[0] == "cluster" {
		return 4
	}
	return 5
}

// keysUnder are the keys at and below a path.
func (s *Store) keysUnder(path storage.Path) []string {
	if len(path) >= objectDepth(path) {
		return []string{path.String()}
	}
	var keys []string
	for key := range s.sizes {
		if len(path) == 0 || strings.HasPrefix(key+"/", path.String()+"/") {
			keys = append(keys, key)
		}
	}
	return keys
}

func (s *Store) sum(keys []string) int64 {
	var n int64
	for _, key := range keys {
		n += s.sizes[key]
	}
	return n
}

// Remove deletes what is at and below a path; it is no error if nothing is.
func (s *Store) Remove(ctx context.Context, path storage.Path) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.write(ctx, storage.RemoveOp, path, nil); err != nil && !storage.IsNotFound(err) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(s.keysUnder(path))
	return nil
}

func (s *Store) write(ctx context.Context, op storage.PatchOp, path storage.Path, value any) error {
	full := append(storage.Path{"inventory"}, path...)
	return storage.Txn(ctx, s.opa, storage.WriteParams, func(txn storage.Transaction) error {
		if op == storage.AddOp && len(path) > 0 {
			if err := storage.MakeDir(ctx, s.opa, txn, full[:len(full)-1]); err != nil {
				return err
			}
		}
		return s.opa.Write(ctx, txn, op, full, value)
	})
}
