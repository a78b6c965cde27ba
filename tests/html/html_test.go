package html

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
)

// check runs memgate, and returns the page and the findings of the JSON report.
func check(t *testing.T, paths ...string) (page string, findings []report.Finding) {
	t.Helper()
	dir := t.TempDir()
	tool, document := filepath.Join(dir, "memgate"), filepath.Join(dir, "report.json")
	page = filepath.Join(dir, "a page.html")
	if out, err := exec.Command("go", "build", "-C", "../..", "-o", tool, "./cmd/memgate").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.Command(tool, append([]string{"check", "-o", "json=" + document, "-o", "html=" + page}, paths...)...)
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Fatalf("memgate check: %v, want exit status 1\n%s", err, out)
	}
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var read struct{ Findings []report.Finding }
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return page, read.Findings
}

// TestPage opens the page of a real run.
func TestPage(t *testing.T) {
	file, findings := check(t, "../../examples", "testdata")
	page := open(t, file)
	if got, want := eval[string](t, page, "document.title"), "memgate: Denied"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	if got := eval[int](t, page, "document.querySelectorAll('article.finding').length"); got != len(findings) || got == 0 {
		t.Errorf("the page has %d findings, the JSON report %d", got, len(findings))
	}
	if got := eval[int](t, page, "new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size - document.querySelectorAll('[id]').length"); got != 0 {
		t.Errorf("%d ids stand twice", -got)
	}
	if got := eval[[]string](t, page, `[...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href')).filter(h => !document.getElementById(h.slice(1)))`); len(got) > 0 {
		t.Errorf("links that lead nowhere: %q", got)
	}
	marks := eval[[]string](t, page, "[...document.querySelectorAll('article.finding mark')].map(e => e.textContent)")
	if want := "sizeLimit: 768Mi"; !slices.Contains(marks, want) {
		t.Errorf("marked are %q, want %q among them", marks, want)
	}
	if got, want := eval[string](t, page, "document.querySelector('#not-judged tbody').textContent"), "broken.yaml:3:1"; !strings.Contains(got, want) {
		t.Errorf("not judged: %q, want it to have %q", got, want)
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 400} {
			t.Run(fmt.Sprint(scheme, width), func(t *testing.T) {
				page.look(t, width, scheme)
				toScale(t, page)
				fits(t, page, width)
				legible(t, page, scheme)
				page.screenshot(t, fmt.Sprint(scheme, width))
			})
		}
	}
	page.look(t, 1280, "light")
	t.Run("hostile", func(t *testing.T) { harmless(t, page) })
	t.Run("filter", func(t *testing.T) { filters(t, page, len(findings)) })
	t.Run("link", func(t *testing.T) {
		id := eval[string](t, page, "[...document.querySelectorAll('article.finding')].at(-1).id")
		page.run(t, chromedp.Navigate(page.address+"#"+id))
		if !eval[bool](t, page, "(r => r.top >= 0 && r.top < innerHeight)(document.querySelector(':target').getBoundingClientRect())") {
			t.Errorf("the finding %s is not in sight, though the address names it", id)
		}
	})
	page.quiet(t)
}

// A chart is the memory of a workload as it is drawn.
type chart struct {
	Object string
	Bars   []struct {
		Name, Word         string
		Bytes, Start       float64 // -1 if there is no bound
		Left, Width, Whole float64 // pixels
	}
}

