package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// shop has all that a page shows: modes, errors, a freeze, steps, a search.
const shop = `
targets:
  shop: {sim: {delay: {lognormal: {median: 20ms, p99: 90ms}}, servers: 16, queue: 40, errors: 1%, stall: {every: 10s, for: 1s}}}
scenarios:
  - name: steady
    target: shop
    clock: virtual
    duration: 30s
    modes:
      - rate-limited: 300/s
        arrivals: poisson
        max_in_flight: 60
      - concurrent: 10
    thresholds: [p99 < 500ms, errors < 5%]
  - name: search
    target: shop
    clock: virtual
    modes: [{mode: rate-limited, arrivals: poisson}]
    capacity: {find: rate, slo: [errors < 50%], from: 20/s, to: 500/s, hold: 10s}
  - name: visit
    target: shop
    clock: virtual
    duration: 60s
    modes: [concurrent: 8]
    steps:
      - {name: login, get: /login}
      - {name: look, get: /look}
      - {name: pay, post: /pay}
`

// report carries a scenario file out and tells where its page is, and its result.
func report(t *testing.T, yaml string, code int) (page string, run map[string]any) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "shop.yaml"), []byte(yaml), 0o666); err != nil {
		t.Fatal(err)
	}
	plimsoll(t, dir, code, "run", "shop.yaml", "--quiet")
	text, err := os.ReadFile(filepath.Join(dir, "results/latest/run.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &run); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "results/latest/report.html"), run
}

// offline takes the network away.
var offline = chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
	_, err := chromedp.Call(ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	return err
})

// scriptless takes JavaScript away.
var scriptless = chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return err
})

func media(name, value string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: name, Value: value}}})
		return err
	})
}

// From disk and without a network a page shows its charts, says nothing to the
// console and asks for nothing; it looks as it should in the dark, on a telephone and
// on paper.
func TestAPageOpensFromDisk(t *testing.T) {
	file, _ := report(t, shop, 1)
	p := open(t, "file://"+file, offline).lively(t)
	if drawn := value[int](t, p, `document.querySelectorAll('.lively canvas').length`); drawn < 10 {
		t.Errorf("only %d charts are drawn", drawn)
	}
	if blank := value[int](t, p, `[...document.querySelectorAll('.lively canvas')].filter(c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; for (let i = 3; i < d.length; i += 4) if (d[i]) return false; return true; }).length`); blank > 0 {
		t.Errorf("%d charts are blank", blank)
	}
	p.shot(t, "light")
	p.silent(t)
	p.do(t, media("prefers-color-scheme", "dark"))
	if dark := value[string](t, p, `getComputedStyle(document.documentElement).backgroundColor`); dark != "rgb(20, 23, 26)" {
		t.Errorf("in the dark it is %s", dark)
	}
	if key := value[string](t, p, `document.querySelector('.keys path').getAttribute('stroke')`); key != "#4AA8E0" {
		t.Errorf("in the dark the key of the first mode is %s", key)
	}
	p.shot(t, "dark")
	p.do(t, media("prefers-color-scheme", "light"), chromedp.EmulateViewport(360, 740))
	if wide := value[int](t, p, `document.scrollingElement.scrollWidth`); wide > 360 {
		t.Errorf("on 360 px it is %d px wide", wide)
	}
	p.until(t, `[...plimsoll.charts].every(c => c.plots.every(p => p.width <= 360))`) // charts follow the width
	p.shot(t, "narrow")
	p.paper(t)
	p.silent(t)
}

// paper prints the page, where the pictures stand in for what is lively.
func (p *tab) paper(t *testing.T) {
	t.Helper()
	ctx, over := p.soon()
	defer over()
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF())
	if err != nil {
		t.Fatal(err)
	}
	if pages := strings.Count(string(pdf), "/Type /Page\n"); pages < 3 {
		t.Errorf("%d pages of %d bytes", pages, len(pdf))
	}
	if dir := os.Getenv("PLIMSOLL_PICTURES"); dir != "" {
		_ = os.WriteFile(filepath.Join(dir, "paper.pdf"), pdf, 0o666)
	}
}

