package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"plimsoll/runner/result"
	"plimsoll/target/real"
)

// exported is a load of which everything is told that there is to tell: steps,
// failures, what goes on before and beside it, both clocks, open and closed loops.
const exported = `
targets:
  shop: {sim: {delay: {uniform: [5ms, 40ms]}, errors: 10%}}
  bank: {sim: {delay: {uniform: [1s, 3s]}}}
scenarios:
  - name: visits
    target: shop
    duration: 4s
    modes: [rate-limited: 50/s]
    background: crawler
    setup: [{name: log in, call: shop, on_error: continue}]
    steps: [{name: "say \"hi\"", call: shop, on_error: continue}, {name: pay, call: shop, on_error: continue}]
  - {name: crawler, target: shop, modes: [concurrent: 2]}
  - {name: users, target: shop, requests: 300, modes: [concurrent: 5]}
  - {name: simulated, target: bank, clock: virtual, requests: 10000, modes: [concurrent: 100, rate-limited: 20/s]}
`

// aPrometheus is a real one.
type aPrometheus struct {
	*testing.T
	url string
	at  string // the time of queries; "": now
}

// startPrometheus starts one that comes to read at an address.
func startPrometheus(t *testing.T, scrapes string, more ...string) *aPrometheus {
	t.Helper()
	path, address, dir := real.Program(t, "prometheus"), real.Address(t), t.TempDir()
	config := fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [{job_name: scraped, static_configs: [{targets: [%q]}]}]\n", scrapes)
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, dir, path, append([]string{
		"--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=" + address, "--web.enable-remote-write-receiver", "--log.level=warn",
	}, more...)...)
	eventually(t, "prometheus is ready", func() bool {
		answer, err := http.Get("http://" + address + "/-/ready")
		if err != nil {
			return false
		}
		answer.Body.Close()
		select {
		case <-p.gone:
			t.Fatalf("prometheus has ended: %s", p.stderr.String())
		default:
		}
		return answer.StatusCode == http.StatusOK
	})
	ready := &aPrometheus{T: t, url: "http://" + address}
	eventually(t, "prometheus has begun to come", func() bool { return len(ready.query("up")) > 0 }) // it takes 5 s to find out where to
	return ready
}

// get is what it answers.
func (p *aPrometheus) get(path string) string {
	p.Helper()
	answer, err := http.Get(p.url + path)
	if err != nil {
		p.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return string(text)
}

// found is one series that a query found.
type found struct {
	Metric map[string]string
	Value  [2]any   // when, and how much
	Values [][2]any // of a range
}

func (f found) figure(t *testing.T) float64 {
	t.Helper()
	text, _ := f.Value[1].(string)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("%v has no figure: %v", f, err)
	}
	return v
}