// toScale measures the bars of all workloads: within a chart, each pixel is the same number
// of bytes, and what has no bound is longer than all that has one.
func toScale(t *testing.T, page *tab) {
	t.Helper()
	charts := eval[[]chart](t, page, `[...document.querySelectorAll('.memory')].map(table => ({
		Object: table.closest('.object').querySelector('h4').textContent,
		Bars: [...table.querySelectorAll('tbody tr')].flatMap(row => [...row.querySelectorAll('rect')].map(rect => {
			const whole = row.querySelector('svg').getBoundingClientRect(), box = rect.getBoundingClientRect();
			return {
				Name: row.querySelector('th').firstChild.textContent.trim(), Word: row.querySelector('.size').textContent,
				Bytes: +(rect.dataset.bytes ?? -1), Start: +(rect.dataset.start ?? -1),
				Left: box.left - whole.left, Width: box.width, Whole: whole.width,
			};
		})),
	}))`)
	drawn := map[string][]string{}
	for _, c := range charts {
		perByte, longest, open := 0.0, 0.0, math.Inf(1)
		for _, b := range c.Bars {
			drawn[c.Object] = append(drawn[c.Object], b.Name+" "+b.Word)
			if b.Bytes < 0 {
				open = min(open, b.Left+b.Width)
				continue
			}
			if perByte == 0 {
				perByte = b.Width / b.Bytes
			}
			longest = max(longest, b.Left+b.Width)
			if want := b.Bytes * perByte; math.Abs(b.Width-want) > 1 {
				t.Errorf("%s: %s is %.1f pixels wide, want %.1f", c.Object, b.Name, b.Width, want)
			}
			if want := b.Start * perByte; math.Abs(b.Left-want) > 1 {
				t.Errorf("%s: %s starts at %.1f pixels, want %.1f", c.Object, b.Name, b.Left, want)
			}
			if b.Whole < 80 || b.Left+b.Width > b.Whole+.5 {
				t.Errorf("%s: %s ends at %.1f of %.1f pixels", c.Object, b.Name, b.Left+b.Width, b.Whole)
			}
		}
		if open <= longest {
			t.Errorf("%s: what has no bound ends at %.1f pixels, before %.1f", c.Object, open, longest)
		}
	}
	for object, want := range map[string][]string{
		"StatefulSet bank/ledger":   {"memory limit 2112Mi", "request 1600Mi", "tmpfs dshm 1536Mi", "tmpfs spool 768Mi", "may be locked 64Mi", "huge pages 512Mi"},
		"Deployment bank/unbounded": {"memory limit no limit", "request 512Mi", "tmpfs scratch no size", "may be locked no limit"},
		"RayCluster bank/ray":       {"memory limit 8Gi", "request 4Gi", "memory limit 1 byte", "request 1 byte"},
		"Deployment bank/quiet":     {"memory limit 256Mi", "request 256Mi"},
	} {
		if !slices.Equal(drawn[object], want) {
			t.Errorf("%s: drawn are %q, want %q", object, drawn[object], want)
		}
	}
}

// fits wants nothing to stand out of a window.
func fits(t *testing.T, page *tab, width int64) {
	t.Helper()
	if got := eval[int64](t, page, "document.documentElement.scrollWidth"); got > width {
		wide := eval[[]string](t, page, "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))")
		t.Errorf("the page is %d pixels wide in a window of %d: %q", got, width, wide)
	}
}

// legible wants the colours of a scheme, and the contrast that WCAG 2.2 asks for text
// (1.4.3, level AA) between each text and what it stands on.
func legible(t *testing.T, page *tab, scheme string) {
	t.Helper()
	const luminance = `const luminance = color => {
		const [r, g, b] = color.match(/[\d.]+/g).slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
		return .2126 * r + .7152 * g + .0722 * b;
	};`
	if bright := eval[float64](t, page, "(() => {"+luminance+"return luminance(getComputedStyle(document.documentElement).backgroundColor) })()"); bright > .5 != (scheme == "light") {
		t.Errorf("the page has luminance %.2f, want a %s one", bright, scheme)
	}
	dim := eval[[]string](t, page, "(() => {"+luminance+`
		const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)$/.test(c)) return c } };
		return [...document.querySelectorAll('body *')].filter(e => !e.closest('script') && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(e => {
			const a = luminance(getComputedStyle(e).color), b = luminance(ground(e));
			return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e];
		}).filter(([contrast]) => contrast < 4.5).map(([contrast, e]) => contrast.toFixed(1) + ' ' + e.outerHTML.slice(0, 60));
	})()`)
	if len(dim) > 0 {
		t.Errorf("text with a contrast below 4.5:\n%s", strings.Join(slices.Compact(dim), "\n"))
	}
}