// Names and texts of a result do nothing, and neither does a script that gets in.
func TestForeignTextsDoNothing(t *testing.T) {
	file, _ := report(t, shop, 1)
	dir := filepath.Dir(file)
	text, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	evil, _ := json.Marshal(`<script>window.evil=1</script><img src=x onerror="window.evil=2">`)
	poisoned := strings.NewReplacer(`"visit"`, string(evil), `"rate-limited-300/s"`, string(evil), `"login"`, string(evil),
		`"simulated: the server answered 500"`, string(evil), `"shop"`, string(evil)).Replace(string(text))
	if err := os.WriteFile(filepath.Join(dir, "evil.json"), []byte(poisoned), 0o666); err != nil {
		t.Fatal(err)
	}
	plimsoll(t, dir, 0, "report", "evil.json", "--write", "html=evil.html")
	p := open(t, "file://"+filepath.Join(dir, "evil.html"), offline).lively(t)
	if shown := value[bool](t, p, `document.body.textContent.includes('<script>window.evil=1</script>')`); !shown {
		t.Error("the names are not shown as they are")
	}
	value[bool](t, p, `document.querySelectorAll('.keys button, thead button, tbody button').forEach(b => b.click()) || true`)
	p.silent(t)
	value[bool](t, p, `(() => { const s = document.createElement('script'); s.textContent = 'window.evil = 3'; document.head.append(s);
		document.body.insertAdjacentHTML('beforeend', '<img src="data:image/png;base64,x" onerror="window.evil = 4">');
		return new Promise(done => document.body.lastElementChild.addEventListener('error', () => done(true))); })()`)
	if evil := value[string](t, p, `String(window.evil)`); evil != "undefined" {
		t.Errorf("something ran: %s", evil)
	}
}

// What is read off a chart is what run.json says.
func TestHoverShowsWhatWasMeasured(t *testing.T) {
	file, run := report(t, shop, 1)
	p := open(t, "file://"+file).lively(t)
	trial := run["trials"].([]any)[0].(map[string]any)
	response := trial["response"].(map[string]any)
	unit := map[string]float64{"s": 1, "ms": 1e-3, "µs": 1e-6}
	for place, name := range map[string]string{"p50": "p50_s", "p90": "p90_s", "p99": "p99_s"} {
		// the cursor goes to where the mouse would be
		read := value[string](t, p, fmt.Sprintf(`(async () => {
			const f = document.querySelector('figure[data-draw=curve]'), chart = [...plimsoll.charts].find(c => f.contains(c.plots[0].root)), u = chart.plots[0];
			const at = 1 / (1 - %s / 100), box = u.over.getBoundingClientRect();
			u.over.dispatchEvent(new MouseEvent('mouseenter', {clientX: box.left + 1, clientY: box.top + 9, bubbles: true}));
			u.over.dispatchEvent(new MouseEvent('mousemove', {clientX: box.left + u.valToPos(at, 'x'), clientY: box.top + 9, bubbles: true}));
			const read = () => f.querySelector('.read').textContent;
			for (let n = 0; n < 500 && !read().startsWith('%s:'); n++) await new Promise(done => setTimeout(done, 10));
			return read();
		})()`, place[1:], place))
		var value float64
		var in string
		if _, after, found := strings.Cut(read, "rate-limited-300/s response "); found {
			fmt.Sscanf(after, "%g %s", &value, &in)
		}
		want := response[name].(float64)
		if got := value * unit[in]; !strings.HasPrefix(read, place+":") || math.Abs(got-want) > 1e-4*want {
			t.Errorf("over %s it reads %q, run.json has %g s", place, read, want)
		}
	}
	p.overTime(t, trial)
	p.overPieces(t)
}

