package verdict

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"plimsoll/runner/goodput"
	"plimsoll/target"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// metrics are the names to choose from when one is unknown.
var metrics = []string{"p99", "p50", "p90", "p95", "p99.9", "mean", "max", "min", "all.p99", "service.p99", "lateness.p99", "errors", "errors.CLASS", "cancelled", "dropped", "rate", "makespan", "first", "half", "last", "in_order.first", "in_order.half", "in_order.last", "speedup", "goodput(200ms)", "elapsed.p95", "calls.errors", "calls.rate", "record.NAME.p95", "phase.NAME.p99", "memory.max", "first_event.p99", "service.first_event.p99", "gap.p99", "queue.length_max", "queue.length_mean", "queue.blocked", "queue.consumers_busy", "crawl.pages", "crawl.depth", "monitor.NAME.SERIES"}

// otherTools are names that people bring along.
var otherTools = map[string]string{
	"avg": "mean", "average": "mean", "med": "p50", "median": "p50", "rps": "rate", "qps": "rate", "throughput": "rate",
	"latency": "p99", "http_req_duration": "p99", "http_req_failed": "errors", "error": "errors", "error_rate": "errors", "failures": "errors", "duration": "makespan",
	"elapsed": "elapsed.p95", "iteration_duration": "elapsed.p95", "in_order": "in_order.half",
	"first_event": "first_event.p99", "service.first_event": "service.first_event.p99", "gap": "gap.p99",
}

// ofStreams are names of the times of streams that people bring along.
var ofStreams = map[string]string{
	"ttft": "first_event", "first_token": "first_event", "time_to_first_token": "first_event", "ttfe": "first_event",
	"itl": "gap", "tpot": "gap", "inter_token_latency": "gap", "time_per_output_token": "gap", "gaps": "gap",
}

// ParseRule reads a threshold, METRIC OP VALUE, such as "p99 < 200ms",
// "errors.status-5xx < 0.1%", "goodput(200ms) >= 400/s", or k6's "p(99)<200",
// which counts milliseconds.
func ParseRule(text string) (Rule, error) {
	text = strings.Join(strings.Fields(text), " ")
	metric, op, value, found := Cut(text)
	if !found {
		return Rule{}, fmt.Errorf("%q is no threshold: write a metric, one of < <= > >= == and a value, such as p99 < 200ms", text)
	}
	rule := Rule{Text: text, Op: op}
	switch rule.Op {
	case "<", "<=", ">", ">=", "==":
	default:
		return Rule{}, fmt.Errorf("there is no comparison %s: use one of < <= > >= ==", rule.Op)
	}
	milliseconds, err := rule.metric(metric)
	if err == nil {
		err = rule.value(value, milliseconds)
	}
	return rule, err
}

const comparisons = "<>=!"

// Cut takes a rule apart; false: it has no comparison. One in brackets is part of
// the metric.
func Cut(text string) (metric, op, value string, found bool) {
	at := -1
	for i := 0; i < len(text) && at < 0; i++ {
		switch c := text[i]; {
		case strings.IndexByte(comparisons, c) >= 0:
			at = i
		case c == '(' || c == '{':
			i += closing(text[i:])
		}
	}
	if at < 0 {
		return strings.TrimSpace(text), "", "", false
	}
	length := 1
	if rest := text[at+1:]; rest != "" && strings.ContainsRune(comparisons, rune(rest[0])) {
		length = 2
	}
	return strings.TrimSpace(text[:at]), text[at : at+length], strings.TrimSpace(text[at+length:]), true
}

// closing is where the bracket that a text begins with is closed; 0: nowhere. What
// stands in quotes between braces closes none.
func closing(text string) int {
	var open []byte
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && slices.Contains(open, '{'):
			quoted = !quoted
		case quoted:
		case c == '(' || c == '{':
			open = append(open, c)
		case c == ')' && open[len(open)-1] == '(', c == '}' && open[len(open)-1] == '{':
			if open = open[:len(open)-1]; len(open) == 0 {
				return i
			}
		}
	}
	return 0
}

var k6Percentile = regexp.MustCompile(`^p\(([^)]*)\)$`)

