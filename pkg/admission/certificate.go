package admission

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// A keyPair is the certificate and key of a server, read again when the files change:
// cert-manager and the like replace them in a mounted Secret. Until both can be read
// the ones before them stay in use.
type keyPair struct {
	certFile, keyFile string
	log               *slog.Logger

	mu          sync.Mutex
	certificate *tls.Certificate
	stamps      [2]fileStamp // of the files that it was read from
	fault       string       // why the files that are there now cannot be read
}

// A fileStamp changes when a file does.
type fileStamp struct {
	modified time.Time
	size     int64
}

func newKeyPair(certFile, keyFile string, log *slog.Logger) (*keyPair, error) {
	p := &keyPair{certFile: certFile, keyFile: keyFile, log: log}
	return p, p.read()
}

// get is the certificate for a handshake.
func (p *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refresh()
	return p.certificate, nil
}

// check says why the certificate in use is out of date, if it is. One that is still
// valid serves, even if its files have gone: replicas share them, and none would be
// left.
func (p *keyPair) check(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refresh()
	end := p.certificate.Leaf.NotAfter
	switch {
	case !now.After(end):
		return nil
	case p.fault != "":
		return fmt.Errorf("the certificate is out of date since %s, and there is no other: %s", end.UTC().Format(time.RFC3339), p.fault)
	}
	return fmt.Errorf("%s: the certificate is out of date since %s", p.certFile, end.UTC().Format(time.RFC3339))
}

// refresh reads the files again if they changed. Each fault is logged once.
func (p *keyPair) refresh() {
	err := p.read()
	switch {
	case err == nil:
		p.fault = ""
	case err.Error() != p.fault:
		p.fault = err.Error()
		p.log.Error("certificate not read", "fault", p.fault)
	}
}

// read reads the files, unless they are the ones in use.
func (p *keyPair) read() error {
	var now [2]fileStamp
	for i, name := range []string{p.certFile, p.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		now[i] = fileStamp{info.ModTime(), info.Size()}
	}
	if p.certificate != nil && now == p.stamps {
		return nil
	}
	certificate, err := tls.LoadX509KeyPair(p.certFile, p.keyFile)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", p.certFile, p.keyFile, err)
	}
	if p.certificate != nil {
		p.log.Info("certificate read", "notAfter", certificate.Leaf.NotAfter)
	}
	p.certificate, p.stamps = &certificate, now
	return nil
}
