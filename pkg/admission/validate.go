package admission

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"time"

	"github.com/memgate/memgate/pkg/review"
)

// Timeouts of a review: timeoutSeconds of a webhook is 10 by default and at most 30.
const (
	defaultTimeout = 10 * time.Second
	maxTimeout     = 30 * time.Second
)

// validate answers an AdmissionReview. The status is
//
//   - 200: there is a verdict;
//   - 400: the query or the body is no AdmissionReview of v1 with a request;
//   - 408: the body did not arrive before the deadline;
//   - 413: the body is larger than MaxBody;
//   - 415: the body is not said to be JSON;
//   - 429: no place is free; the API server tries again after a second, as long as
//     its own deadline allows (client-go v0.36 rest/with_retry.go);
//   - 500: a constraint that denies could not be judged, or something is broken;
//   - 503: the deadline passed while the review waited; nobody asks any more, so that
//     there is no Retry-After.
//
// With all but 200 the body is the reason, and failurePolicy decides.
func (s *Server) validate(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r).write(w) // all that is held is given back before a slow reader is served
}

// answer is what validate answers. It writes nothing to w.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) (a answer) {
	defer func() {
		if fault := recover(); fault != nil {
			s.config.Log.Error("panic", "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
			a = plain(http.StatusInternalServerError, "the review ended in a panic; the log has its place")
		}
	}()
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return plain(http.StatusUnsupportedMediaType, fmt.Sprintf("Content-Type: got %q, want application/json", r.Header.Get("Content-Type")))
	}
	timeout, err := timeoutOf(r.URL.Query())
	if err != nil {
		return plain(http.StatusBadRequest, err.Error())
	}
	size := r.ContentLength
	if size > s.config.MaxBody {
		return s.tooLarge()
	}
	if size < 0 { // chunked
		size = s.config.MaxBody
	}
	if err := s.gate.enter(size); err != nil {
		if n := s.sheds.add(time.Now()); n > 0 {
			s.config.Log.Warn("turned away", "reviews", n, "reason", err.Error())
		}
		a := plain(http.StatusTooManyRequests, err.Error())
		a.retryAfter = "1"
		return a
	}
	defer s.gate.leave(size)

	ctx, cancel := withDeadline(r.Context(), timeout)
	defer cancel()
	body, err := s.read(ctx, w, r, size)
	if err != nil {
		return s.unread(err, timeout)
	}
	select {
	case s.work <- struct{}{}:
		defer func() { <-s.work }()
	case <-ctx.Done():
		return plain(http.StatusServiceUnavailable, fmt.Sprintf("the review waited for one of %d places: %v", s.config.MaxInFlight, context.Cause(ctx)))
	}
	request, err := decode(body)
	if err != nil {
		return plain(http.StatusBadRequest, err.Error())
	}
	namespace, _ := request["namespace"].(string)
	subject, err := review.FromRequest(request, s.config.Engine.Namespace(ctx, namespace))
	if err != nil {
		return plain(http.StatusBadRequest, err.Error())
	}
	v := newVerdict(s.judge(ctx, subject))
	v.log(ctx, s.config.Log.With(about(request)...))
	if v.refused() {
		return plain(http.StatusInternalServerError, v.reason())
	}
	return reply(request["uid"], v)
}

// timeoutOf is the time that the API server gives a webhook: it sends it as
// ?timeout=10s, rounded up to a second.
func timeoutOf(query url.Values) (time.Duration, error) {
	text := query.Get("timeout")
	if text == "" {
		return defaultTimeout, nil
	}
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 {
		return 0, fmt.Errorf("timeout: got %q, want a duration above zero, such as 10s", text)
	}
	return min(timeout, maxTimeout), nil
}

// withDeadline ends a little before the caller gives up, so that the caller still
// hears why: a tenth of its time, half a second at most.
func withDeadline(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	left := timeout - min(timeout/10, 500*time.Millisecond)
	return context.WithTimeoutCause(ctx, left, fmt.Errorf("the deadline is near, timeout was %v", timeout))
}

// read reads a body of at most size bytes until the deadline of ctx. Its room is made
// at once, as a buffer that grows holds the body twice. After an error the deadline
// stays, so that net/http does not wait for the rest.
func (s *Server) read(ctx context.Context, w http.ResponseWriter, r *http.Request, size int64) ([]byte, error) {
	connection := http.NewResponseController(w)
	deadline, _ := ctx.Deadline()
	_ = connection.SetReadDeadline(deadline) // a writer that knows no deadlines is no connection
	var body bytes.Buffer
	body.Grow(int(size) + bytes.MinRead)
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, s.config.MaxBody)); err != nil {
		return nil, err
	}
	// What net/http reads now, in the background, is the client's leaving, and an end of
	// that reading at the deadline would be taken for it.
	_ = connection.SetReadDeadline(time.Time{})
	return body.Bytes(), nil
}

func (s *Server) unread(err error, timeout time.Duration) answer {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return s.tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return plain(http.StatusRequestTimeout, fmt.Sprintf("body: not all of it arrived, timeout was %v", timeout))
	}
	return plain(http.StatusBadRequest, fmt.Sprintf("body: %v", err))
}

func (s *Server) tooLarge() answer {
	a := plain(http.StatusRequestEntityTooLarge, fmt.Sprintf("body: larger than %d bytes", s.config.MaxBody))
	a.hangUp = true
	return a
}

// reply is the AdmissionReview for a verdict.
func reply(uid any, v *verdict) answer {
	type status struct {
		Message string `json:"message,omitempty"`
		Reason  string `json:"reason,omitempty"`
		Code    int    `json:"code"`
	}
	type response struct {
		UID      any      `json:"uid"`
		Allowed  bool     `json:"allowed"`
		Status   status   `json:"status"`
		Warnings []string `json:"warnings,omitempty"`
	}
	said := response{UID: uid, Allowed: v.allowed(), Status: status{Code: v.code()}, Warnings: v.warnings}
	if !said.Allowed {
		said.Status.Reason, said.Status.Message = "Forbidden", v.message()
	}
	text, err := json.Marshal(struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Response   response `json:"response"`
	}{apiVersion, kind, said})
	if err != nil {
		return plain(http.StatusInternalServerError, err.Error())
	}
	return answer{status: http.StatusOK, contentType: "application/json", body: text}
}