// metric reads the left side; milliseconds says that a bare number on the
// right counts those.
func (rule *Rule) metric(name string) (milliseconds bool, err error) {
	family, rest, dotted := strings.Cut(name, ".")
	if figure, of := strings.CutPrefix(name, "service.first_event."); of {
		family, rest = "service.first_event", figure
	}
	switch {
	case name == "":
		return false, fmt.Errorf("%q names no metric: write one before the comparison, such as p99 < 200ms", rule.Text)
	case name == "errors", name == "rate", name == "makespan", name == "speedup", name == "cancelled", name == "dropped", name == "calls.errors", name == "calls.rate", slices.Contains(ofBatches, name):
		rule.Family = name
		return false, nil
	case dotted && family == "errors":
		rule.Family, rule.Class = "errors", rest
		return false, checkClass(rest)
	case strings.HasPrefix(name, "calls.errors."):
		rule.Family, rule.Class = "calls.errors", strings.TrimPrefix(name, "calls.errors.")
		return false, checkClass(rule.Class)
	case dotted && family == "queue":
		return false, rule.queued(name)
	case family == Monitored:
		return false, rule.monitored(rest)
	case dotted && family == "crawl":
		return false, rule.crawled(name)
	case dotted && family == "record":
		return false, rule.recorded(rest)
	case dotted && family == "memory":
		rule.Family = "memory"
		return false, rule.stat(name, rest)
	case dotted && family == "phase":
		if rest, err = rule.phase(rest); err != nil {
			return false, err
		}
	case strings.HasPrefix(name, "goodput"):
		return false, rule.goodput(name)
	case dotted && slices.Contains([]string{"all", "service", "lateness", "elapsed", "first_event", "service.first_event", "gap"}, family):
		rule.Family = family
	default:
		rule.Family, rest = "response", name
	}
	if p := k6Percentile.FindStringSubmatch(rest); p != nil {
		rest, milliseconds = "p"+strings.TrimSpace(p[1]), true
	}
	return milliseconds, rule.stat(name, rest)
}

// stat reads which figure of a latency is meant.
func (rule *Rule) stat(name, stat string) error {
	if stat == "mean" || stat == "max" || stat == "min" {
		rule.Stat = stat
		return nil
	}
	digits, isPercentile := strings.CutPrefix(stat, "p")
	if !isPercentile || strings.Trim(digits, "0123456789.") != "" || digits == "" {
		return unknown(name)
	}
	p, err := strconv.ParseFloat(digits, 64)
	if err != nil || !(p > 0 && p <= 100) {
		return fmt.Errorf("there is no percentile %s: write a number above 0 up to 100, such as p99 or p99.9", stat)
	}
	rule.Stat, rule.P = "p", p
	return nil
}

// phase reads which one of NAME.p99 is meant, behind `phase.`, and the figure that
// stands behind it.
func (rule *Rule) phase(text string) (figure string, err error) {
	name, figure, named := strings.Cut(text, ".")
	if first, of := strings.CutPrefix(text, "service.first_event."); of {
		name, figure = "service.first_event", first
	}
	if !named || name == "" {
		return "", fmt.Errorf("phase.%s does not say which figure of the phase is meant: write phase.connect.p99, or mean, max or min for p99", text)
	}
	rule.Family, rule.Phase = "phase", name
	return figure, nil
}

func unknown(name string) error {
	if ours, known := otherTools[strings.ToLower(name)]; known {
		return fmt.Errorf("unknown metric %q, here it is called %s", name, ours)
	}
	family, figure, _ := strings.Cut(strings.ToLower(name), ".")
	if ours, known := ofStreams[family]; known {
		return fmt.Errorf("unknown metric %q, here it is called %s.%s", name, ours, cmp.Or(figure, "p99"))
	}
	return fmt.Errorf("unknown metric %q%s", name, setting.Suggest(name, metrics))
}

// A name may have dots in it, and so may a percentile.
var recordedFigure = regexp.MustCompile(`^(.+)\.(p[0-9]+(?:\.[0-9]+)?|p\([^)]*\)|mean|max|min)$`)