func (p *aPrometheus) query(query string) []found {
	p.Helper()
	form := url.Values{"query": {query}}
	if p.at != "" {
		form.Set("time", p.at)
	}
	answer, err := http.PostForm(p.url+"/api/v1/query", form)
	if err != nil {
		p.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	var told struct{ Data struct{ Result []found } }
	if err != nil || answer.StatusCode != http.StatusOK || json.Unmarshal(text, &told) != nil {
		p.Fatalf("%s: %s, %s", query, answer.Status, text)
	}
	return told.Data.Result
}

// one is the figure of the one series that a query finds.
func (p *aPrometheus) one(query string) float64 {
	p.Helper()
	all := p.query(query)
	if len(all) != 1 {
		p.Errorf("%s finds %v", query, all)
		return math.NaN()
	}
	return all[0].figure(p.T)
}

// lastScrape is when it was here for the last time before the program was gone.
func (p *aPrometheus) lastScrape() string {
	p.Helper()
	last := 0.0
	for _, f := range p.query(`plimsoll_calls_total{job="scraped"}[10m]`) {
		for _, v := range f.Values {
			at, _ := v[0].(float64)
			last = max(last, at)
		}
	}
	if last == 0 {
		p.Fatalf("it has not been here: %s", p.get("/api/v1/targets"))
	}
	return strconv.FormatFloat(last, 'f', 3, 64)
}

// sameClasses compares what is told of a place with what the result says.
func (p *aPrometheus) sameClasses(job string, t *result.Trial, step string, m *result.Measure) {
	p.Helper()
	want := map[string]int64{"ok": m.OK, "cancelled": m.Cancelled}
	for class, e := range m.Errors {
		want[class] = e.Count
	}
	for class, n := range want {
		query := fmt.Sprintf("plimsoll_calls_total{job=%q,scenario=%q,mode=%q,step=%q,class=%q}", job, t.Scenario, t.Mode, step, class)
		if n == 0 {
			if all := p.query(query); len(all) > 0 && all[0].figure(p.T) != 0 {
				p.Errorf("%s is %v, want none", query, all)
			}
			continue
		}
		if got := p.one(query); got != float64(n) {
			p.Errorf("%s is %v, want %d", query, got, n)
		}
	}
}

// sameTimes compares quantiles: they may be off by a bucket's width.
func (p *aPrometheus) sameTimes(job string, t *result.Trial, step string, m *result.Measure, native bool) {
	p.Helper()
	where := fmt.Sprintf("job=%q,scenario=%q,mode=%q,step=%q", job, t.Scenario, t.Mode, step)
	h, err := m.Response.Histogram()
	if err != nil {
		p.Fatal(err)
	}
	sum := "plimsoll_response_seconds_sum{" + where + "}"
	if native {
		sum = "histogram_sum(plimsoll_response_seconds{" + where + "})"
	}
	if got, want := p.one(sum), m.Response.MeanS*float64(h.Count()); !(math.Abs(got-want) <= 1e-9*want) {
		p.Errorf("%s is %v, want %v", sum, got, want)
	}
	for _, q := range []float64{0.5, 0.9, 0.99} {
		want := h.Quantile(100 * q).Seconds()
		if native {
			got := p.one(fmt.Sprintf("histogram_quantile(%v, plimsoll_response_seconds{%s})", q, where))
			if width := math.Exp2(1.0 / 16); !(got >= want/width*0.998 && got <= want*width*1.002) {
				p.Errorf("%s: native p%v is %v, want %v", where, 100*q, got, want)
			}
			continue
		}
		got := p.one(fmt.Sprintf("histogram_quantile(%v, plimsoll_response_seconds_bucket{%s})", q, where))
		low, high := 0.0, math.Inf(1)
		for _, f := range p.query("plimsoll_response_seconds_bucket{" + where + "}") {
			le, _ := strconv.ParseFloat(f.Metric["le"], 64)
			if le >= want*0.998 {
				high = min(high, le)
			}
			if le <= want*1.002 {
				low = max(low, le)
			}
		}
		if low == high { // at a bound: the bucket below it, or that above
			low, high = low/2, high*2
		}
		if !(got >= low && got <= high) {
			p.Errorf("%s: classic p%v is %v, want a value from %v to %v, as %v is", where, 100*q, got, low, high, want)
		}
	}
}

// same compares all that is told by a way with a run.
func (p *aPrometheus) same(job string, run *result.Run, native bool) {
	p.Helper()
	for i := range run.Trials {
		t := &run.Trials[i]
		for _, one := range append([]result.Trial{*t}, t.Beside...) {
			p.sameClasses(job, &one, "", &one.Measure)
			p.sameTimes(job, &one, "", &one.Measure, native)
			for k := range one.Steps {
				step := &one.Steps[k]
				p.sameClasses(job, &one, step.Path, &step.Measure)
			}
			if late := p.query(fmt.Sprintf("plimsoll_in_flight{job=%q,scenario=%q,mode=%q}", job, one.Scenario, one.Mode)); one.Clock == "real" && (len(late) != 1 || late[0].figure(p.T) != 0) {
				p.Errorf("%s: in flight at the end: %v", one.Scenario, late)
			}
		}
	}
}

// A real Prometheus that comes to read, and is written to, has what run.json has.
func TestPrometheusHasTheFigures(t *testing.T) {
	t.Parallel()
	for name, features := range map[string][]string{"classic": nil, "native": {"--enable-feature=native-histograms"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			native := features != nil
			listen := real.Address(t)
			p := startPrometheus(t, listen, features...)
			dir := folder(t, fmt.Sprintf("export: {prometheus: {listen: %q, remote_write: %q}}\n", listen, p.url)+exported)
			end := plimsoll(t, dir, "run", "s.yaml", "--allow-late", "--format", "json")
			if end.code != 0 {
				t.Fatalf("exit code %d\n%s", end.code, end.stderr)
			}
			if told := strings.Contains(end.stderr, "keeps no native histograms"); told == native {
				t.Errorf("told %v that it keeps no native histograms:\n%s", told, end.stderr)
			}
			if strings.Contains(end.stderr, "was not told") {
				t.Error(end.stderr)
			}
			run := latest(t, dir)
			p.same("plimsoll", run, false)
			if native {
				p.same("plimsoll", run, true)
			}
			p.at = p.lastScrape()
			p.same("scraped", run, native)
			p.dashboard()
		})
	}
}

