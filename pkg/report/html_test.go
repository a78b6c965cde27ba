package report_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/workload"
)

// htmlRun writes a run in which a text stands wherever a manifest has a say.
func htmlRun(w report.Writer, s string) error {
	object := report.Object{APIVersion: s, Kind: s, Namespace: s, Name: s}
	position := manifest.Position{File: s, Line: 2, Column: 1}
	f := report.Finding{
		Place:  manifest.Place{Start: position, End: manifest.Position{File: s, Line: 2, Column: 2}, Related: []manifest.Related{{Position: position, Note: s}}},
		Action: "deny", Rule: s, Severity: s, Derived: true, Constraint: report.Constraint{Kind: s, Name: s},
		Object: object, Template: []any{s, 0}, Message: s, Frame: report.Frame{First: 1, Lines: []string{s, s, s}},
	}
	return errors.Join(
		w.Object(report.Entry{Object: object, Position: position, Pods: []workload.Pod{{
			Path: []any{s}, Limit: workload.Bytes(1 << 30), Lockable: workload.Amount{State: workload.Unlimited},
			Containers: []workload.Container{{Name: s, Locks: true}, {Name: s, Kind: workload.Sidecar}},
			Tmpfs:      []workload.Volume{{Name: s, MountedBy: []string{s}}},
			Hugepages:  []workload.Hugepages{{Page: s, Limit: workload.Bytes(1)}},
		}}}),
		w.Finding(f), w.Finding(f),
		w.Suppressed(f, report.Suppression{Kind: report.SuppressedByComment, Reason: s, Until: s, Owner: s, Position: manifest.Position{File: s, Line: 1}}),
		w.Note(report.Note{Position: position, Kind: s, Text: s, Object: &object}),
		w.Gap(report.Gap{Position: position, Reason: s, Text: s, Object: &object, Constraints: []report.Constraint{{Kind: s, Name: s}}}),
		w.Skip(report.Skip{Position: position, Text: s}),
		w.Object(report.Entry{Object: report.Object{Kind: s, Name: s + s}, Pods: []workload.Pod{{Request: workload.Bytes(5)}}}),
		w.Close(report.Summary{Objects: 2, Violations: map[string]int{"deny": 2}, NotJudged: map[string]int{s: 1}, Failures: 2}),
	)
}

func htmlPage(t *testing.T, write func(report.Writer) error) string {
	t.Helper()
	var out strings.Builder
	if err := write(report.HTML(&out, report.HTMLOptions{Version: "v1.2.3", Rule: sarifOptions.Rule})); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// skeleton are the tags of a page with the names of their attributes, and its text.
func skeleton(t *testing.T, page string) (tags []string, text string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(page))
	decoder.Strict, decoder.AutoClose, decoder.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return tags, text
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, page)
		}
		switch token := token.(type) {
		case xml.StartElement:
			tag := token.Name.Local
			for _, a := range token.Attr {
				tag += " " + a.Name.Local
			}
			tags = append(tags, tag)
		case xml.EndElement:
			tags = append(tags, "/"+token.Name.Local)
		case xml.CharData:
			text += string(token)
		case xml.Comment:
			tags = append(tags, "comment")
		}
	}
}

var hostile = []string{
	"</script><script>alert(1)</script>", "</style><img src=x onerror=alert(1)>", `" onmouseover="alert(1)`, "' onclick='alert(1)",
	"--><!-- <!doctype html>", "</title></pre></code></table>", "&lt;b&gt; &amp; &#60;", "{} {} {}", "]]>",
	"\x00\x01\r\x1b[31m\x7f", "\u202egnp.exe\u2066\u200f", "\xff\xfe", "javascript:alert(1)", "`code` [a](https://example.org)",
}

// TestHTMLHostile wants a page to have the same elements whatever a manifest holds.
func TestHTMLHostile(t *testing.T) {
	want, _ := skeleton(t, htmlPage(t, func(w report.Writer) error { return htmlRun(w, "name") }))
	if len(want) < 200 {
		t.Errorf("the page has %d tags, want those of all sections: %q", len(want), want)
	}
	for _, s := range hostile {
		page := htmlPage(t, func(w report.Writer) error { return htmlRun(w, s) })
		got, text := skeleton(t, page)
		if !slices.Equal(got, want) {
			t.Errorf("%q: got the tags\n%q\nwant\n%q", s, got, want)
		}
		if strings.ContainsAny(page, "\x00\x01\r\x1b\x7f\u202e\u2066\u200f") || !utf8.ValidString(page) {
			t.Errorf("%q: the page has it as it is", s)
		}
		if utf8.ValidString(s) && !strings.ContainsAny(s, "\x00\u202e") && !strings.Contains(text, s) {
			t.Errorf("%q: the page does not show it", s)
		}
	}
}

