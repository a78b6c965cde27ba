package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/target"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/memgate/memgate/pkg/admission"
)

// gatekeeperWebhook is Gatekeeper's validating webhook as far as a verdict needs it
// (v3.23 pkg/webhook/policy.go): the handler of controller-runtime, which decodes and
// encodes, a place for each processor, the framework's client, and its results as texts.
// What Gatekeeper does besides is left out, which is in its favour: metrics, its config,
// and decoding the object once more for expansion.
func gatekeeperWebhook(s stock) http.Handler {
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	judge := func(_ context.Context, request ctrladmission.Request) ctrladmission.Response {
		places <- struct{}{}
		defer func() { <-places }()
		n := s.namespaces[request.Namespace]
		results, err := s.ask(&target.AugmentedReview{AdmissionRequest: &request.AdmissionRequest, Namespace: n.typed, Source: "Original", IsAdmission: true}, n)
		if err != nil {
			return ctrladmission.Errored(http.StatusInternalServerError, err)
		}
		var denials, warnings []string
		for _, r := range results {
			line := fmt.Sprintf("[%s] %s", r.Constraint.GetName(), r.Msg)
			switch r.EnforcementAction {
			case "deny":
				denials = append(denials, line)
			case "warn":
				warnings = append(warnings, line)
			}
		}
		answer := admissionv1.AdmissionResponse{Allowed: len(denials) == 0, Warnings: warnings, Result: &metav1.Status{Code: http.StatusOK}}
		switch {
		case len(denials) > 0:
			answer.Result = &metav1.Status{Reason: metav1.StatusReasonForbidden, Code: http.StatusForbidden, Message: strings.Join(denials, "\n")}
		case len(warnings) > 0:
			answer.Result.Code = 299
		}
		return ctrladmission.Response{AdmissionResponse: answer}
	}
	ctrllog.SetLogger(logr.Discard()) // without one it complains
	return &ctrladmission.Webhook{Handler: ctrladmission.HandlerFunc(judge)}
}

// memgateWebhook is that of memgate. It does not log, as Gatekeeper does not by default.
func memgateWebhook(w own, cert, key string) (http.Handler, error) {
	server, err := admission.New(admission.Config{CertFile: cert, KeyFile: key, Engine: w.Client, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return server.Handler(), nil
}

// post has a handler answer a body. There is no connection: what is measured begins with
// the body and ends with the answer.
func post(handler http.Handler, body []byte) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/v1/validate", RawQuery: "timeout=10s"}, Host: "webhook",
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	})
	return recorder
}

// An answer is what an API server makes of a response. Lines are sorted, because
// Gatekeeper's have no total order.
type answer struct {
	allowed           bool
	code              int32
	message, warnings []string // lines
}

// answerTo posts a body. The error is the response where that is no verdict.
func answerTo(handler http.Handler, body []byte) (answer, error) {
	response := post(handler, body)
	if response.Code != http.StatusOK {
		return answer{}, fmt.Errorf("status %d: %s", response.Code, response.Body)
	}
	var review struct {
		Response struct {
			Allowed  bool
			Warnings []string
			Status   struct {
				Code    int32
				Message string
			}
		}
	}
	if err := json.Unmarshal(response.Body.Bytes(), &review); err != nil {
		return answer{}, err
	}
	read := review.Response
	a := answer{allowed: read.Allowed, code: read.Status.Code, warnings: slices.Sorted(slices.Values(read.Warnings))}
	if read.Status.Message != "" {
		a.message = slices.Sorted(strings.SplitSeq(read.Status.Message, "\n"))
	}
	return a, nil
}