// dashboard asks every question of the dashboard, and is answered.
func (p *aPrometheus) dashboard() {
	p.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "grafana.json"))
	if err != nil {
		p.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil || len(board.Panels) < 6 {
		p.Fatal(err, len(board.Panels))
	}
	fill := strings.NewReplacer("$__rate_interval", "1m", "$scenario", ".*", "$mode", ".*", "$step", "")
	for _, panel := range board.Panels {
		answers := 0
		for _, target := range panel.Targets {
			answers += len(p.query(fill.Replace(target.Expr)))
		}
		if answers == 0 {
			p.Errorf("the panel %q is empty", panel.Title)
		}
	}
}

// A real Pushgateway keeps how it ended.
func TestPushgatewayHasTheFigures(t *testing.T) {
	t.Parallel()
	path, address := real.Program(t, "prometheus-pushgateway"), real.Address(t)
	startProgram(t, t.TempDir(), path, "--web.listen-address="+address)
	get := func() string {
		answer, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			return ""
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return string(text)
	}
	eventually(t, "the Pushgateway is ready", func() bool { return get() != "" })
	dir := folder(t, fmt.Sprintf("export: {prometheus: {push: \"http://%s\"}}\n", address)+exported)
	if end := plimsoll(t, dir, "run", "s.yaml", "--allow-late", "--only", "simulated"); end.code != 0 || strings.Contains(end.stderr, "was not told") {
		t.Fatalf("exit code %d\n%s", end.code, end.stderr)
	}
	kept := get()
	for _, trial := range latest(t, dir).Trials {
		line := fmt.Sprintf(`plimsoll_calls_total{class="ok",instance="",job="plimsoll",mode=%q,scenario="simulated"} %d`, trial.Mode, trial.OK)
		if !strings.Contains(kept, line+"\n") || trial.OK != 10000 {
			t.Errorf("there is no %s in\n%s", line, kept)
		}
	}
}

// told is a peer that keeps what it was told last.
type told struct {
	mu   sync.Mutex
	path string
	body []byte
}

func (o *told) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.path, o.body = r.Method+" "+r.URL.Path, body
}

// Every scenario file of docs/metrics.md tells whom it says it tells: here at other
// addresses.
func TestMetricsPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ address, path string }{
		{"127.0.0.1:9464", ""}, {"127.0.0.1:9090", "POST /api/v1/write"}, {"127.0.0.1:9091", "PUT /metrics/job/plimsoll"}, {"127.0.0.1:4318", "POST /v1/metrics"},
	}
	files := blocks(string(text), "yaml")
	if len(files) != len(want) {
		t.Fatalf("%d scenario files, want %d", len(files), len(want))
	}
	for i, file := range files {
		t.Run(want[i].address, func(t *testing.T) {
			t.Parallel()
			o := &told{}
			server := httptest.NewServer(o)
			defer server.Close()
			address := strings.TrimPrefix(server.URL, "http://")
			if want[i].path == "" {
				address = real.Address(t)
			}
			if !strings.Contains(file, want[i].address) {
				t.Fatalf("no %s in\n%s", want[i].address, file)
			}
			p := start(t, folder(t, strings.ReplaceAll(file, want[i].address, address)), "run", "s.yaml", "--allow-late", "--no-html")
			if want[i].path == "" {
				eventually(t, "the metrics are there", func() bool {
					answer, err := http.Get("http://" + address + "/metrics")
					if err != nil {
						return false
					}
					defer answer.Body.Close()
					o.body, _ = io.ReadAll(answer.Body)
					return strings.Contains(string(o.body), "plimsoll_rate_asked")
				})
			}
			if end := p.wait(t); end.code != 0 || strings.Contains(end.stderr, "was not told") {
				t.Fatalf("exit code %d\n%s", end.code, end.stderr)
			}
			if o.path != want[i].path || !bytes.Contains(o.body, []byte("plimsoll_response_seconds")) {
				t.Errorf("told %s: %q", o.path, o.body)
			}
		})
	}
}
