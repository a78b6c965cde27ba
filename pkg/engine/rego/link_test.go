package rego

import (
	"errors"
	"fmt"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/memgate/memgate/pkg/refdata"
)

// says is a template whose message is lib.<name>.text, with a helper of the same name in
// every template.
func says(name, own string, libs ...string) Source {
	return Source{"v1", fmt.Sprintf("package %s\nimport data.lib.%s\n_own := %q\nviolation contains {\"msg\": concat(\" \", [_own, %s.text])} if true", own, name, own, name), libs}
}

// messages are those of a program without data, one after the other.
func messages(t *testing.T, p *Program) string {
	t.Helper()
	store := refdata.New(0).OPA()
	txn, err := store.NewTransaction(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Abort(t.Context(), txn)
	found, err := p.Eval(t.Context(), Query{Store: store, Txn: txn, Review: ast.NewObject(), Parameters: ast.NewObject()})
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, f := range found {
		text += f.Msg.String()
	}
	return text
}

func checkMessages(t *testing.T, sources []Source, want []string) []*Program {
	t.Helper()
	programs, errs := CompileAll(sources)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for i, p := range programs {
		if got := messages(t, p); got != want[i] {
			t.Errorf("messages of source %d = %s, want %s", i, got, want[i])
		}
	}
	return programs
}

// TestCompileAll wants templates to mean the same whether they share libs or not: a
// package of a lib may stand for different texts in different templates.
func TestCompileAll(t *testing.T) {
	const one, other = "package lib.word\ntext := \"one\"", "package lib.word\ntext := \"other\""
	programs := checkMessages(t, []Source{
		says("word", "a", one),
		says("word", "b", other),
		says("word", "c", one),
		{"v1", "package d\nviolation contains {\"msg\": \"d alone\"} if data.inventory.cluster.v1", nil},
		says("word", "f", other),
	}, []string{`"a one"`, `"b other"`, `"c one"`, "", `"f other"`})
	if programs[0].Compiler != programs[2].Compiler {
		t.Error("a and c have the same lib and were not compiled together")
	}
	for i, p := range programs {
		if (len(p.Reads) > 0) != (i == 3) {
			t.Errorf("source %d reads %v of the inventory", i, p.Reads)
		}
	}
}

// TestCompileAllFaults wants a fault to be that of its template alone, at its own place,
// even if the template would have been compiled together with others.
func TestCompileAllFaults(t *testing.T) {
	const good, bad = "package lib.good\ntext := \"x\"", "package lib.bad\ntext := nothing(1)"
	programs, errs := CompileAll([]Source{says("good", "a", good), says("bad", "b", good, bad)})
	const want = "libs[1]:2: rego_type_error: undefined function nothing"
	if errs[0] != nil || errs[1] == nil || errs[1].Error() != want {
		t.Errorf("errors = %v, want %s of b", errs, want)
	}
	if programs[0] == nil || programs[1] != nil {
		t.Errorf("programs = %v, want one for a alone", programs)
	}
}

// TestCompileAllIterating wants a template that looks at its libs as data to see its own
// alone, whatever other templates bring.
func TestCompileAllIterating(t *testing.T) {
	const word, more = "package lib.word\ntext := \"x\"", "package lib.word.more\ntext := \"y\""
	message := func(name, value string) Source {
		return Source{"v1", fmt.Sprintf("package %s\nimport data.lib.word\nviolation contains {\"msg\": sprintf(\"%%v\", [%s])} if true", name, value), []string{word}}
	}
	checkMessages(t, []Source{
		message("a", "[key | some key, _ in word]"),
		message("b", "object.get(word, \"more\", \"none\")"),
		{"v1", "package c\nimport data.lib.word\nviolation contains {\"msg\": \"seen\"} if word.more.text", []string{word}},
		{"v1", "package d\nimport data.lib.word\nimport data.lib.word.more\nviolation contains {\"msg\": concat(\"\", [word.text, more.text])} if true", []string{word, more}},
	}, []string{`"[\"text\"]"`, `"none"`, "", `"xy"`})
}