// harmless wants what the manifests hold to be text and nothing else.
func harmless(t *testing.T, page *tab) {
	t.Helper()
	if got := eval[[]string](t, page, "[...document.querySelectorAll('img, iframe, object, embed, form, base, link, svg *:not(rect, line), main style, main script')].map(e => e.outerHTML)"); len(got) > 0 {
		t.Errorf("elements of a manifest: %q", got)
	}
	if got := eval[[]string](t, page, "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => /^on|^style$/.test(a.name) || /^\\s*(javascript|data):/i.test(a.value)).map(a => a.name + '=' + a.value)"); len(got) > 0 {
		t.Errorf("attributes that act: %q", got)
	}
	headings := eval[[]string](t, page, "[...document.querySelectorAll('.object h4')].map(e => e.textContent)")
	if want := `Deployment " onmouseover="alert(1)" x='/</script><img src=x onerror=alert(1)>`; !slices.Contains(headings, want) {
		t.Errorf("headings %q, want %q among them", headings, want)
	}
	if text := eval[string](t, page, "document.body.textContent"); strings.ContainsAny(text, "\u202e\u2066\a") || !strings.Contains(text, "[U+202E]gnp.exe") {
		t.Error("formatting characters of a name are not shown as such")
	}
}

// filters types into the filter.
func filters(t *testing.T, page *tab, all int) {
	t.Helper()
	const visible = "[...document.querySelectorAll('article.finding')].filter(e => e.checkVisibility()).length"
	wait := func(what, want string, findings int) {
		t.Helper()
		said := eval[string](t, page, `new Promise(done => {
			const output = document.querySelector('#filter output'), end = Date.now() + 10000;
			const look = () => output.textContent === '`+want+`' || Date.now() > end ? done(output.textContent) : requestAnimationFrame(look);
			look();
		})`)
		if got := eval[int](t, page, visible); got != findings || said != want {
			t.Errorf("%s: %d findings are visible, want %d; the page says %q, want %q", what, got, findings, said, want)
		}
	}
	eval[bool](t, page, "document.querySelector('#filter input[type=search]').focus() ?? true")
	call(t, page, input.InsertText, input.InsertTextParams{Text: "bank/ray 400M"})
	wait("words", fmt.Sprintf("2 of %d", all), 2)
	if got := eval[int](t, page, "[...document.querySelectorAll('.file')].filter(e => e.checkVisibility()).length"); got != 1 {
		t.Errorf("%d files are visible, want that of the findings", got)
	}
	click := func(selector string) {
		t.Helper()
		eval[bool](t, page, "document.querySelector('"+selector+"').click() ?? true")
	}
	click("#filter input[value=deny]")
	wait("words without deny", fmt.Sprintf("0 of %d", all), 0)
	click("#rules .places a")
	wait("a link to what is hidden", "", all)
}

// TestLarge opens a page of more findings than it shows.
func TestLarge(t *testing.T) {
	const each, shown = 8000, 5000
	file, err := os.Create(filepath.Join(t.TempDir(), "large.html"))
	if err != nil {
		t.Fatal(err)
	}
	w := report.HTML(file, report.HTMLOptions{})
	for i := range 2 * each {
		at := manifest.Position{File: fmt.Sprintf("%d.yaml", i/100), Line: i%100 + 1, Column: 3}
		err := w.Finding(report.Finding{
			Place:  manifest.Place{Start: at, End: manifest.Position{File: at.File, Line: at.Line, Column: 9}},
			Action: []string{"deny", "warn"}[i%2], Rule: fmt.Sprintf("rule-%d", i%30), Severity: "high",
			Object: report.Object{APIVersion: "v1", Kind: "Pod", Name: fmt.Sprint("pod-", i)}, Message: strings.Repeat("a message ", 20),
			Frame: report.Frame{First: at.Line, Lines: []string{"  memory: 1Gi", "next:"}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(report.Summary{Violations: map[string]int{"deny": each, "warn": each}, Failures: each}), file.Close()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 16<<20 {
		t.Errorf("the page has %d bytes, want 16 MiB at most", info.Size())
	}
	page := open(t, file.Name())
	if got := eval[int](t, page, "document.querySelectorAll('article.finding').length"); got != 2*shown {
		t.Errorf("the page has %d findings, want %d", got, 2*shown)
	}
	if got := eval[int](t, page, "document.querySelectorAll('.frame').length"); got != 1000 {
		t.Errorf("%d findings have their lines, want 1000", got)
	}
	if got, want := eval[string](t, page, "document.querySelector('#files > .rest').textContent"), "3000 more findings of action deny"; !strings.HasPrefix(got, want) {
		t.Errorf("the page says %q, want %q", got, want)
	}
	opened := eval[float64](t, page, "performance.getEntriesByType('navigation')[0].loadEventEnd")
	t.Logf("%d bytes, loaded in %.0f ms", info.Size(), opened)
	page.quiet(t)
}
