package admission

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/memgate/memgate/pkg/engine"
)

// A Config says what a Server judges by and what it may use. A field at its zero value
// has the default that is given with it.
type Config struct {
	// Address is the host:port to listen on; ":8443".
	Address string
	// CertFile and KeyFile are the server's certificate chain and key as PEM. Both are
	// required. They are read again when they change.
	CertFile, KeyFile string
	// Engine judges. It is required, must have a constraint, and must have been made
	// for policy.WebhookPoint.
	Engine *engine.Client
	// Log gets the violations and what could not be judged; JSON on standard error.
	Log *slog.Logger

	// MaxInFlight is how many reviews are decoded and evaluated at a time; GOMAXPROCS,
	// as in Gatekeeper (--max-serving-threads). Evaluation waits for nothing but a
	// processor, so that more at a time cost memory and gain nothing.
	MaxInFlight int
	// MaxQueue is how many more may wait for that, their bodies being read; 64 for each
	// in flight, none if negative. A review takes a few milliseconds: the last in a
	// full queue waits for some tenths of a second, well within the 3 s that
	// Gatekeeper's webhook asks for, and a burst of Pods is not sent away to try again
	// a whole second later, the shortest time that Retry-After can say.
	MaxQueue int
	// MaxBody is the size of a request in bytes; 7 MiB, as in Gatekeeper (maxRequestSize
	// of controller-runtime's pkg/webhook/admission): the object and the old one at up
	// to 3 MiB each, which is what the API server takes (MaxRequestBodyBytes of
	// k8s.io/apiserver/pkg/server), and 1 MiB for the rest. An object of 1.5 MiB, the
	// most that etcd stores, may take twice that as JSON.
	MaxBody int64
	// MaxBytes is the size of all requests that are held at a time; 1 MiB more than
	// MaxBody, which is room for a hundred Pods beside the largest object. It bounds
	// the memory of the process, as a byte of a Pod's text takes some 14 bytes once it
	// is decoded and converted for evaluation (measured with a Pod of 47,000 variables):
	// the default adds about 110 MiB to what an idle process takes, at the very worst.
	MaxBytes int64
	// MaxConns is how many connections are open at a time; 512. An idle one costs some
	// 30 KiB.
	MaxConns int
	// ShutdownDelay is how long reviews are still accepted after the end of the server
	// was asked for, while the Pod is taken from the Service; 5 s, none if negative.
	ShutdownDelay time.Duration
}

// withDefaults is the Config with its defaults filled in, or what is wrong with it.
func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Engine == nil:
		return c, errors.New("config: Engine is missing")
	case len(c.Engine.Constraints()) == 0:
		return c, errors.New("config: Engine has no constraint and would allow everything")
	case c.CertFile == "" || c.KeyFile == "":
		return c, errors.New("config: CertFile or KeyFile is missing, want both")
	case c.MaxInFlight < 0 || c.MaxBody < 0 || c.MaxBytes < 0 || c.MaxConns < 0:
		return c, fmt.Errorf("config: got MaxInFlight %d, MaxBody %d, MaxBytes %d, MaxConns %d, want none below 0",
			c.MaxInFlight, c.MaxBody, c.MaxBytes, c.MaxConns)
	}
	fill(&c.Address, ":8443")
	fill(&c.MaxInFlight, runtime.GOMAXPROCS(0))
	fill(&c.MaxQueue, 64*c.MaxInFlight)
	fill(&c.MaxBody, 7<<20)
	fill(&c.MaxBytes, c.MaxBody+1<<20)
	fill(&c.MaxConns, 512)
	fill(&c.ShutdownDelay, 5*time.Second)
	c.MaxQueue, c.ShutdownDelay = max(c.MaxQueue, 0), max(c.ShutdownDelay, 0)
	if c.Log == nil {
		c.Log = slog.New(slog.NewJSONHandler(os.Stderr, nil))
	}
	if c.MaxBytes < c.MaxBody {
		return c, fmt.Errorf("config: MaxBytes is %d, want at least MaxBody, which is %d", c.MaxBytes, c.MaxBody)
	}
	return c, nil
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