// overPieces has the mouse at a quarter and at three quarters of pieces of time: it reads
// of the piece that it is over.
func (p *tab) overPieces(t *testing.T) {
	t.Helper()
	for _, kind := range []string{"course", "heat"} {
		for _, wrong := range value[[]string](t, p, `(async () => {
			const f = document.querySelector('figure[data-draw=`+kind+`]'), chart = [...plimsoll.charts].find(c => f.contains(c.plots[0].root)), u = chart.plots[0], wrong = [];
			u.root.scrollIntoView({block: 'center'});
			const box = u.over.getBoundingClientRect();
			u.over.dispatchEvent(new MouseEvent('mouseenter', {clientX: box.left + 1, clientY: box.top + 9, bubbles: true}));
			for (let i = 3; i < chart.pieces.length; i += 5) for (const part of [0.25, 0.75]) {
				const [from, to] = chart.pieces[i];
				u.over.dispatchEvent(new MouseEvent('mousemove', {clientX: box.left + u.valToPos(from + part * (to - from), 'x'), clientY: box.top + 9, bubbles: true}));
				const read = () => f.querySelector('.read').textContent, right = () => read().startsWith(chart.named(i) + ':');
				for (let n = 0; n < 100 && !right(); n++) await new Promise(done => setTimeout(done, 10));
				if (!right()) wrong.push(part + ' of ' + chart.named(i) + ': ' + read());
			}
			return wrong;
		})()`) {
			t.Errorf("%s: the mouse at %s", kind, wrong)
		}
	}
}

// overTime compares the rows of the numbers over time with the windows that they are of.
func (p *tab) overTime(t *testing.T, trial map[string]any) {
	t.Helper()
	rows := value[[][]string](t, p, `[...document.querySelector('figure[data-draw=course] table.numbers').tBodies[0].rows].map(r => [...r.cells].map(c => c.textContent))`)
	names := value[[]string](t, p, `[...document.querySelector('figure[data-draw=course] table.numbers').tHead.rows[0].cells].map(c => (c.dataset.mode || '') + ' ' + (c.dataset.name || ''))`)
	column := -1
	for i, name := range names {
		if name == "rate-limited-300/s ended well" {
			column = i
		}
	}
	at := make([]float64, len(rows))
	counts, widths := make([]float64, len(rows)), make([]float64, len(rows))
	for i, row := range rows {
		at[i], _ = strconv.ParseFloat(row[0], 64)
	}
	for _, w := range trial["timeline"].([]any) {
		w := w.(map[string]any)
		i := len(at) - 1
		for i > 0 && at[i] > w["at_s"].(float64)+1e-6 {
			i--
		}
		counts[i] += w["ok"].(float64)
		widths[i] += w["width_s"].(float64)
	}
	for i, row := range rows[:len(rows)-1] {
		got, _ := strconv.ParseFloat(row[column], 64)
		if want := counts[i] / widths[i]; math.Abs(got-want) > 1e-4*want+1e-9 {
			t.Errorf("at %s s %s ended a second, by run.json %g", row[0], row[column], want)
		}
	}
}

// Zoom, keys, sorting and the filter, by mouse and by keyboard.
func TestWhatMovesMoves(t *testing.T) {
	file, _ := report(t, shop, 1)
	p := open(t, "file://"+file).lively(t)
	const first = `[...plimsoll.charts][0].plots[0]`
	const span = `(` + first + `.scales.x.max / ` + first + `.scales.x.min)`
	whole := value[float64](t, p, span)
	box := value[[]float64](t, p, `(() => { `+first+`.root.scrollIntoView({block: 'center'}); const b = `+first+`.over.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()`)
	x, y := box[0]+box[2]*0.3, box[1]+box[3]/2
	p.do(t, chromedp.DragAndDropXY(x, y, x+box[2]*0.3, y))
	p.until(t, fmt.Sprintf("%s < %g", span, whole/2))
	p.do(t, chromedp.MouseClickXY(x, y), chromedp.MouseClickXY(x, y, chromedp.ClickCount(2)))
	p.until(t, fmt.Sprintf("Math.abs(%s - %g) <= 1e-9 * %[2]g", span, whole))
	value[bool](t, p, `document.querySelector('.lively').focus() || true`)
	p.do(t, chromedp.KeyEvent("+"))
	p.until(t, fmt.Sprintf("%s < %g", span, whole*0.7))
	p.do(t, chromedp.KeyEvent("0"))
	p.keys(t)
	lines := func() int { return value[int](t, p, first+`.series.length`) }
	before := lines()
	p.do(t, chromedp.Click(chromedp.CSS(`.keys button`)))
	if after := lines(); after >= before {
		t.Errorf("%d lines with a mode switched off, %d before", after, before)
	}
	value[bool](t, p, `document.querySelector('.keys button').focus() || true`)
	p.do(t, chromedp.KeyEvent(" "))
	if after := lines(); after != before {
		t.Errorf("%d lines with it on again, %d before", after, before)
	}
	p.tables(t)
	p.silent(t)
}

