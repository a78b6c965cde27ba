package admission

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
)

func TestNew(t *testing.T) {
	full := newEngine(t)
	empty, err := engine.NewClient(&policy.Set{}, engine.Options{Point: policy.WebhookPoint})
	if err != nil {
		t.Fatal(err)
	}
	cert, key := writePair(t, t.TempDir(), pairOptions{serial: 1})
	for _, tc := range []struct {
		config Config
		want   string // in the error
	}{
		{Config{CertFile: cert, KeyFile: key}, "config: Engine is missing"},
		{Config{Engine: empty, CertFile: cert, KeyFile: key}, "config: Engine has no constraint and would allow everything"},
		{Config{Engine: full, CertFile: cert}, "config: CertFile or KeyFile is missing, want both"},
		{Config{Engine: full, CertFile: cert, KeyFile: key, MaxBody: -1}, "config: got MaxInFlight 0, MaxBody -1, MaxBytes 0, MaxConns 0, want none below 0"},
		{Config{Engine: full, CertFile: cert, KeyFile: key, MaxBody: 2, MaxBytes: 1}, "config: MaxBytes is 1, want at least MaxBody, which is 2"},
		{Config{Engine: full, CertFile: cert, KeyFile: "missing.key"}, "missing.key"},
		{Config{Engine: full, CertFile: cert, KeyFile: cert}, "tls.crt, "},
	} {
		if _, err := New(tc.config); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("New(%+v): %v, want an error with %q", tc.config, err, tc.want)
		}
	}
}

// serial is that of the certificate which a new connection is shown.
func serial(t *testing.T, r *running) int64 {
	t.Helper()
	connection, err := tls.Dial("tcp", r.address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // looks at the certificate only
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close() //nolint:errcheck // read only
	return connection.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestCertificateIsReadAgain(t *testing.T) {
	folder := t.TempDir()
	s := newServer(t, func(c *Config) { c.CertFile, c.KeyFile = writePair(t, folder, pairOptions{serial: 1}) })
	r := run(t, s)
	check := func(when string, want int64) {
		t.Helper()
		if n := serial(t, r); n != want {
			t.Errorf("%s: the certificate has serial %d, want %d", when, n, want)
		}
		if reply, want := r.get("/readyz"), (got{200, "", "ok\n"}); reply != want {
			t.Errorf("%s: GET /readyz = %+v, want %+v", when, reply, want)
		}
	}
	check("at the start", 1)
	writePair(t, folder, pairOptions{serial: 2})
	check("after a change", 2)
	writeFile(t, filepath.Join(folder, "tls.key"), []byte("no key"))
	check("with a key that is none", 2)
	if err := os.Remove(filepath.Join(folder, "tls.crt")); err != nil {
		t.Fatal(err)
	}
	check("without a file", 2)
	writePair(t, folder, pairOptions{serial: 3})
	check("after both are back", 3)
}

func TestReadyOnlyWithAValidCertificate(t *testing.T) {
	folder := t.TempDir()
	s := newServer(t, func(c *Config) {
		c.CertFile, c.KeyFile = writePair(t, folder, pairOptions{serial: 1, end: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)})
	})
	ready := func() got {
		recorder := httptest.NewRecorder()
		s.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		return got{recorder.Code, "", recorder.Body.String()}
	}
	cert := filepath.Join(folder, "tls.crt")
	want := got{503, "", cert + ": the certificate is out of date since 2020-01-02T03:04:05Z\n"}
	if reply := ready(); reply != want {
		t.Errorf("GET /readyz = %+v, want %+v", reply, want)
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	want.body = "the certificate is out of date since 2020-01-02T03:04:05Z, and there is no other: stat " + cert + ": no such file or directory\n"
	if reply := ready(); reply != want {
		t.Errorf("GET /readyz without a file = %+v, want %+v", reply, want)
	}
	writePair(t, folder, pairOptions{serial: 2})
	if reply, want := ready(), (got{200, "", "ok\n"}); reply != want {
		t.Errorf("GET /readyz with a new certificate = %+v, want %+v", reply, want)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	r := run(t, newServer(t, nil))
	config := r.clientConfig()
	config.MaxVersion = tls.VersionTLS12
	if connection, err := tls.Dial("tcp", r.address, config); err == nil {
		t.Errorf("a client of TLS 1.2 was let in with version %x", connection.ConnectionState().Version)
	}
	config = r.clientConfig()
	config.NextProtos = []string{"h2", "http/1.1"}
	connection, err := tls.Dial("tcp", r.address, config)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close() //nolint:errcheck // read only
	if got := connection.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
		t.Errorf("a client of HTTP/2 is answered with protocol %q, want http/1.1", got)
	}
}

func TestShutdown(t *testing.T) {
	s := newServer(t, func(c *Config) { c.ShutdownDelay = time.Hour })
	started, leave := hold(s)
	after := make(chan time.Time)
	s.after = func(d time.Duration) <-chan time.Time {
		if d != time.Hour {
			t.Errorf("the delay is %v, want 1h", d)
		}
		return after
	}
	r := run(t, s)
	body := created(`{}`, `{}`)
	working := r.later("", body)
	<-started

	r.stop()
	until(s.stopping.Load)
	if reply, want := r.get("/readyz"), (got{503, "", "the server is stopping\n"}); reply != want {
		t.Errorf("GET /readyz of a stopping server = %+v, want %+v", reply, want)
	}
	if reply, want := r.get("/healthz"), (got{200, "", "ok\n"}); reply != want {
		t.Errorf("GET /healthz of a stopping server = %+v, want %+v", reply, want)
	}
	during := r.later("", body)
	<-started // it is still accepted

	after <- time.Time{}
	until(func() bool { // until nobody listens
		connection, err := tls.Dial("tcp", r.address, r.clientConfig())
		if err == nil {
			_ = connection.Close()
		}
		return err != nil
	})
	select {
	case err := <-r.ended:
		t.Fatalf("the server ended with two reviews at work: %v", err)
	default:
	}
	leave <- struct{}{}
	leave <- struct{}{}
	for _, replies := range []<-chan got{working, during} {
		if reply := <-replies; reply != passed {
			t.Errorf("a review that was at work = %+v, want %+v", reply, passed)
		}
	}
	if err := <-r.ended; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func TestRunNeedsItsAddress(t *testing.T) {
	r := run(t, newServer(t, nil))
	s := newServer(t, func(c *Config) { c.Address = r.address })
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), r.address) {
		t.Errorf("Run on an address in use = %v, want an error with %s", err, r.address)
	}
}
