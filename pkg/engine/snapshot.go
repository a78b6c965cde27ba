package engine

import (
	"context"

	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/memgate/memgate/pkg/engine/vm"
)

// A snapshot is reference data in one state. As a vm.Node it is the document data, whose
// values are those of the store.
type snapshot struct {
	ctx   context.Context
	store storage.Store
	txn   storage.Transaction
}

var _ vm.Node = snapshot{}

// snapshotOf opens a read transaction; done ends it.
func snapshotOf(ctx context.Context, store storage.Store) (s snapshot, done func(), err error) {
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return snapshot{}, nil, err
	}
	return snapshot{ctx, store, txn}, func() { store.Abort(ctx, txn) }, nil
}

// Get is the document of a name, such as inventory.
func (s snapshot) Get(name string) (any, bool) {
	value, err := s.store.Read(s.ctx, s.txn, storage.Path{name})
	return value, err == nil
}

// Len is the number of documents.
func (s snapshot) Len() int { return len(s.root()) }

// All yields the documents by name.
func (s snapshot) All(yield func(name string, document any) bool) {
	for name, document := range s.root() {
		if !yield(name, document) {
			return
		}
	}
}

func (s snapshot) root() map[string]any {
	value, err := s.store.Read(s.ctx, s.txn, storage.Path{})
	if err != nil {
		return nil
	}
	root, _ := value.(map[string]any)
	return root
}
