// Package peers has the types of others read back what plimsoll exports. It is a
// module of its own, so that nobody else needs them:
//
//	cd runner/export/peers && go test ./...
package peers

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

const load = `
export: {otlp: {}}
targets:
  shop: {sim: {delay: {uniform: [5ms, 40ms]}, errors: 10%}}
scenarios:
  - name: visits
    target: shop
    duration: 6s
    modes: [rate-limited: 50/s]
    steps: [{name: "say \"hi\"", call: shop, on_error: continue}, {name: pay, call: shop, on_error: continue}]
  - {name: simulated, target: shop, clock: virtual, requests: 10000, modes: [concurrent: 100]}
`

// program builds plimsoll.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plimsoll")
	build := exec.Command("go", "build", "-o", path, "./cmd/plimsoll")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// told is what a collector was told last, and how often.
type told struct {
	mu    sync.Mutex
	last  *collector.ExportMetricsServiceRequest
	times int
	wrong []string
}

// ServeHTTP reads requests as strictly as the official types do.
func (o *told) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	var request collector.ExportMetricsServiceRequest
	if err == nil {
		err = protojson.Unmarshal(body, &request)
	}
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/metrics" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("X-Tenant") != "a b" {
		o.wrong = append(o.wrong, fmt.Sprint(r.Method, r.URL, r.Header, err))
	}
	o.last, o.times = &request, o.times+1
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{}"))
}

// run is as much of run.json as is compared.
type run struct {
	Trials []struct {
		measure
		Scenario, Mode string
		Steps          []struct {
			measure
			Path string
		}
	}
}

type measure struct {
	OK                 int64
	Errors             map[string]struct{ Count int64 }
	Response, Lateness times
}

type times struct {
	Count int64
	Mean  float64 `json:"mean_s"`
	P50   float64 `json:"p50_s"`
	P99   float64 `json:"p99_s"`
}

// What the official types read of OTLP is what run.json has: every count, sums to
// the last digits, quantiles within a bucket.
func TestOTLPHasTheFigures(t *testing.T) {
	o := &told{}
	server := httptest.NewServer(o)
	defer server.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(load), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t), "run", "s.yaml", "--allow-late", "--quiet")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT="+server.URL, "OTEL_EXPORTER_OTLP_HEADERS=x-tenant=a%20b")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "results", "latest", "run.json"))
	var r run
	if err != nil || json.Unmarshal(text, &r) != nil || len(r.Trials) != 2 {
		t.Fatal(err, len(r.Trials))
	}
	if len(o.wrong) > 0 || o.times < 2 {
		t.Fatalf("%d requests, wrong ones: %v", o.times, o.wrong)
	}
	resource := o.last.ResourceMetrics[0]
	if got := resource.Resource.Attributes[0]; got.Key != "service.name" || got.Value.GetStringValue() != "plimsoll" {
		t.Errorf("the resource is %v", got)
	}
	s := series(t, resource.ScopeMetrics[0].Metrics)
	for _, trial := range r.Trials {
		s.compare(t, trial.Scenario, trial.Mode, "", trial.measure)
		for _, step := range trial.Steps {
			s.compare(t, trial.Scenario, trial.Mode, step.Path, step.measure)
		}
	}
}

// found are the figures by metric and labels.
type found struct {
	counts map[string]int64
	times  map[string]*metrics.ExponentialHistogramDataPoint
}

func series(t *testing.T, all []*metrics.Metric) found {
	t.Helper()
	f := found{map[string]int64{}, map[string]*metrics.ExponentialHistogramDataPoint{}}
	for _, m := range all {
		if sum := m.GetSum(); sum != nil {
			if !sum.IsMonotonic || sum.AggregationTemporality != metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE {
				t.Errorf("%s is %v", m.Name, sum)
			}
			for _, p := range sum.DataPoints {
				f.counts[m.Name+spell(p.Attributes)] = p.GetAsInt()
				if p.StartTimeUnixNano == 0 || p.StartTimeUnixNano >= p.TimeUnixNano {
					t.Errorf("%s is from %d to %d", m.Name, p.StartTimeUnixNano, p.TimeUnixNano)
				}
			}
		}
		if h := m.GetExponentialHistogram(); h != nil {
			for _, p := range h.DataPoints {
				f.times[m.Name+spell(p.Attributes)] = p
			}
		}
		if m.Name == "plimsoll_in_flight" && len(m.GetGauge().GetDataPoints()) != 1 { // of what has a real clock
			t.Errorf("%v", m)
		}
	}
	return f
}

func spell(all []*common.KeyValue) string {
	of := map[string]string{}
	for _, a := range all {
		of[a.Key] = a.Value.GetStringValue()
	}
	return fmt.Sprintf("|%s|%s|%s|%s", of["scenario"], of["mode"], of["step"], of["class"])
}

func (f found) compare(t *testing.T, scenario, mode, step string, m measure) {
	t.Helper()
	at := "|" + scenario + "|" + mode + "|" + step + "|"
	want := map[string]int64{"ok": m.OK}
	for class, e := range m.Errors {
		want[class] = e.Count
	}
	for class, n := range want {
		if got := f.counts["plimsoll_calls_total"+at+class]; got != n {
			t.Errorf("%s%s: %d, want %d", at, class, got, n)
		}
	}
	f.compareTimes(t, "plimsoll_response_seconds"+at, m.Response)
	if step == "" { // of single steps nobody is told how late they were
		f.compareTimes(t, "plimsoll_lateness_seconds"+at, m.Lateness)
	}
}

func (f found) compareTimes(t *testing.T, of string, want times) {
	t.Helper()
	p := f.times[of]
	if p == nil {
		t.Fatalf("no times of %s", of)
	}
	if sum := want.Mean * float64(want.Count); int64(p.Count) != want.Count || want.Count == 0 || math.Abs(p.GetSum()-sum) > 1e-9*sum {
		t.Errorf("%s: %d, %v in all; want %d, %v", of, p.Count, p.GetSum(), want.Count, sum)
	}
	for q, want := range map[float64]float64{0.5: want.P50, 0.99: want.P99} {
		low, high := bucket(t, p, q)
		if want < low*0.998 || want > high*1.002 {
			t.Errorf("%s: p%v is %v, its bucket from %v to %v", of, 100*q, want, low, high)
		}
	}
}

// bucket is the one that a quantile lies in, as the specification has them: from
// base^i to base^(i+1), base being 2^(2^-scale).
func bucket(t *testing.T, p *metrics.ExponentialHistogramDataPoint, q float64) (low, high float64) {
	t.Helper()
	total := p.ZeroCount
	for _, n := range p.Positive.BucketCounts {
		total += n
	}
	if total != p.Count {
		t.Errorf("%d in buckets, %d in all", total, p.Count)
	}
	rank, seen := uint64(math.Ceil(q*float64(p.Count))), p.ZeroCount
	for i, n := range p.Positive.BucketCounts {
		if seen += n; seen >= rank {
			end := func(index int) float64 { return math.Exp2(float64(index) * math.Exp2(-float64(p.Scale))) }
			return end(int(p.Positive.Offset) + i), end(int(p.Positive.Offset) + i + 1)
		}
	}
	return 0, 0
}
