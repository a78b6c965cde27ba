package admission

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/review"
)

var passed = said(`"allowed":true,"status":{"code":200}`)

// hold makes a Server judge nothing until the returned channel gives it leave, once
// for each review. started has an element for each review that came to be judged.
func hold(s *Server) (started chan struct{}, leave chan struct{}) {
	started, leave = make(chan struct{}, 100), make(chan struct{}, 100)
	s.judge = func(context.Context, *review.Review) []engine.Outcome {
		started <- struct{}{}
		<-leave
		return nil
	}
	return started, leave
}

func TestMethodsAndContentTypes(t *testing.T) {
	r := run(t, newServer(t, nil))
	for _, tc := range []struct {
		method, path, contentType string
		want                      got
	}{
		{"GET", "/v1/validate", "application/json", got{405, "", "Method Not Allowed\n"}},
		{"PUT", "/v1/validate", "application/json", got{405, "", "Method Not Allowed\n"}},
		{"POST", "/v1/validate", "", got{415, "", "Content-Type: got \"\", want application/json\n"}},
		{"POST", "/v1/validate", "text/json", got{415, "", "Content-Type: got \"text/json\", want application/json\n"}},
		{"POST", "/v1/validate", "application/json; charset=utf-8", passed},
		{"POST", "/v1/validate?timeout=3s", "application/json", passed},
		{"POST", "/v1/validate?timeout=3", "application/json", got{400, "", "timeout: got \"3\", want a duration above zero, such as 10s\n"}},
		{"POST", "/v1/validate?timeout=-1s", "application/json", got{400, "", "timeout: got \"-1s\", want a duration above zero, such as 10s\n"}},
		{"POST", "/v1/admit", "application/json", got{404, "", "404 page not found\n"}},
		{"GET", "/healthz", "", got{200, "", "ok\n"}},
		{"GET", "/readyz", "", got{200, "", "ok\n"}},
	} {
		request, err := http.NewRequest(tc.method, "https://"+r.address+tc.path, strings.NewReader(created(`{}`, `{}`)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", tc.contentType)
		if reply, err := r.do(request); err != nil || reply != tc.want {
			t.Errorf("%s %s with Content-Type %q = %+v, %v, want %+v", tc.method, tc.path, tc.contentType, reply, err, tc.want)
		}
	}
}

func TestBodyTooLarge(t *testing.T) {
	fits := created(`{}`, `{}`)
	r := run(t, newServer(t, func(c *Config) { c.MaxBody = int64(len(fits)) }))
	large := got{413, "", fmt.Sprintf("body: larger than %d bytes\n", len(fits))}
	for _, tc := range []struct {
		name string
		body io.Reader
		want got
	}{
		{"as large as allowed", strings.NewReader(fits), passed},
		{"as large as allowed, chunked", io.MultiReader(strings.NewReader(fits)), passed},
		{"one byte more", strings.NewReader(fits + " "), large},
		{"one byte more, chunked", io.MultiReader(strings.NewReader(fits), strings.NewReader(" ")), large},
	} {
		if reply, err := r.do(r.request("", tc.body)); err != nil || reply != tc.want {
			t.Errorf("%s: POST /v1/validate = %+v, %v, want %+v", tc.name, reply, err, tc.want)
		}
	}

	// A length that is too large is refused before a byte of the body has come.
	connection := r.raw(fmt.Sprintf("POST /v1/validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(fits)+1))
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil || response.StatusCode != 413 {
		t.Errorf("POST with a Content-Length of %d and no body = %v, %v, want status 413", len(fits)+1, response, err)
	}
}

func TestFullQueueTurnsAway(t *testing.T) {
	s := newServer(t, func(c *Config) { c.MaxInFlight, c.MaxQueue = 1, 1 })
	started, leave := hold(s)
	r := run(t, s)
	body := created(`{}`, `{}`)

	working := r.later("", body)
	<-started
	waiting := r.later("", body)
	until(func() bool { return s.gate.held() == 2 })
	want := got{429, "1", "2 reviews are at work or waiting, which is the limit; try again in a second\n"}
	if reply := r.post("", body); reply != want {
		t.Errorf("POST to a full queue = %+v, want %+v", reply, want)
	}
	if n := len(started); n != 0 {
		t.Errorf("%d reviews are at work beside the one that MaxInFlight allows", n)
	}

	leave <- struct{}{}
	if reply := <-working; reply != passed {
		t.Errorf("the review at work = %+v, want %+v", reply, passed)
	}
	<-started // the one that waited has its turn
	leave <- struct{}{}
	if reply := <-waiting; reply != passed {
		t.Errorf("the review that waited = %+v, want %+v", reply, passed)
	}
	if held := s.gate.held(); held != 0 {
		t.Errorf("gate holds %d reviews at the end, want none", held)
	}
}

func TestBytesTurnAway(t *testing.T) {
	body := created(`{}`, `{}`)
	n := int64(len(body))
	s := newServer(t, func(c *Config) { c.MaxInFlight, c.MaxQueue, c.MaxBody, c.MaxBytes = 1, 9, n, 2*n })
	started, leave := hold(s)
	r := run(t, s)
	working := r.later("", body)
	<-started
	waiting := r.later("", body)
	until(func() bool { return s.gate.held() == 2 })
	want := got{429, "1", fmt.Sprintf("reviews of %d bytes are at work or waiting, one of 2 more is over the limit of %d; try again in a second\n", 2*n, 2*n)}
	if reply := r.post("", "{}"); reply != want {
		t.Errorf("POST of 2 bytes = %+v, want %+v", reply, want)
	}
	leave <- struct{}{}
	leave <- struct{}{}
	for _, replies := range []<-chan got{working, waiting} {
		if reply := <-replies; reply != passed {
			t.Errorf("a review that was let in = %+v, want %+v", reply, passed)
		}
	}
}

func TestNoByteIsReadWithoutAPlace(t *testing.T) {
	s := newServer(t, func(c *Config) { c.MaxInFlight, c.MaxQueue = 1, -1 })
	if err := s.gate.enter(1); err != nil {
		t.Fatal(err)
	}
	body := &countingReader{}
	request, err := http.NewRequest(http.MethodPost, "/v1/validate", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if a := s.answer(nil, request); a.status != http.StatusTooManyRequests || body.reads != 0 {
		t.Errorf("answer with no place free has status %d after %d reads of the body, want 429 after none", a.status, body.reads)
	}
}

type countingReader struct{ reads int }

func (r *countingReader) Read([]byte) (int, error) {
	r.reads++
	return 0, io.EOF
}

func TestDeadlinePassesInTheQueue(t *testing.T) {
	s := newServer(t, func(c *Config) { c.MaxInFlight = 1 })
	started, leave := hold(s)
	r := run(t, s)
	working := r.later("", created(`{}`, `{}`))
	<-started
	want := got{503, "", "the review waited for one of 1 places: the deadline is near, timeout was 300ms\n"}
	if reply := r.post("?timeout=300ms", created(`{}`, `{}`)); reply != want {
		t.Errorf("POST that waits too long = %+v, want %+v", reply, want)
	}
	leave <- struct{}{}
	if reply := <-working; reply != passed {
		t.Errorf("the review at work = %+v, want %+v", reply, passed)
	}
}

func TestDeadlinePassesAtWork(t *testing.T) {
	r := run(t, newServer(t, nil))
	want := got{500, "", "[unending] could not judge: evaluation stopped: the deadline is near, timeout was 300ms\n"}
	if reply := r.post("?timeout=300ms", created(`{}`, `{"by":"unending"}`)); reply != want {
		t.Errorf("POST that takes too long = %+v, want %+v", reply, want)
	}
	// What was found before counts: a denial wins.
	want = said(`"allowed":false,"status":{"message":"[also-denies] no\n[denies] no","reason":"Forbidden","code":403}`)
	if reply := r.post("?timeout=300ms", created(`{"deny":"no"}`, `{"by":"unending"}`)); reply != want {
		t.Errorf("POST that takes too long after a denial = %+v, want %+v", reply, want)
	}
}

func TestDeadlinePassesInTheBody(t *testing.T) {
	s := newServer(t, nil)
	r := run(t, s)
	connection := r.raw("POST /v1/validate?timeout=100ms HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(response.Body)
	if want := "body: not all of it arrived, timeout was 100ms\n"; response.StatusCode != 408 || string(text) != want {
		t.Errorf("POST of half a body = %d %q, want 408 %q", response.StatusCode, text, want)
	}
	if held := s.gate.held(); held != 0 {
		t.Errorf("gate holds %d reviews at the end, want none", held)
	}
}

func TestClientThatLeavesEndsItsReview(t *testing.T) {
	s := newServer(t, nil)
	started, ended := make(chan struct{}), make(chan error)
	s.judge = func(ctx context.Context, _ *review.Review) []engine.Outcome {
		close(started)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return nil
	}
	r := run(t, s)
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := r.do(r.request("?timeout=30s", strings.NewReader(created(`{}`, `{}`))).WithContext(ctx))
		gone <- err
	}()
	<-started
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("POST of a client that leaves: %v, want %v", err, context.Canceled)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("evaluation ended by %v, want %v", err, context.Canceled)
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	s := newServer(t, func(c *Config) { c.MaxInFlight, c.MaxQueue = 1, -1 })
	judge := s.judge
	s.judge = func(context.Context, *review.Review) []engine.Outcome { panic("out of luck") }
	want := got{500, "", "the review ended in a panic; the log has its place\n"}
	if reply := validate(s, created(`{}`, `{}`)); reply != want {
		t.Errorf("POST that panics = %+v, want %+v", reply, want)
	}
	s.judge = judge // its place is free again
	if reply := validate(s, created(`{}`, `{}`)); reply != passed {
		t.Errorf("POST after a panic = %+v, want %+v", reply, passed)
	}
}

func TestTimeoutOf(t *testing.T) {
	for _, tc := range []struct {
		query string
		want  time.Duration
		left  time.Duration // until the deadline, without what has passed
	}{
		{"", 10 * time.Second, 9500 * time.Millisecond},
		{"timeout=10s", 10 * time.Second, 9500 * time.Millisecond},
		{"timeout=1s", time.Second, 900 * time.Millisecond},
		{"timeout=5m", 30 * time.Second, 29500 * time.Millisecond},
	} {
		request, err := http.NewRequest(http.MethodPost, "/v1/validate?"+tc.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		timeout, err := timeoutOf(request.URL.Query())
		if err != nil || timeout != tc.want {
			t.Errorf("timeoutOf(%q) = %v, %v, want %v", tc.query, timeout, err, tc.want)
		}
		before := time.Now()
		ctx, cancel := withDeadline(t.Context(), timeout)
		after := time.Now()
		cancel()
		if end, _ := ctx.Deadline(); end.Before(before.Add(tc.left)) || end.After(after.Add(tc.left)) {
			t.Errorf("withDeadline(%v) ends %v after its call, want %v", timeout, end.Sub(before), tc.left)
		}
	}
}

func TestSheds(t *testing.T) {
	var s sheds
	start := time.Unix(1e9, 0)
	for _, tc := range []struct {
		at   time.Duration
		want int
	}{{0, 1}, {time.Millisecond, 0}, {999 * time.Millisecond, 0}, {time.Second, 3}, {1500 * time.Millisecond, 0}, {3 * time.Second, 2}} {
		if n := s.add(start.Add(tc.at)); n != tc.want {
			t.Errorf("add after %v = %d, want %d", tc.at, n, tc.want)
		}
	}
}

func TestLimitConns(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 3)
	listener := limitConns(inner, 1)
	go func() {
		defer close(accepted)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- connection
		}
	}()
	dial := func() net.Conn {
		connection, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = connection.Close() })
		return connection
	}
	dial()
	first := <-accepted
	if n, err := dial().Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("second connection: Read = %d, %v, want an error as it is closed", n, err)
	}
	_ = first.Close()
	_ = first.Close() // twice gives back one place
	dial()
	(<-accepted).Close() //nolint:errcheck // the test is over
	_ = listener.Close()
	if c, open := <-accepted; open {
		t.Errorf("a connection from %v was accepted over the limit", c.RemoteAddr())
	}
}
