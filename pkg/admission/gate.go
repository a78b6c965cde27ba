package admission

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// A gate bounds how many reviews are held at a time, at work or waiting, and how many
// bytes their bodies may have.
type gate struct {
	maxReviews int
	maxBytes   int64

	mu      sync.Mutex
	reviews int
	bytes   int64
}

// enter takes a place for a body of at most size bytes, or says why there is none. It
// does not wait.
func (g *gate) enter(size int64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.reviews >= g.maxReviews {
		return fmt.Errorf("%d reviews are at work or waiting, which is the limit; try again in a second", g.reviews)
	}
	if g.bytes+size > g.maxBytes {
		return fmt.Errorf("reviews of %d bytes are at work or waiting, one of %d more is over the limit of %d; try again in a second", g.bytes, size, g.maxBytes)
	}
	g.reviews++
	g.bytes += size
	return nil
}

// leave gives back what enter took.
func (g *gate) leave(size int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reviews--
	g.bytes -= size
}

// held is the number of reviews at work or waiting.
func (g *gate) held() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reviews
}

// sheds counts the reviews that were turned away, so that a flood of them becomes one
// line of log in a second.
type sheds struct {
	mu    sync.Mutex
	count int
	last  time.Time
}

// add counts one more. It returns how many there were since it last did, or 0 within
// the second.
func (s *sheds) add(now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	if now.Sub(s.last) < time.Second {
		return 0
	}
	n := s.count
	s.count, s.last = 0, now
	return n
}

// limitConns is a listener that closes connections beyond the first n at once. A
// client is told so right away, where one that is left waiting to be accepted would
// learn nothing until its own deadline.
func limitConns(listener net.Listener, n int) net.Listener {
	return &limitedListener{Listener: listener, free: make(chan struct{}, n)}
}

type limitedListener struct {
	net.Listener
	free chan struct{} // holds one element for each open connection
}

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.free <- struct{}{}:
			return &limitedConn{Conn: connection, leave: sync.OnceFunc(func() { <-l.free })}, nil
		default:
			_ = connection.Close()
		}
	}
}

type limitedConn struct {
	net.Conn
	leave func()
}

func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
