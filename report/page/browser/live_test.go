package browser

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// slow answers after a while until it is let go, from then on at once: what calls it
// goes on until somebody has seen enough, however long a browser takes.
type slow struct{ letGo atomic.Bool }

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.letGo.Load() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-r.Context().Done():
		}
	}
}

// live begins a run of two trials that is shown live, and tells where.
func live(t *testing.T, first, second http.Handler) (url string) {
	t.Helper()
	servers := [...]*httptest.Server{httptest.NewServer(first), httptest.NewServer(second)}
	dir := t.TempDir()
	yaml := fmt.Sprintf(`
targets: {first: {http: {url: "%s/"}}, second: {http: {url: "%s/"}}}
scenarios:
  - name: steady
    target: first
    requests: 30000
    modes: [concurrent: 2, {concurrent: 3, target: second}]
    thresholds: [errors < 1%%]
`, servers[0].URL, servers[1].URL)
	if err := os.WriteFile(filepath.Join(dir, "live.yaml"), []byte(yaml), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t), "run", "live.yaml", "--quiet", "--live")
	cmd.Dir = dir
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		for _, s := range servers {
			s.CloseClientConnections()
			s.Close()
		}
	})
	said := bufio.NewReader(stderr)
	line, err := said.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "live: ") {
		t.Fatalf("it says %q, %v", line, err)
	}
	go func() { _, _ = said.WriteTo(os.Stderr) }() // whose pipe shall not fill
	return strings.TrimSpace(strings.TrimPrefix(line, "live: "))
}

// A run that is shown live shows its charts while it goes on, and ends as the report.
func TestLive(t *testing.T) {
	var first, second slow
	p := open(t, "about:blank") // a browser takes its time to come
	url := live(t, &first, &second)
	p.do(t, chromedp.Navigate(url))
	p.shows(t, "of the first trial", `document.querySelectorAll('main .lively canvas').length >= 3`, "steady concurrent-2", "trial 1 of 2")
	first.letGo.Store(true)
	p.until(t, `document.querySelectorAll('main .lively canvas').length >= 3 && document.querySelector('h2').textContent.startsWith('steady concurrent-3 ')`)
	if read := value[string](t, p, `document.querySelector('.read').textContent`); read != "" {
		t.Errorf("nobody looks, and it reads %q", read)
	}
	value[bool](t, p, `(window.before = {chart: [...plimsoll.charts][0], pieces: [...plimsoll.charts][0].pieces.length}) !== undefined`)
	if charts := value[int](t, p, `plimsoll.charts.size`); charts != 1 {
		t.Errorf("%d charts are kept", charts)
	}
	p.until(t, `before.chart.pieces.length > before.pieces && [...plimsoll.charts][0] === before.chart`)
	p.shot(t, "live")
	p.shows(t, "in the second trial", `true`, "Trials that have ended", "trial 2 of 2")
	second.letGo.Store(true)
	p.until(t, `document.body.innerText.includes('How it was measured')`)
	p.lively(t)
	p.shows(t, "at the end", `true`, "promises hold")
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, asked := range p.requests {
		if asked != "about:blank" && !strings.HasPrefix(asked, url) {
			t.Errorf("it asked for %s", asked)
		}
	}
	if len(p.console) > 0 {
		t.Errorf("the console says %q", p.console)
	}
}

// shows waits for a condition, and looks for texts on the page then.
func (p *tab) shows(t *testing.T, when, condition string, texts ...string) {
	t.Helper()
	p.until(t, condition)
	all := value[string](t, p, `document.body.innerText`)
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("%s it does not say %q: %.1000s", when, text, all)
		}
	}
}
