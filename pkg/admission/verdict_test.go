package admission

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
)

// pod is a Pod with annotations and labels, which are JSON.
func pod(annotations, labels string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"a","annotations":%s,"labels":%s},"spec":{"containers":[{"name":"secret"}]}}`, annotations, labels)
}

// reviewOf is an AdmissionReview with the fields of its request that differ, as JSON.
func reviewOf(fields string) string {
	return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1","kind":{"group":"","version":"v1","kind":"Pod"},"name":"p","namespace":"a",` + fields + `}}`
}

func created(annotations, labels string) string {
	return reviewOf(`"operation":"CREATE","object":` + pod(annotations, labels))
}

// said is the AdmissionReview that answers with the fields of its response.
func said(fields string) got {
	return got{200, "", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u-1",` + fields + `}}`}
}

const conflict = `template:4: eval_conflict_error: rule data.template.number produced conflicting values`

func TestVerdict(t *testing.T) {
	r := run(t, newServer(t, nil))
	allowed := said(`"allowed":true,"status":{"code":200}`)
	for _, tc := range []struct {
		name   string
		review string
		want   got
	}{
		{"nothing found", created(`{}`, `{}`), allowed},
		{
			"denials, by message and then by constraint", created(`{"deny":"z,a"}`, `{}`),
			said(`"allowed":false,"status":{"message":"[also-denies] a\n[denies] a\n[also-denies] z\n[denies] z","reason":"Forbidden","code":403}`),
		},
		{
			"warnings", created(`{"warn":"b,a"}`, `{}`),
			said(`"allowed":true,"status":{"code":299},"warnings":["[warns] a","[warns] b"]`),
		},
		{
			"a denial with a warning", created(`{"deny":"no","warn":"hm"}`, `{}`),
			said(`"allowed":false,"status":{"message":"[also-denies] no\n[denies] no","reason":"Forbidden","code":403},"warnings":["[warns] hm"]`),
		},
		{"dryrun is not seen", created(`{"dryrun":"x"}`, `{}`), allowed},
		{
			"scoped to deny and warn, after deny and before warn", created(`{"deny":"z","scoped":"a","warn":"A"}`, `{}`),
			said(`"allowed":false,"status":{"message":"[also-denies] z\n[denies] z\n[scoped] a","reason":"Forbidden","code":403},"warnings":["[scoped] a","[warns] A"]`),
		},
		{
			"an evaluation error of a constraint that denies", created(`{"break":"x"}`, `{}`),
			got{500, "", "[breaks] could not judge: " + conflict + "\n"},
		},
		{
			"such an error with a warning", created(`{"break":"x","warn":"hm"}`, `{}`),
			got{500, "", "[breaks] could not judge: " + conflict + "\n"},
		},
		{
			"such an error with a denial, which wins", created(`{"break":"x","deny":"no"}`, `{}`),
			said(`"allowed":false,"status":{"message":"[also-denies] no\n[denies] no","reason":"Forbidden","code":403}`),
		},
		{
			"an evaluation error of a constraint that warns", created(`{"break-mildly":"x","warn":"hm"}`, `{}`),
			said(`"allowed":true,"status":{"code":299},"warnings":["[warns] hm","[breaks-mildly] could not judge: ` + conflict + `"]`),
		},
		{"an evaluation error of a dryrun constraint", created(`{"break-unseen":"x"}`, `{}`), allowed},
		{
			"a template without Rego", created(`{}`, `{"by":"cel"}`),
			got{500, "", "[cel] could not judge: the template has neither Rego nor CEL code\n"},
		},
		{
			"a template without Rego that warns", created(`{}`, `{"by":"cel-warns"}`),
			said(`"allowed":true,"status":{"code":299},"warnings":["[cel-warns] could not judge: the template has neither Rego nor CEL code"]`),
		},
		{
			"a namespace whose labels match", created(`{"team":"a"}`, `{"by":"namespace"}`),
			said(`"allowed":false,"status":{"message":"[of-team-a] a","reason":"Forbidden","code":403}`),
		},
		{
			"a namespace whose labels do not match",
			reviewOf(`"namespace":"b","operation":"CREATE","object":` + pod(`{"team":"a"}`, `{"by":"namespace"}`)),
			allowed,
		},
		{
			"a namespace that is not known",
			reviewOf(`"namespace":"c","operation":"CREATE","object":` + pod(`{"team":"a"}`, `{"by":"namespace"}`)),
			got{500, "", `[of-team-a] could not judge: namespace unknown: Namespace "a" of Pod "p" is not among the input (spec.match.namespaceSelector)` + "\n"},
		},
		{
			"UPDATE judges the new object",
			reviewOf(`"operation":"UPDATE","object":` + pod(`{"deny":"new"}`, `{}`) + `,"oldObject":` + pod(`{"deny":"old"}`, `{}`)),
			said(`"allowed":false,"status":{"message":"[also-denies] new\n[denies] new","reason":"Forbidden","code":403}`),
		},
		{
			"DELETE judges the old object",
			reviewOf(`"operation":"DELETE","object":null,"oldObject":` + pod(`{"deny":"old"}`, `{}`)),
			said(`"allowed":false,"status":{"message":"[also-denies] old\n[denies] old","reason":"Forbidden","code":403}`),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if reply := r.post("", tc.review); reply != tc.want {
				t.Errorf("POST /v1/validate = %+v, want %+v\nof %s", reply, tc.want, tc.review)
			}
		})
	}
}

func TestLog(t *testing.T) {
	var lines bytes.Buffer
	s := newServer(t, func(c *Config) {
		c.Log = slog.New(slog.NewJSONHandler(&lines, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
	})
	validate(s, created(`{"deny":"no","warn":"hm","dryrun":"x","scoped":"y","break":"z","break-unseen":"z"}`, `{}`))
	const about = `"uid":"u-1","kind":"Pod","namespace":"a","name":"p","operation":"CREATE",`
	want := `{"level":"INFO","msg":"violation",` + about + `"constraint":"Says/also-denies","action":"deny","message":"no"}
{"level":"INFO","msg":"violation",` + about + `"constraint":"Says/denies","action":"deny","message":"no"}
{"level":"INFO","msg":"violation",` + about + `"constraint":"Says/watches","action":"dryrun","message":"x"}
{"level":"INFO","msg":"violation",` + about + `"constraint":"Says/scoped","action":"deny,warn","message":"y"}
{"level":"INFO","msg":"violation",` + about + `"constraint":"Says/warns","action":"warn","message":"hm"}
{"level":"ERROR","msg":"not judged",` + about + `"constraint":"Breaks/breaks","action":"deny","message":"` + conflict + `"}
{"level":"ERROR","msg":"not judged",` + about + `"constraint":"Breaks/breaks-unseen","action":"dryrun","message":"` + conflict + `"}
`
	if lines.String() != want {
		t.Errorf("log of a review:\n%swant\n%s", lines.String(), want)
	}

	// A name that the API server has yet to make is known by its beginning.
	lines.Reset()
	validate(s, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"apps","version":"v1","kind":"Deployment"},`+
		`"operation":"CREATE","object":{"metadata":{"generateName":"web-","annotations":{"warn":"hm"}}}}}`)
	want = `{"level":"INFO","msg":"violation","uid":"u","kind":"Deployment.apps","namespace":"","name":"web-","operation":"CREATE","constraint":"Says/warns","action":"warn","message":"hm"}` + "\n"
	if lines.String() != want {
		t.Errorf("log of a review:\n%swant\n%s", lines.String(), want)
	}
}
