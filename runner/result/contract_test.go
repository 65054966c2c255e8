package result

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/run.json anew")

// additions are the names that run.json has beyond the contract in
// testdata/contract.txt, which is the design's text word for word.
var additions = []string{
	planned,
	"trials.sweep", "trials.sweep.requests", "trials.sweep.concurrency", "trials.sweep.rate_per_s", "trials.sweep.vary", "speedups.vary", "verdicts.vary", "trials.phases", "trials.memory_gb",
	"trials.stream", "trials.stream.events", "trials.stream.events_per_s", "trials.stream.tokens", "trials.stream.tokens_per_s", "trials.goodput", "trials.goodput.*.calls", "trials.goodput.*.per_s",
	"trials.completions", "trials.completions.first_s", "trials.completions.half_s", "trials.completions.last_s", "trials.completions.curve", "trials.completions.why",
	"trials.completions.in_order", "trials.completions.in_order.first_s", "trials.completions.in_order.half_s", "trials.completions.in_order.last_s", "trials.completions.in_order.curve",
	"scenarios", "only", "calibration",
	"pair", "tolerances", "tolerances.scenario", "tolerances.metric", "tolerances.value", "trials.workload",
	"trials.machine_use.wall_s", "trials.machine_use.cpu_wait_s", "trials.machine_use.gc_pause_max_s",
	"trials.machine_use.stood_still_s", "trials.machine_use.stood_still_at_s", "trials.machine_use.throttled_s",
	"trials.machine_use.gcs", "trials.machine_use.spin_s", "trials.machine_use.rss_bytes", "trials.machine_use.peak_rss_bytes", "trials.whole", "trials.stopped_at_s",
	"speedups.concurrency", "speedups.rate_per_s", "speedups.note",
	"verdicts.concurrency", "verdicts.rate_per_s", "verdicts.reason", "verdicts.note", "verdicts.at_least", "verdicts.limit", "verdicts.step",
	"scaling", "scaling.smallest", "scaling.largest", "scaling.none_below", "scaling.baseline", "scaling.x1",
	"scaling.x1.value", "scaling.x1.low", "scaling.x1.high", "scaling.basis", "scaling.off", "scaling.refused", "scaling.note",
	"trials.connections", "trials.tls", "trials.tls.handshakes", "trials.tls.resumed", "trials.loops", "trials.agents", "trials.lost_share", "trials.warnings", "trials.queue", "trials.queue.length_mean", "trials.queue.length_max", "trials.queue.blocked_s", "trials.queue.consumers_busy", "trials.timeline.queue_length", "trials.crawl", "trials.crawl.pages", "trials.crawl.depth", "trials.crawl.found", "trials.crawl.skipped", "trials.monitor", "trials.monitor.name", "trials.monitor.series", "trials.monitor.unit", "trials.monitor.mean", "trials.monitor.max", "trials.monitor.points", "trials.monitor.problem", "trials.unit", "trials.elapsed", "trials.error_elapsed", "trials.steps", "trials.beside",
	"capacities.mode", "capacities.target", "capacities.slo", "capacities.slo.step", "capacities.slo.rule", "capacities.slo.metric",
	"capacities.slo.percentile", "capacities.slo.limit", "capacities.slo.or_equal", "capacities.slo.monitor", "capacities.slo.series", "capacities.slo.highest", "capacities.from", "capacities.to",
	"capacities.hold_s", "capacities.precision", "capacities.peak_load", "capacities.precise", "capacities.headroom",
	"capacities.throughput_per_s", "capacities.steps.started_per_s", "capacities.reason", "capacities.steps_most", "capacities.steps.level", "capacities.steps.repeat",
	"capacities.steps.verdict", "capacities.steps.measured", "capacities.steps.p50_s", "capacities.steps.p99_s",
	"capacities.steps.errors", "capacities.steps.throughput_per_s", "capacities.steps.skipped_s",
	"capacities.steps.drifting", "capacities.steps.lateness_p99_s", "capacities.steps.elapsed_p95_s", "capacities.steps.reason",
	"verdicts.over_s", "verdicts.after_s", "verdicts.stop", "verdicts.worst_at_s",
	"trials.watched", "trials.watched.step", "trials.watched.rule", "trials.watched.over_s", "trials.watched.after_s", "trials.watched.stop",
	"trials.watched.measured", "trials.watched.broken", "trials.watched.at_least", "trials.watched.reason", "trials.watched.note", "trials.watched.worst_at_s",
	"verdicts.metric", "verdicts.expected", "verdicts.tolerance", "verdicts.source",
	"trials.slowest", "trials.errors.*.first_s", "trials.errors.*.last_s", "trials.errors.*.calls",
	"trials.timeline.errors_by_class", "trials.timeline.held_mean", "trials.timeline.lateness_max_s",
}

