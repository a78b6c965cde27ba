package admission

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// validate posts a body to a Server without a network.
func validate(s *Server, body string) got {
	return validateAs(s, "application/json", body)
}

func validateAs(s *Server, contentType, body string) got {
	request := httptest.NewRequest(http.MethodPost, "/v1/validate", strings.NewReader(body))
	request.Header.Set("Content-Type", contentType)
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, request)
	return got{recorder.Code, recorder.Header().Get("Retry-After"), recorder.Body.String()}
}

func TestDecode(t *testing.T) {
	const review = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"`
	for _, tc := range []struct{ body, want string }{
		{``, `body: unexpected end of JSON input, want the JSON of an AdmissionReview`},
		{`kind: Pod`, `body: invalid character 'k' looking for beginning of value, want the JSON of an AdmissionReview`},
		{review + `}{}`, `body: invalid character '{' after top-level value, want the JSON of an AdmissionReview`},
		{`[]`, `body: got a list, want an AdmissionReview`},
		{`{}`, `body: got apiVersion nothing and kind nothing, want admission.k8s.io/v1 and AdmissionReview`},
		{
			`{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{}}`,
			`body: got apiVersion "admission.k8s.io/v1beta1" and kind "AdmissionReview", want admission.k8s.io/v1 and AdmissionReview`,
		},
		{review + `}`, `request: got nothing, want an object`},
		{review + `,"Request":{"uid":"u"}}`, `request: got nothing, want an object`},
		{review + `,"request":7}`, `request: got a number, want an object`},
		{review + `,"request":{}}`, `request.uid: got nothing, want a string that is not empty`},
		{review + `,"request":{"uid":""}}`, `request.uid: got "", want a string that is not empty`},
		{review + `,"request":{"uid":"u"}}`, `request.operation: got nothing, want one of CREATE, UPDATE, DELETE, CONNECT`},
		{
			review + `,"request":{"uid":"u","operation":"` + strings.Repeat("é", 70) + `"}}`,
			`request.operation: got "` + strings.Repeat("é", 64) + `…", want one of CREATE, UPDATE, DELETE, CONNECT`,
		},
		{review + `,"request":{"uid":"u","operation":"CREATE","namespace":1}}`, `request.namespace: got a number, want a string`},
		{review + `,"request":{"uid":"u","operation":"CREATE","name":true}}`, `request.name: got a boolean, want a string`},
		{review + `,"request":{"uid":"u","operation":"CREATE"}}`, `request: neither object nor oldObject is there`},
		{review + `,"request":{"uid":"u","operation":"DELETE","object":{}}}`, `request: operation is DELETE and oldObject is missing`},
	} {
		want := got{400, "", tc.want + "\n"}
		if reply := validate(newServer(t, nil), tc.body); reply != want {
			t.Errorf("POST %s = %+v, want %+v", tc.body, reply, want)
		}
	}
}

func TestDecodeNumbers(t *testing.T) {
	body := reviewOf(`"operation":"CREATE","object":{"a":[1,-9223372036854775808,9223372036854775808,1.0,0.5,1e3]}`)
	request, err := decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": []any{int64(1), int64(-9223372036854775808), 9223372036854775808.0, 1.0, 0.5, 1000.0}}
	if !reflect.DeepEqual(request["object"], want) {
		t.Errorf("decode(%s) has object %#v, want %#v", body, request["object"], want)
	}
}

func FuzzValidate(f *testing.F) {
	s := newServer(f, func(c *Config) { c.MaxBody = 4 << 10 })
	for _, body := range []string{
		``, `{}`, `[[[[`, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}`,
		created(`{"deny":"a","warn":"b","break-mildly":"c"}`, `{}`), created(`{"break":"a"}`, `{"by":"namespace"}`),
		reviewOf(`"operation":"DELETE","oldObject":` + pod(`null`, `[]`)), reviewOf(`"operation":"CREATE","object":{"a":1e400}`),
		reviewOf(`"operation":"UPDATE","object":{},"oldObject":{"metadata":1}`), strings.Repeat("[", 4<<10+1),
	} {
		f.Add("application/json", body)
	}
	f.Add("text/plain", `{}`)
	f.Add(`application/json; charset="`, `{}`)
	f.Fuzz(func(t *testing.T, contentType, body string) {
		if strings.Contains(body, "unending") {
			t.Skip("a constraint of this label does not end before the deadline")
		}
		reply := validateAs(s, contentType, body)
		if !slices.Contains([]int{200, 400, 413, 415, 500}, reply.status) {
			t.Errorf("POST %s %q = %+v, want status 200, 400, 413, 415 or 500", contentType, body, reply)
		}
		if reply.status != 200 && reply.status != 500 && strings.Count(reply.body, "\n") != 1 {
			t.Errorf("POST %s %q = %+v, want a reason of one line", contentType, body, reply)
		}
	})
}
