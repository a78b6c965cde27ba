package html

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium is the path of Debian's Chromium, which is installed if that is possible.
var chromium = sync.OnceValues(func() (string, error) {
	if path, err := exec.LookPath("chromium"); err == nil {
		return path, nil
	}
	if os.Geteuid() != 0 {
		return "", fmt.Errorf("there is no chromium, and only root can install it")
	}
	for _, args := range [][]string{{"update"}, {"install", "-y", "--no-install-recommends", "chromium"}} {
		cmd := exec.Command("apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("there is no chromium, and apt-get %s: %w\n%s", args[0], err, out)
		}
	}
	return exec.LookPath("chromium")
})

// A tab is a page in a browser of its own, and what the browser said of it.
type tab struct {
	context.Context
	address string

	mu       sync.Mutex
	requests []string
	messages []string
}

// open opens a file in Chromium.
func open(t *testing.T, file string) *tab {
	t.Helper()
	path, err := chromium()
	if err != nil {
		t.Skipf("no browser: %v", err)
	}
	file, err = filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	limited, stop := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	page := &tab{Context: ctx, address: (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()}
	if err := chromedp.Listen(ctx, page.listen); err != nil {
		t.Fatal(err)
	}
	call(t, page, network.Enable, network.EnableParams{})
	call(t, page, cdplog.Enable, cdp.Empty{})
	call(t, page, runtime.Enable, cdp.Empty{})
	page.run(t, chromedp.Navigate(page.address))
	return page
}

func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, event.Request.URL)
	case *cdplog.EventEntryAdded:
		p.messages = append(p.messages, fmt.Sprint(event.Entry.Level, ": ", event.Entry.Text))
	case *runtime.EventConsoleAPICalled:
		p.messages = append(p.messages, fmt.Sprint("console: ", event.Type))
	case *runtime.EventExceptionThrown:
		p.messages = append(p.messages, event.ExceptionDetails.Text)
	}
}

func (p *tab) run(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(p, actions...); err != nil {
		t.Fatalf("%s: %v", p.address, err)
	}
}

// call sends a command of the DevTools protocol.
func call[P, R any](t *testing.T, p *tab, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(p, command, params); err != nil {
		t.Fatalf("%s: %s: %v", p.address, command.Method, err)
	}
}

// look sets the width of the window in CSS pixels, and the colour scheme.
func (p *tab) look(t *testing.T, width int64, scheme string) {
	t.Helper()
	call(t, p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1})
	call(t, p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// eval is the value of an expression in the page, or of its promise.
func eval[T any](t *testing.T, p *tab, expression string) T {
	t.Helper()
	return get(t, p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// get is what an action returns.
func get[T any](t *testing.T, p *tab, action chromedp.Action[T]) T {
	t.Helper()
	value, err := chromedp.Run(p, action)
	if err != nil {
		t.Fatalf("%s: %v", p.address, err)
	}
	return value
}

// screenshot keeps a picture of the whole page, for whoever runs the test with -artifacts.
func (p *tab) screenshot(t *testing.T, name string) {
	t.Helper()
	picture := get(t, p, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// quiet wants the page to have loaded nothing but itself, and nothing to be wrong with it.
func (p *tab) quiet(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, request := range p.requests {
		if base, _, _ := strings.Cut(request, "#"); base != p.address {
			t.Errorf("the page asked for %s, want nothing but itself", request)
		}
	}
	if len(p.requests) == 0 {
		t.Error("no request was seen, want that of the page")
	}
	for _, message := range p.messages {
		t.Errorf("console: %s", message)
	}
}