// planned is an addition that is always there.
const planned = "trials_planned"

// theContract is every name of the contract that this package writes.
func theContract(t *testing.T) []string {
	text, err := os.ReadFile("testdata/contract.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := contractNames(string(text))
	for _, name := range []string{"format", "machine.cpu_model", "trials.errors.*.count", "trials.held.p99.9_s", "trials.timeline.hdr", "verdicts.pass", "trials.machine_use.cpu_s"} {
		if !slices.Contains(names, name) {
			t.Fatalf("the contract is misread: there is no %s in %q", name, names)
		}
	}
	return names
}

func TestNamesAreTheContracts(t *testing.T) {
	want := append(theContract(t), additions...)
	want = append(want, typeNames(reflect.TypeFor[Calibration](), "calibration.")...)
	want = append(want, typeNames(reflect.TypeFor[Step](), "trials.steps.")...)
	want = append(want, typeNames(reflect.TypeFor[Agent](), "trials.agents.")...)
	for _, seen := range []string{"trials.slowest.", "trials.errors.*.calls."} {
		want = append(want, typeNames(reflect.TypeFor[Seen](), seen)...)
	}
	for _, d := range []string{"trials.elapsed.", "trials.error_elapsed.", "trials.phases.*.", "trials.memory_gb."} {
		want = append(want, typeNames(reflect.TypeFor[Dist](), d)...)
	}
	compareNames(t, "types", typeNames(reflect.TypeFor[Run](), ""), want)

	sample, err := os.ReadFile("testdata/run.json")
	if err != nil {
		t.Fatal(err)
	}
	// A place on a sweep has one axis at a time, so the sample has not all.
	axis := regexp.MustCompile(`^(speedups|verdicts|trials\.sweep)\.(concurrency|rate_per_s|vary)$`)
	compareNames(t, "testdata/run.json", sampleNames(t, sample), slices.DeleteFunc(want, axis.MatchString))
}

// Whoever reads run.json may rely on every name of the contract, also where
// there is nothing to say, but for those that say what was asked, an interval
// that there is not, and machine_use under the virtual clock.
func TestContractNamesAreAlwaysThere(t *testing.T) {
	var b bytes.Buffer
	bare := &Run{Trials: []Trial{{Ended: Complete}}, Speedups: make([]Speedup, 1), Verdicts: make([]Verdict, 1)}
	if err := Encode(&b, bare); err != nil {
		t.Fatal(err)
	}
	optional := regexp.MustCompile(`^trials\.(requests|duration_s|concurrency|rate_per_s|machine_use.*|errors\..*|timeline\..*)$|^(speedups|verdicts)\.requests$|^speedups\.(low|high)$|^(scaling|capacities)`)
	compareNames(t, "a bare run", sampleNames(t, b.Bytes()), append(slices.DeleteFunc(theContract(t), optional.MatchString), planned))
	bare.Trials[0].Beside = []Trial{{Ended: Complete}}
	if err := Encode(&b, bare); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "null") {
		t.Errorf("there is a null in\n%s", b.String())
	}
}