// recorded reads NAME.p95, behind `record.`.
func (rule *Rule) recorded(text string) error {
	parts := recordedFigure.FindStringSubmatch(text)
	if parts == nil {
		return fmt.Errorf("record.%s does not say which figure of the numbers is meant: write record.NAME.p95, or mean, max or min for p95", text)
	}
	rule.Family, rule.Record = "record", parts[1]
	if p := k6Percentile.FindStringSubmatch(parts[2]); p != nil {
		parts[2] = "p" + strings.TrimSpace(p[1])
	}
	return rule.stat("record."+text, parts[2])
}

// goodput reads goodput(200ms), and goodput(first_event < 500ms, gap < 50ms).
func (rule *Rule) goodput(name string) error {
	limit, found := strings.CutPrefix(name, "goodput(")
	limit, closed := strings.CutSuffix(limit, ")")
	if found && !closed {
		return fmt.Errorf("%q lacks its closing bracket; in a list or map on one line a comma ends the rule unless it is quoted: \"goodput(first_event < 500ms, gap < 50ms) > 12/s\"", rule.Text)
	}
	if !found {
		return fmt.Errorf("%q does not say how fast a call must be: write goodput(200ms), or limits as in goodput(first_event < 500ms, gap < 50ms)", name)
	}
	if strings.ContainsAny(limit, "<>=!,") {
		limits, err := goodput.Parse(limit)
		rule.Family, rule.Limits = "goodput", limits
		return err
	}
	within, err := quantity.ParseDuration(limit)
	if err != nil {
		return err
	}
	if within == 0 {
		return errors.New("no call ends within 0s: write how fast a call must be, such as goodput(200ms)")
	}
	rule.Family, rule.Within = "goodput", within
	return nil
}

func checkClass(class string) error {
	if target.IsClass(class) {
		return nil
	}
	known := target.Classes()
	for _, f := range target.Families() {
		known = append(known, f.Like)
	}
	for _, status := range target.Statuses()[1:] {
		known = append(known, "grpc-"+status)
	}
	return fmt.Errorf("there is no class of errors %q%s", class, setting.Suggest(class, append(known, "status-5xx")))
}

// value reads the right side, in the unit of the metric.
func (rule *Rule) value(text string, milliseconds bool) (err error) {
	if text == "" {
		return fmt.Errorf("%q has no value: write one after the %s, such as p99 < 200ms", rule.Text, rule.Op)
	}
	if of := queueFigureOf(rule.Family); of != nil {
		rule.Value, err = of.parse(text)
		return err
	}
	if rule.OfCrawls() {
		rule.Value, err = parsePages(text)
		return err
	}
	switch rule.Family {
	case Monitored:
		err = rule.parseMonitored(text)
	case "errors", "calls.errors", "cancelled", "dropped":
		rule.Value, err = parseShare(text)
	case "rate", "calls.rate", "goodput":
		if isNumber(text) {
			return fmt.Errorf("%q is not a throughput: write %s/s", text, text)
		}
		rule.Value, err = quantity.ParsePerSecond(text)
	case "speedup":
		rule.Value, err = parseRatio(text)
	case "record":
		rule.Value, err = parseRecorded(text)
	case "memory":
		n, failed := quantity.ParseSize(text)
		rule.Value, err = float64(n)/1e9, failed
	default:
		switch v, _ := strconv.ParseFloat(text, 64); {
		case milliseconds && isNumber(text):
			text += "ms"
		case rule.Family != "makespan" && !rule.OfBatches() && isNumber(text) && v >= 1: // nobody promises calls of 200 s
			return fmt.Errorf("%q has no unit: write %sms", text, text)
		}
		d, failed := quantity.ParseDuration(text)
		rule.Value, err = d.Seconds(), failed
	}
	return err
}

func parseRatio(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is no speedup: write a number above zero, such as 2.5", text)
	}
	return v, nil
}

// parseRecorded reads a number as answers have it: what unit it is in, nobody
// but the target knows.
func parseRecorded(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is no number: recorded numbers have no unit, so write the limit as the answers have them, such as 250", text)
	}
	return v, nil
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil && strings.Trim(text, "0123456789.") == ""
}
