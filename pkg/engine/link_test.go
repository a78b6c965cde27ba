package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/refdata"
)

// says is the Rego of a template whose message is lib.<name>.text, with a helper of the
// same name in every template.
func says(name, own string) string {
	return fmt.Sprintf("package %s\nimport data.lib.%s\n_own := %q\nviolation contains {\"msg\": concat(\" \", [_own, %s.text])} if true", own, name, own, name)
}

// TestCompileAll wants templates to mean the same whether they share libs or not: a
// package of a lib may stand for different texts in different templates.
func TestCompileAll(t *testing.T) {
	const one, other = "package lib.word\ntext := \"one\"", "package lib.word\ntext := \"other\""
	templates := []*policy.Template{
		{Kind: "A", Code: codeOf(says("word", "a"), one)},
		{Kind: "B", Code: codeOf(says("word", "b"), other)},
		{Kind: "C", Code: codeOf(says("word", "c"), one)},
		{Kind: "D", Code: codeOf("package d\nviolation contains {\"msg\": \"d alone\"} if data.inventory.cluster.v1")},
		{Kind: "E", Code: nil},
		{Kind: "F", Code: codeOf(says("word", "f"), other)},
	}
	programs, err := compileAll(templates)
	if err != nil {
		t.Fatal(err)
	}
	if programs[templates[0]].compiler != programs[templates[2]].compiler {
		t.Error("A and C have the same lib and were not compiled together")
	}
	if programs[templates[4]] != nil {
		t.Error("E has no Rego and has a program")
	}
	ctx := context.Background()
	data, done, err := snapshotOf(ctx, refdata.New(0).OPA())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for i, want := range []string{`"a one"`, `"b other"`, `"c one"`, "", "", `"f other"`} {
		p := programs[templates[i]]
		if p == nil {
			continue
		}
		found, err := p.eval(ctx, data, time.Time{}, ast.NewObject(), ast.NewObject())
		got := ""
		for _, f := range found {
			got += f.msg.String()
		}
		if err != nil || got != want {
			t.Errorf("%s: messages = %s, %v, want %s", templates[i].Kind, got, err, want)
		}
		if reads := len(p.reads); (reads > 0) != (templates[i].Kind == "D") {
			t.Errorf("%s reads %v of the inventory", templates[i].Kind, p.reads)
		}
	}
}

// TestCompileAllFaults wants a fault to be that of its template alone, at its own place,
// even if the template would have been compiled together with others.
func TestCompileAllFaults(t *testing.T) {
	const good, bad = "package lib.good\ntext := \"x\"", "package lib.bad\ntext := nothing(1)"
	a := &policy.Template{Kind: "A", Code: codeOf(says("good", "a"), good)}
	b := &policy.Template{Kind: "B", Code: codeOf(says("bad", "b"), good, bad)}
	programs, err := compileAll([]*policy.Template{a, b})
	const want = "template B: libs[1]:2: rego_type_error: undefined function nothing"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	if programs[a] == nil || programs[b] != nil {
		t.Errorf("programs = %v, want one for A alone", programs)
	}
}

// TestCompileAllIterating wants a template that looks at its libs as data to see its own
// alone, whatever other templates bring.
func TestCompileAllIterating(t *testing.T) {
	const word, more = "package lib.word\ntext := \"x\"", "package lib.word.more\ntext := \"y\""
	message := func(name, value string) string {
		return fmt.Sprintf("package %s\nimport data.lib.word\nviolation contains {\"msg\": sprintf(\"%%v\", [%s])} if true", name, value)
	}
	templates := []*policy.Template{
		{Kind: "A", Code: codeOf(message("a", "[key | some key, _ in word]"), word)},
		{Kind: "B", Code: codeOf(message("b", "object.get(word, \"more\", \"none\")"), word)},
		{Kind: "C", Code: codeOf("package c\nimport data.lib.word\nviolation contains {\"msg\": \"seen\"} if word.more.text", word)},
		{Kind: "D", Code: codeOf("package d\nimport data.lib.word\nimport data.lib.word.more\nviolation contains {\"msg\": concat(\"\", [word.text, more.text])} if true", word, more)},
	}
	programs, err := compileAll(templates)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	data, done, err := snapshotOf(ctx, refdata.New(0).OPA())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for i, want := range []string{`"[\"text\"]"`, `"none"`, "", `"xy"`} {
		found, err := programs[templates[i]].eval(ctx, data, time.Time{}, ast.NewObject(), ast.NewObject())
		got := ""
		for _, f := range found {
			got += f.msg.String()
		}
		if err != nil || got != want {
			t.Errorf("%s: messages = %s, %v, want %s", templates[i].Kind, got, err, want)
		}
	}
}
