package kustomize

import (
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
)

// one is held while kustomize runs.
var one sync.Mutex

// quiet waits until no build runs and keeps kustomize from what it does by variables of
// the process, until the function that it returns is called: warnings on standard error,
// which name no file, and requests for what a kustomization names by URL. (That is the
// second lock: see remote.)
func quiet() (end func()) {
	one.Lock()
	errs, logged, transport := os.Stderr, log.Writer(), http.DefaultTransport
	os.Stderr = nil // a file to which every write is an error
	log.SetOutput(io.Discard)
	http.DefaultTransport = offline{}
	return func() {
		os.Stderr, http.DefaultTransport = errs, transport
		log.SetOutput(logged)
		one.Unlock()
	}
}

type offline struct{}

func (offline) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("the network is not asked")
}
