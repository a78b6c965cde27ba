package admission

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/json"
)

// What an AdmissionReview is called, in requests and in responses.
const (
	apiVersion = "admission.k8s.io/v1"
	kind       = "AdmissionReview"
)

var operations = []string{"CREATE", "UPDATE", "DELETE", "CONNECT"}

// decode is the request of an AdmissionReview as JSON has it, integers as int64. Its
// uid and operation are there, and its namespace and name are strings if they are.
func decode(body []byte) (map[string]any, error) {
	var read any
	if err := json.Unmarshal(body, &read); err != nil {
		return nil, fmt.Errorf("body: %s, want the JSON of an AdmissionReview", oneLine(err.Error()))
	}
	object, ok := read.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("body: got %s, want an AdmissionReview", article(read))
	}
	if object["apiVersion"] != apiVersion || object["kind"] != kind {
		return nil, fmt.Errorf("body: got apiVersion %s and kind %s, want %s and %s",
			quoted(object["apiVersion"]), quoted(object["kind"]), apiVersion, kind)
	}
	request, ok := object["request"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("request: got %s, want an object", article(object["request"]))
	}
	if uid, _ := request["uid"].(string); uid == "" {
		return nil, fmt.Errorf("request.uid: got %s, want a string that is not empty", quoted(request["uid"]))
	}
	if operation, _ := request["operation"].(string); !slices.Contains(operations, operation) {
		return nil, fmt.Errorf("request.operation: got %s, want one of %s", quoted(request["operation"]), strings.Join(operations, ", "))
	}
	for _, field := range []string{"namespace", "name"} {
		switch request[field].(type) {
		case nil, string:
		default:
			return nil, fmt.Errorf("request.%s: got %s, want a string", field, article(request[field]))
		}
	}
	return request, nil
}

// quoted is a value for an error: a string in quotes, cut if it is long, or its type.
func quoted(value any) string {
	text, ok := value.(string)
	if !ok {
		return article(value)
	}
	if runes := []rune(text); len(runes) > 64 {
		text = string(runes[:64]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

func article(value any) string {
	switch value.(type) {
	case nil:
		return "nothing"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	}
	return "a number"
}

// oneLine puts the lines of a text into one.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
