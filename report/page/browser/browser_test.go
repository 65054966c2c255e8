// Package browser opens pages that plimsoll wrote in a real Chromium, as people do.
// It is a module of its own, so that nobody else needs what drives the browser:
//
//	cd report/page/browser && go test ./...
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// installed is where the first of some programs is that is installed.
func installed(t *testing.T, names ...string) (path string) {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	absent(t, strings.Join(names, " or ")+" is not installed")
	return ""
}

// absent ends a test that cannot be carried out: it skips, and fails where
// PLIMSOLL_REAL says that all was to be there, as in .ci/run.
func absent(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("PLIMSOLL_REAL") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// tab is a page that is open, what it wrote to its console, and what it asked for.
type tab struct {
	context.Context
	mu       sync.Mutex
	console  []string
	requests []string
}

// open opens an address in a new browser; before are done first.
func open(t *testing.T, url string, before ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	path := installed(t, "chromium", "chromium-browser", "google-chrome")
	ctx, leave := chromedp.NewContext(t.Context(), chromedp.WithAllocatorOptions(chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1100, 900)))
	t.Cleanup(leave)
	p := &tab{Context: ctx}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	enable := func(method func(context.Context) error) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error { return method(ctx) })
	}
	p.do(t,
		enable(func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
			return err
		}),
		enable(func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, log.Enable, cdp.Empty{})
			return err
		}),
		enable(func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, runtime.Enable, cdp.Empty{})
			return err
		}))
	p.do(t, before...)
	p.do(t, chromedp.Navigate(url))
	return p
}

// lively waits until the script is through.
func (p *tab) lively(t *testing.T) *tab {
	t.Helper()
	p.until(t, `document.documentElement.dataset.ready === 'true'`)
	return p
}

// until waits for what a script's condition says. It is asked anew each time, of whatever
// stands in the tab by then: chromedp.Poll keeps to one context of scripts, which goes
// with the page before, ends where the condition throws meanwhile, and after half a
// minute.
func (p *tab) until(t *testing.T, condition string) {
	t.Helper()
	ctx, over := p.soon()
	defer over()
	for {
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool](condition))
		if holds && err == nil {
			return
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Fatalf("it does not come to hold that %s: %v; the console says %q", condition, err, p.console)
		}
	}
}

// hear notes what a page says and asks for.
func (p *tab) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		for _, a := range e.Args {
			p.console = append(p.console, string(a.Value)+a.Description)
		}
	case *runtime.EventExceptionThrown:
		p.console = append(p.console, fmt.Sprintf("%+v", e.ExceptionDetails))
	case *log.EventEntryAdded:
		p.console = append(p.console, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	}
}

// silent fails where the page wrote to its console, or asked for anything but itself.
func (p *tab) silent(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.console) > 0 {
		t.Errorf("the console says %q", p.console)
	}
	if len(p.requests) != 1 {
		t.Errorf("it asked for %q", p.requests)
	}
}

// do carries out what people do.
func (p *tab) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, over := p.soon()
	defer over()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// soon bounds what is done once the browser is there: by minutes, which nothing takes
// but what never comes, on a busy machine too.
func (p *tab) soon() (context.Context, context.CancelFunc) {
	if chromedp.FromContext(p).Target == nil {
		return context.WithCancel(p)
	}
	return context.WithTimeout(p, 3*time.Minute)
}

// value is what a script's expression comes to.
func value[T any](t *testing.T, p *tab, script string) T {
	t.Helper()
	ctx, over := p.soon()
	defer over()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}

// shot keeps a picture of all of the page where PLIMSOLL_PICTURES says where.
func (p *tab) shot(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("PLIMSOLL_PICTURES")
	if dir == "" {
		return
	}
	ctx, over := p.soon()
	defer over()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o666); err != nil {
		t.Fatal(err)
	}
}

// plimsoll carries out a command line of the program's in dir, and tells what it
// printed; code is what it must end with.
func plimsoll(t *testing.T, dir string, code int, args ...string) string {
	t.Helper()
	cmd := exec.Command(program(t), args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if ended, is := err.(*exec.ExitError); err != nil && !is || is && ended.ExitCode() != code || err == nil && code != 0 {
		t.Fatalf("plimsoll %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "plimsoll-browser")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "plimsoll")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/plimsoll")
	cmd.Dir = "../../.."
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = &failed{err, string(out)}
	}
	return path, err
})

type failed struct {
	error
	out string
}

func (f *failed) Error() string { return f.error.Error() + "\n" + f.out }

func program(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}
