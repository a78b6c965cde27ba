// Package admission judges Kubernetes admission requests over HTTPS. It knows
// AdmissionReviews and how Gatekeeper answers them, and keeps the use of memory within
// bounds; what a violation is, and which constraints there are, it is told by package
// engine.
//
// At most MaxInFlight reviews are at work and at most MaxQueue wait. No byte of a body
// is read before a place among them is held, so that bodies take no more memory than
// (MaxInFlight + MaxQueue) x MaxBody bytes, nor more than MaxBytes, whichever is less.
// Only what is at work is decoded. What finds no place is turned away at once.
package admission

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/review"
)

// Times of a connection. A review's own deadline, at most maxTimeout, bounds the
// reading of its body.
const (
	headerTimeout = 5 * time.Second
	writeTimeout  = maxTimeout + 5*time.Second
	// idleTimeout is more than the 90 s of the API server's client (IdleConnTimeout of
	// http.DefaultTransport), so that it is the client who closes: a POST on a
	// connection that is being closed is lost, not tried again.
	idleTimeout = 2 * time.Minute
	// stopTimeout with the default ShutdownDelay is less than the 30 s that a Pod has
	// to end (terminationGracePeriodSeconds).
	stopTimeout    = 20 * time.Second
	maxHeaderBytes = 16 << 10
)

// A Server answers admission requests. It is safe for concurrent use.
type Server struct {
	config   Config
	pair     *keyPair
	gate     gate
	work     chan struct{} // holds one element for each review at work
	sheds    sheds
	stopping atomic.Bool

	judge func(context.Context, *review.Review) []engine.Outcome
	after func(time.Duration) <-chan time.Time
}

// New makes a Server. The error says what the Config lacks or why the certificate
// cannot be read.
func New(config Config) (*Server, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	pair, err := newKeyPair(config.CertFile, config.KeyFile, config.Log)
	if err != nil {
		return nil, err
	}
	return &Server{
		config: config,
		pair:   pair,
		gate:   gate{maxReviews: config.MaxInFlight + config.MaxQueue, maxBytes: config.MaxBytes},
		work:   make(chan struct{}, config.MaxInFlight),
		judge:  config.Engine.Review,
		after:  time.After,
	}, nil
}

// Handler answers
//
//   - POST /v1/validate: an AdmissionReview, with another;
//   - GET /healthz: 200, as long as the process lives;
//   - GET /readyz: 200, or 503 with the reason once the end of the server was asked for
//     or while its certificate is out of date. Policies are loaded before there is a
//     Server.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/validate", s.validate)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(http.StatusOK, "ok").write(w) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := s.ready(); err != nil {
			plain(http.StatusServiceUnavailable, err.Error()).write(w)
			return
		}
		plain(http.StatusOK, "ok").write(w)
	})
	return mux
}

func (s *Server) ready() error {
	if s.stopping.Load() {
		return errors.New("the server is stopping")
	}
	return s.pair.check(time.Now())
}

// Run serves until ctx ends. It then goes on for ShutdownDelay, with /readyz at 503,
// and waits for the reviews that it has, for 20 s at most. The error says why it could
// not listen, or that reviews were cut off.
//
// It speaks TLS 1.3 and nothing older, as Gatekeeper does by default, and HTTP/1.1
// only: the API server uses no other for webhooks (kubernetes issue 75791), and
// HTTP/2 would buffer up to 1 MiB of bodies for each connection.
func (s *Server) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", s.config.Address)
	if err != nil {
		return err
	}
	return s.serve(ctx, listener)
}

func (s *Server) serve(ctx context.Context, listener net.Listener) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	server := &http.Server{
		Handler:           s.Handler(),
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: s.pair.get},
		Protocols:         &protocols,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       writeTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelInfo),
	}
	served := make(chan error, 1)
	go func() { served <- server.ServeTLS(limitConns(listener, s.config.MaxConns), "", "") }()
	s.config.Log.Info("listening", "address", listener.Addr().String(),
		"maxInFlight", s.config.MaxInFlight, "maxQueue", s.config.MaxQueue, "maxBytes", s.config.MaxBytes)
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	s.config.Log.Info("stopping", "delay", s.config.ShutdownDelay.String())
	if s.config.ShutdownDelay > 0 {
		server.SetKeepAlivesEnabled(false) // the API server's next connection goes elsewhere
		select {
		case err := <-served:
			return err
		case <-s.after(s.config.ShutdownDelay):
		}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		_ = server.Close()
		return fmt.Errorf("reviews were still at work %v after the end was asked for and were cut off: %w", stopTimeout, err)
	}
	return nil
}

// An answer is a whole HTTP response.
type answer struct {
	status      int
	contentType string
	retryAfter  string
	hangUp      bool // the rest of the request is not waited for
	body        []byte
}

func plain(status int, text string) answer {
	return answer{status: status, contentType: "text/plain; charset=utf-8", body: []byte(text + "\n")}
}

func (a answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", a.contentType)
	if a.retryAfter != "" {
		w.Header().Set("Retry-After", a.retryAfter)
	}
	if a.hangUp {
		w.Header().Set("Connection", "close")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that is gone gets no answer
}