func compareNames(t *testing.T, where string, got, want []string) {
	got = sorted(got)
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("%s: there is no %s", where, name)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("%s: %s is neither in the contract nor in additions", where, name)
		}
	}
}

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// The sample is what Save writes of a run with something in every field.
func TestSampleIsCurrent(t *testing.T) {
	var b bytes.Buffer
	if err := Encode(&b, fullRun()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/run.json", b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	sample, err := os.ReadFile("testdata/run.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sample, b.Bytes()) {
		t.Errorf("testdata/run.json is not what is written now: go test -update, and see whether old files can still be read")
	}
	run, err := Load("testdata/run.json")
	if err != nil || !reflect.DeepEqual(run, fullRun()) {
		t.Errorf("the sample loads as another run: %v", err)
	}
}

// contractNames reads the names out of the contract's loose JSON, as paths:
// those that follow { or , and their alternatives after |. Text in parentheses
// and values are passed over; D and V stand for what is said of them below.
func contractNames(text string) []string {
	text = regexp.MustCompile(`\([^()]*\)`).ReplaceAllString(text, "")
	shapes := map[string]string{}
	for _, letter := range []string{"D", "V"} {
		definition := regexp.MustCompile(`(?m)^` + letter + ` = (\{.*\})$`).FindStringSubmatch(text)
		shapes[letter] = definition[1]
	}
	root, _, _ := strings.Cut(text, "\nD = ")
	root = regexp.MustCompile(`: ([DV])\b`).ReplaceAllStringFunc(root, func(s string) string { return ": " + shapes[s[2:]] })

	tokens := regexp.MustCompile(`"[^"]*"|[{}\[\],:|]`).FindAllString(root, -1)
	var names, path []string
	last, naming := "", false // the last name, and whether a name may come now
	for _, token := range tokens {
		switch token {
		case "{":
			path, naming = append(path, last), true
		case "}":
			path, naming = path[:len(path)-1], false
		case ":":
			naming = false
		case ",":
			naming = true
		case "|", "[", "]":
		default:
			if naming {
				last = strings.Trim(token, `"`)
				if last == "class" { // any error class
					last = "*"
				}
				names = append(names, strings.TrimPrefix(strings.Join(append(slices.Clone(path), last), "."), "."))
			}
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "*") })
}

// typeNames are the paths of the names that a type is written with.
func typeNames(t reflect.Type, path string) (names []string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return typeNames(t.Elem(), path)
	case reflect.Map:
		return typeNames(t.Elem(), path+"*.")
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return nil
		}
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if name == "" {
				names = append(names, typeNames(t.Field(i).Type, path)...)
				continue
			}
			names = append(names, path+name)
			if name != "beside" { // which are trials themselves
				names = append(names, typeNames(t.Field(i).Type, path+name+".")...)
			}
		}
	}
	return names
}

// sampleNames are the paths of the names in a file, error classes as *.
func sampleNames(t *testing.T, data []byte) []string {
	var whole any
	if err := json.Unmarshal(data, &whole); err != nil {
		t.Fatal(err)
	}
	var names []string
	named := regexp.MustCompile(`^trials\.(steps\.)?(errors|record|phases|goodput|crawl\.skipped|connections|timeline\.errors_by_class)\.$`) // maps by names of the user's
	var walk func(v any, path string)
	walk = func(v any, path string) {
		switch v := v.(type) {
		case []any:
			for _, element := range v {
				walk(element, path)
			}
		case map[string]any:
			for name, value := range v {
				if named.MatchString(path) {
					walk(value, path+"*.")
					continue
				}
				names = append(names, path+name)
				if name == "beside" { // which are trials themselves
					walk(value, path)
					continue
				}
				walk(value, path+name+".")
			}
		}
	}
	walk(whole, "")
	return names
}