// keys goes through each kind of chart place by place: the keys reach all of them, and
// from where the cursor is.
func (p *tab) keys(t *testing.T) {
	t.Helper()
	for _, kind := range []string{"curve", "course", "heat"} {
		figure := `document.querySelector('figure[data-draw=` + kind + `]')`
		names := value[[]string](t, p, `(() => { `+figure+`.querySelector('.lively').focus(); const c = [...plimsoll.charts].find(c => `+figure+`.contains(c.plots[0].root)); return c.pieces.map((x, i) => c.named(i)); })()`)
		at := 0
		read := func(key string, place int) {
			t.Helper()
			p.do(t, chromedp.KeyEvent(key))
			at = min(max(place, 0), len(names)-1)
			if got := value[string](t, p, figure+`.querySelector('.read').textContent`); !strings.HasPrefix(got, names[at]+": ") {
				t.Fatalf("%s: at place %d it reads %q, not of %s", kind, at, got, names[at])
			}
		}
		read(kb.End, len(names))
		read(kb.Home, 0)
		for range names {
			read(kb.ArrowRight, at+1)
		}
		read(kb.PageUp, at-10)
		read(kb.ArrowLeft, at-1)
		read("+", at)
		read(kb.ArrowRight, at+1)
		read("0", at)
		read(kb.PageDown, at+10)
	}
}

// tables sorts and filters the slowest calls, and chooses a step.
func (p *tab) tables(t *testing.T) {
	t.Helper()
	const table = `[...document.querySelectorAll('table[data-sorts]')].find(t => t.tBodies[0].rows.length > 10 && t.textContent.includes('due at'))`
	column := func() []float64 {
		return value[[]float64](t, p, `[...`+table+`.tBodies[0].rows].map(r => parseFloat(r.cells[1].textContent))`)
	}
	sorted := func(sign float64) bool {
		all := column()
		for i := range all[1:] {
			if sign*all[i] > sign*all[i+1] {
				return false
			}
		}
		return true
	}
	value[bool](t, p, table+`.tHead.rows[0].cells[1].querySelector('button').click() || true`)
	if !sorted(-1) {
		t.Errorf("not sorted, largest first: %v", column())
	}
	value[bool](t, p, table+`.tHead.rows[0].cells[1].querySelector('button').focus() || true`)
	p.do(t, chromedp.KeyEvent("\r"))
	if !sorted(1) {
		t.Errorf("not sorted, smallest first: %v", column())
	}
	value[bool](t, p, `(() => { const f = `+table+`.parentElement.previousElementSibling.querySelector('input'); f.focus(); return true; })()`)
	p.do(t, chromedp.KeyEvent("concurrent-10"))
	if shown := value[[]string](t, p, `[...`+table+`.tBodies[0].rows].filter(r => r.offsetHeight > 0).map(r => r.cells[0].textContent)`); len(shown) != 10 || shown[0] != "concurrent-10" {
		t.Errorf("filtered, these are left: %q", shown)
	}
	drawn := func() int { return value[int](t, p, `document.querySelectorAll('.lively').length`) }
	before := drawn()
	value[bool](t, p, `document.querySelectorAll('tr[data-w] button')[1].click() || true`)
	if after := drawn(); after != before+2 {
		t.Errorf("a step that is chosen draws %d charts", after-before)
	}
}