// FuzzHTML wants that of any text.
func FuzzHTML(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, _ := skeleton(t, htmlPage(t, func(w report.Writer) error { return htmlRun(w, "name") }))
		if got, _ := skeleton(t, htmlPage(t, func(w report.Writer) error { return htmlRun(w, "x"+s) })); !slices.Equal(got, want) {
			t.Errorf("%q: got the tags\n%q\nwant\n%q", s, got, want)
		}
	})
}

// TestHTMLPolicy wants a page to allow its own style and script and nothing else.
func TestHTMLPolicy(t *testing.T) {
	page := htmlPage(t, func(w report.Writer) error { return w.Close(report.Summary{}) })
	policy := regexp.MustCompile(`"default-src 'none'; style-src &#39;sha256-[\w+/]{43}=&#39;; script-src &#39;sha256-[\w+/]{43}=&#39;; base-uri 'none'; form-action 'none'"`)
	if !policy.MatchString(page) {
		t.Errorf("the page has not the policy %s:\n%s", policy, page[:600])
	}
}

// TestHTMLFindings wants ids to be fingerprints, and links to lead to them.
func TestHTMLFindings(t *testing.T) {
	f := finding(4, "deny", "r", "m")
	page := htmlPage(t, func(w report.Writer) error {
		return errors.Join(w.Finding(f), w.Finding(f), w.Finding(finding(5, "warn", "other", "n")), w.Close(report.Summary{}))
	})
	id := report.Fingerprint(f)
	for _, want := range []string{`id="` + id + `"`, `id="` + id + `-2"`, `<a href="#` + id + `-2">a.yaml:4:3</a>`, `id="rule-other"`, `<a href="#rule-other">`} {
		if strings.Count(page, want) == 0 {
			t.Errorf("the page has no %s", want)
		}
	}
}

// TestHTMLVerdict wants the first words of a page to be how the run ended.
func TestHTMLVerdict(t *testing.T) {
	deny, warn, gap := map[string]int{"deny": 1}, map[string]int{"warn": 1}, map[string]int{"unreadable": 1}
	for _, tc := range []struct {
		summary report.Summary
		want    string
	}{
		{report.Summary{Objects: 1, Constraints: 1, Violations: deny, NotJudged: gap, Failures: 1}, "Denied"},
		{report.Summary{Objects: 1, Constraints: 1, Violations: warn, Failures: 1}, "There are findings that fail the run"},
		{report.Summary{Objects: 1, Constraints: 1, Violations: deny}, "Nothing that is denied fails the run"},
		{report.Summary{Objects: 1, Constraints: 1, Violations: deny, NotJudged: gap}, "Not everything could be judged"},
		{report.Summary{Objects: 1, Constraints: 1, Violations: warn, NotJudged: gap, Allowed: 1}, "Nothing is denied, but there are warnings"},
		{report.Summary{Objects: 1, Constraints: 1}, "Nothing is denied"},
		{report.Summary{Constraints: 1}, "There was nothing to judge"},
		{report.Summary{Objects: 1}, "There was nothing to judge by"},
	} {
		page := htmlPage(t, func(w report.Writer) error { return w.Close(tc.summary) })
		if want := "<h1>" + tc.want + "</h1>"; !strings.Contains(page, want) {
			t.Errorf("%+v: the page has not %s", tc.summary, want)
		}
	}
}

var frameLine = regexp.MustCompile(`<span class="(line[ hit]*)"><span class="no">(\d+)</span><code>(.*?)</code>`)

