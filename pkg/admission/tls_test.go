package admission

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// serverName is what the certificates of the tests are for.
const serverName = "memgate-webhook.memgate-system.svc"

type pairOptions struct {
	serial int64
	end    time.Time // of its validity; in an hour by default
}

// writePair writes a self-signed certificate and its key to a folder.
func writePair(t testing.TB, folder string, o pairOptions) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if o.end.IsZero() {
		o.end = time.Now().Add(time.Hour)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(o.serial), DNSNames: []string{serverName},
		NotBefore: o.end.Add(-48 * time.Hour), NotAfter: o.end,
	}
	certDER, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
	writeFile(t, certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certDER}))
	writeFile(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	// Clocks of file systems are coarse; the serial makes every writing a different time.
	for _, name := range []string{certFile, keyFile} {
		when := time.Unix(1700000000+o.serial, 0)
		if err := os.Chtimes(name, when, when); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func writeFile(t testing.TB, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A running server with a client that trusts its certificate.
type running struct {
	t       testing.TB
	server  *Server
	address string
	client  *http.Client
	stop    context.CancelFunc
	ended   chan error
}

// run serves on a port of its own until the test ends.
func run(t testing.TB, s *Server) *running {
	t.Helper()
	listener, err := net.Listen("tcp", s.config.Address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{t: t, server: s, address: listener.Addr().String(), stop: stop, ended: make(chan error, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.ended <- s.serve(ctx, listener)
	}()
	transport := &http.Transport{TLSClientConfig: r.clientConfig()}
	r.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		<-ended
	})
	return r
}

func (r *running) clientConfig() *tls.Config {
	r.t.Helper()
	text, err := os.ReadFile(r.server.config.CertFile)
	if err != nil {
		r.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return &tls.Config{RootCAs: roots, ServerName: serverName}
}

// got is what a client sees of an HTTP response.
type got struct {
	status     int
	retryAfter string
	body       string
}

// do sends a request and reads the whole response.
func (r *running) do(request *http.Request) (got, error) {
	response, err := r.client.Do(request)
	if err != nil {
		return got{}, err
	}
	defer response.Body.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(response.Body)
	return got{response.StatusCode, response.Header.Get("Retry-After"), string(body)}, err
}

// post sends a body to /v1/validate and the query.
func (r *running) post(query, body string) got {
	r.t.Helper()
	reply, err := r.do(r.request(query, strings.NewReader(body)))
	if err != nil {
		r.t.Errorf("POST /v1/validate%s: %v", query, err)
	}
	return reply
}

// later is post in the background.
func (r *running) later(query, body string) <-chan got {
	replies := make(chan got, 1)
	go func() { replies <- r.post(query, body) }()
	return replies
}

func (r *running) get(path string) got {
	r.t.Helper()
	request, err := http.NewRequest(http.MethodGet, "https://"+r.address+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	reply, err := r.do(request)
	if err != nil {
		r.t.Errorf("GET %s: %v", path, err)
	}
	return reply
}

func (r *running) request(query string, body io.Reader) *http.Request {
	r.t.Helper()
	request, err := http.NewRequest(http.MethodPost, "https://"+r.address+"/v1/validate"+query, body)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	return request
}

// raw opens a connection, sends text as it is, and returns the connection.
func (r *running) raw(text string) *tls.Conn {
	r.t.Helper()
	connection, err := tls.Dial("tcp", r.address, r.clientConfig())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = connection.Close() })
	if _, err := io.Copy(connection, bytes.NewBufferString(text)); err != nil {
		r.t.Fatal(err)
	}
	return connection
}

// until returns when a condition holds. The time limit of the test binary is its own.
func until(condition func() bool) {
	for !condition() {
		runtime.Gosched()
	}
}