// Without JavaScript all is there but what moves.
func TestWithoutScripts(t *testing.T) {
	file, _ := report(t, shop, 1)
	p := open(t, "file://"+file, scriptless)
	p.shot(t, "scriptless")
	for what, script := range map[string]string{
		"tables that are not seen": `[...document.querySelectorAll('table:not(.numbers)')].filter(t => t.getBoundingClientRect().height < 10).length`,
		"folds without a table":    `[...document.querySelectorAll('figure details')].filter(d => !d.querySelector('table')).length`,
		"buttons":                  `document.querySelectorAll('button').length`,
	} {
		if n := value[int](t, p, script); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	for _, figure := range value[[]string](t, p, `[...document.querySelectorAll('figure')].filter(f => !f.querySelector('svg') || f.querySelector('svg').getBoundingClientRect().height < 50).map(f => f.textContent.slice(0, 100))`) {
		t.Errorf("there is no picture of %s", figure)
	}
	p.silent(t)
}

// axe-core, which knows what readers of screens need, finds nothing.
func TestAxeFindsNothing(t *testing.T) {
	axe := axeCore(t)
	file, _ := report(t, shop, 1)
	p := open(t, "file://"+file).lively(t)
	value[bool](t, p, string(axe)+"; true")
	value[bool](t, p, `document.querySelectorAll('tr[data-w] button')[0].click() || true`)
	for _, scheme := range []string{"light", "dark"} {
		p.do(t, media("prefers-color-scheme", scheme))
		for _, found := range value[[]string](t, p, `axe.run().then(r => r.violations.map(v => v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + ' ' + n.failureSummary).join(' | ')))`) {
			t.Errorf("%s: %s", scheme, found)
		}
	}
}

// axeCore is the script, as npm has it.
func axeCore(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", "npm pack --silent axe-core@4.14.1 && tar xzf axe-core-4.14.1.tgz package/axe.min.js")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		absent(t, fmt.Sprintf("axe-core cannot be had: %v\n%s", err, out))
	}
	script, err := os.ReadFile(filepath.Join(dir, "package/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return script
}

// A page of a thousand steps can be read as soon as it is loaded, before its script has
// drawn anything, and that takes not much longer than to open an empty one: here some
// three times, of which ten are allowed.
func TestAThousandStepsOpen(t *testing.T) {
	var yaml strings.Builder
	yaml.WriteString("targets: {shop: {sim: {delay: {exponential: 5ms}}}}\nscenarios:\n  - name: long\n    target: shop\n    clock: virtual\n    duration: 20m\n    modes: [concurrent: 10]\n    steps:\n")
	for i := range 1000 {
		fmt.Fprintf(&yaml, "      - {name: step-%d, get: /%d}\n", i, i)
	}
	file, _ := report(t, yaml.String(), 0)
	if info, err := os.Stat(file); err != nil || info.Size() > 1<<20 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	empty := filepath.Join(t.TempDir(), "empty.html")
	if err := os.WriteFile(empty, []byte("<!DOCTYPE html><title>empty</title><p>empty"), 0o666); err != nil {
		t.Fatal(err)
	}
	p := open(t, "file://"+empty)
	took := func(file string) float64 {
		began := time.Now()
		p.do(t, chromedp.Navigate("file://"+file))
		return float64(time.Since(began))
	}
	var ratios []float64 // of neighbours, which share what else the machine does
	for range 7 {
		none := took(empty)
		ratios = append(ratios, took(file)/none)
	}
	slices.Sort(ratios)
	t.Logf("it opens in %.1f times an empty page's time", ratios)
	if middle := ratios[len(ratios)/2]; middle > 10 {
		t.Errorf("it opens in %.1f times an empty page's time", middle)
	}
	if rows := value[int](t, p, `document.querySelectorAll('tr[data-q]').length`); rows != 1001 {
		t.Errorf("%d rows have curves", rows)
	}
	p.lively(t)
}

// Firefox shows it as well.
func TestFirefoxOpensIt(t *testing.T) {
	path := installed(t, "firefox-esr", "firefox")
	file, _ := report(t, shop, 1)
	home := t.TempDir()
	picture := filepath.Join(home, "page.png")
	ctx, over := context.WithTimeout(t.Context(), 2*time.Minute)
	defer over()
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-remote", "--profile", home, "--window-size=1000,1600", "--screenshot", picture, "file://"+file)
	cmd.Env = append(os.Environ(), "HOME="+home, "MOZ_HEADLESS=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) < 50_000 {
		t.Errorf("a picture of %d bytes: hardly anything is on it", len(text))
	}
	if dir := os.Getenv("PLIMSOLL_PICTURES"); dir != "" {
		_ = os.WriteFile(filepath.Join(dir, "firefox.png"), text, 0o666)
	}
}