// TestHTMLFrame wants the columns of a finding to be marked.
func TestHTMLFrame(t *testing.T) {
	position := func(line, column int) manifest.Position { return manifest.Position{Line: line, Column: column} }
	long := strings.Repeat("a", 300) + "X" + strings.Repeat("b", 300)
	for _, tc := range []struct {
		name       string
		start, end manifest.Position
		lines      []string
		want       []string
	}{
		{"columns are code points", position(2, 3), position(2, 6), []string{"a", "é: ü1x", "b"}, []string{"1 a", "2! é:<mark> ü1</mark>x", "3 b"}},
		{"several lines", position(1, 2), position(3, 2), []string{"abc", "def\r", "ghi", "j"}, []string{"1! a<mark>bc</mark>", "2! <mark>def</mark>", "3! <mark>g</mark>hi", "4 j"}},
		{"no end", position(1, 2), position(0, 0), []string{"abc"}, []string{"1! a<mark>bc</mark>"}},
		{"past the line", position(1, 9), position(1, 12), []string{"abc"}, []string{"1 abc"}},
		{"no place", position(0, 0), position(0, 0), []string{"abc"}, []string{"1 abc"}},
		{"a long line", position(1, 301), position(1, 302), []string{long}, []string{"1! … " + strings.Repeat("a", 40) + "<mark>X</mark>" + strings.Repeat("b", 119) + " …"}},
	} {
		f := finding(1, "deny", "r", "m")
		f.Place, f.Frame = manifest.Place{Start: tc.start, End: tc.end}, report.Frame{First: 1, Lines: tc.lines}
		page := htmlPage(t, func(w report.Writer) error { return errors.Join(w.Finding(f), w.Close(report.Summary{})) })
		var got []string
		for _, m := range frameLine.FindAllStringSubmatch(page, -1) {
			got = append(got, m[2]+map[bool]string{true: "!"}[m[1] == "line hit"]+" "+m[3])
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestHTMLLimits wants a page to stay small, and to count what it leaves out.
func TestHTMLLimits(t *testing.T) {
	const n = 6000
	page := htmlPage(t, func(w report.Writer) error {
		for i := range n {
			f := finding(i+1, "deny", "r", "m")
			f.Object.Name = fmt.Sprint(i)
			f.Frame = report.Frame{First: i + 1, Lines: []string{"line"}}
			err := errors.Join(
				w.Object(report.Entry{Object: report.Object{Kind: "Pod", Name: fmt.Sprint("quiet-", i)}, Pods: []workload.Pod{{Request: workload.Bytes(5)}}}),
				w.Object(report.Entry{Object: f.Object, Pods: []workload.Pod{{Request: workload.Bytes(5)}}}), w.Finding(f), w.Gap(report.Gap{Position: at(i+1, 1), Reason: "unreadable", Text: "t"}),
				w.Note(report.Note{Text: "t"}), w.Skip(report.Skip{Text: "t"}), w.Suppressed(f, report.Suppression{Kind: report.SuppressedByBaseline}),
			)
			if err != nil {
				return err
			}
		}
		return w.Close(report.Summary{Violations: map[string]int{"deny": n}})
	})
	for _, tc := range []struct {
		what string
		want int
	}{
		{"<article ", 5000},
		{`<pre class="frame">`, 500},
		{"quiet-", 500},
		{`<table class="memory">`, 5500},
		{">1000 more findings of action deny are counted and not shown", 1},
		{">5000 more are not listed here", 4}, // places of the rule, suppressed, notes, documents
		{">5500 more are not listed here", 1}, // workloads
		{">1000 more are not listed here", 1}, // gaps
		{">6000 deny<", 1},
	} {
		if got := strings.Count(page, tc.what); got != tc.want {
			t.Errorf("%q stands in the page %d times, want %d", tc.what, got, tc.want)
		}
	}
	if len(page) > 8<<20 {
		t.Errorf("the page has %d bytes, want 8 MiB at most", len(page))
	}
}

// TestHTMLFullDisk wants an error of the output to come back.
func TestHTMLFullDisk(t *testing.T) {
	if err := sample(report.HTML(full{}, report.HTMLOptions{})); !errors.Is(err, errFull) {
		t.Errorf("error = %v, want that of the output", err)
	}
}

// TestHTMLHeadings wants a finding to stand under its own object and its own file, whether
// the object came before it or not, and wherever the last one stands.
func TestHTMLHeadings(t *testing.T) {
	object := func(name string) report.Object {
		return report.Object{APIVersion: "v1", Kind: "Pod", Name: name}
	}
	found := func(name, file string) report.Finding {
		return report.Finding{Place: manifest.Place{Start: manifest.Position{File: file, Line: 1, Column: 1}}, Action: "deny", Rule: "r", Object: object(name), Message: name + " in " + file}
	}
	page := htmlPage(t, func(w report.Writer) error {
		return errors.Join(
			w.Object(report.Entry{Object: object("one")}),
			w.Finding(found("one", "a.yaml")), w.Finding(found("one", "b.yaml")),
			w.Finding(found("two", "b.yaml")), w.Finding(found("two", "b.yaml")),
			w.Close(report.Summary{}),
		)
	})
	var got []string
	for _, m := range regexp.MustCompile(`<h3><span class="name">(.*?)</span>|<h4>Pod <b>(.*?)</b></h4>|</span> (\w+ in \w\.yaml)</h5>`).FindAllStringSubmatch(page, -1) {
		got = append(got, m[1]+m[2]+m[3])
	}
	want := []string{"a.yaml", "one", "one in a.yaml", "b.yaml", "one", "one in b.yaml", "two", "two in b.yaml", "two in b.yaml"}
	if !slices.Equal(got, want) {
		t.Errorf("headings and findings are\n%q, want\n%q", got, want)
	}
	if opened, closed := strings.Count(page, "<div"), strings.Count(page, "</div>"); opened != closed {
		t.Errorf("%d elements are opened and %d closed", opened, closed)
	}
}
