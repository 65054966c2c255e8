package verdict

import (
	"strings"
	"testing"
	"time"

	"plimsoll/runner/goodput"
)

// limits are those of a text that has none wrong.
func limits(text string) goodput.Limits {
	l, err := goodput.Parse(text)
	if err != nil {
		panic(err)
	}
	return l
}

func TestParseRule(t *testing.T) {
	for text, want := range map[string]Rule{
		"p99 < 200ms":                          {Family: "response", Stat: "p", P: 99, Op: "<", Value: 0.2},
		"p99.9<=1.5s":                          {Family: "response", Stat: "p", P: 99.9, Op: "<=", Value: 1.5},
		"p50 > 0s":                             {Family: "response", Stat: "p", P: 50, Op: ">"},
		"p100 >= 1us":                          {Family: "response", Stat: "p", P: 100, Op: ">=", Value: 1e-6},
		"mean == 1s":                           {Family: "response", Stat: "mean", Op: "==", Value: 1},
		"max < 1m":                             {Family: "response", Stat: "max", Op: "<", Value: 60},
		"min > 1ms":                            {Family: "response", Stat: "min", Op: ">", Value: 0.001},
		"p(99)<200":                            {Family: "response", Stat: "p", P: 99, Op: "<", Value: 0.2},
		"p(99.9) < 0.5":                        {Family: "response", Stat: "p", P: 99.9, Op: "<", Value: 0.0005},
		"p(95)<2s":                             {Family: "response", Stat: "p", P: 95, Op: "<", Value: 2},
		"all.p(90) < 5":                        {Family: "all", Stat: "p", P: 90, Op: "<", Value: 0.005},
		"all.p99 < 1s":                         {Family: "all", Stat: "p", P: 99, Op: "<", Value: 1},
		"service.mean < 1s":                    {Family: "service", Stat: "mean", Op: "<", Value: 1},
		"lateness.max < 1ms":                   {Family: "lateness", Stat: "max", Op: "<", Value: 0.001},
		"errors < 0.1%":                        {Family: "errors", Op: "<", Value: 0.001},
		"errors == 0%":                         {Family: "errors", Op: "=="},
		"errors.timeout <= 1%":                 {Family: "errors", Class: "timeout", Op: "<=", Value: 0.01},
		"errors.status-503 < 1%":               {Family: "errors", Class: "status-503", Op: "<", Value: 0.01},
		"errors.status-5xx < 100%":             {Family: "errors", Class: "status-5xx", Op: "<", Value: 1},
		"errors.throttled < 1%":                {Family: "errors", Class: "throttled", Op: "<", Value: 0.01},
		"rate >= 480/s":                        {Family: "rate", Op: ">=", Value: 480},
		"rate >= 0.5/s":                        {Family: "rate", Op: ">=", Value: 0.5},
		"rate > 30/min":                        {Family: "rate", Op: ">", Value: 0.5},
		"makespan < 5.2s":                      {Family: "makespan", Op: "<", Value: 5.2},
		"speedup >= 4.7":                       {Family: "speedup", Op: ">=", Value: 4.7},
		"goodput(200ms) >= 400/s":              {Family: "goodput", Within: 200 * time.Millisecond, Op: ">=", Value: 400},
		"elapsed.p95 < 12s":                    {Family: "elapsed", Stat: "p", P: 95, Op: "<", Value: 12},
		"elapsed.mean <= 1.5s":                 {Family: "elapsed", Stat: "mean", Op: "<=", Value: 1.5},
		"elapsed.p(95) < 12":                   {Family: "elapsed", Stat: "p", P: 95, Op: "<", Value: 0.012},
		"calls.errors < 0.1%":                  {Family: "calls.errors", Op: "<", Value: 0.001},
		"calls.errors.check == 0%":             {Family: "calls.errors", Class: "check", Op: "=="},
		"calls.rate >= 400/s":                  {Family: "calls.rate", Op: ">=", Value: 400},
		"errors.until <= 1%":                   {Family: "errors", Class: "until", Op: "<=", Value: 0.01},
		"record.queue_ms.p95 < 250":            {Family: "record", Record: "queue_ms", Stat: "p", P: 95, Op: "<", Value: 250},
		"record.a.b.p99.9 <= 0.5":              {Family: "record", Record: "a.b", Stat: "p", P: 99.9, Op: "<=", Value: 0.5},
		"record.p50.max == 0":                  {Family: "record", Record: "p50", Stat: "max", Op: "=="},
		"record.cost.p(95) < 3":                {Family: "record", Record: "cost", Stat: "p", P: 95, Op: "<", Value: 3},
		"record.my cost.mean < 1e3":            {Family: "record", Record: "my cost", Stat: "mean", Op: "<", Value: 1000},
		"first_event.p99 < 500ms":              {Family: "first_event", Stat: "p", P: 99, Op: "<", Value: 0.5},
		"first_event.mean <= 1s":               {Family: "first_event", Stat: "mean", Op: "<=", Value: 1},
		"first_event.p(99.9) < 500":            {Family: "first_event", Stat: "p", P: 99.9, Op: "<", Value: 0.5},
		"gap.p50 < 50ms":                       {Family: "gap", Stat: "p", P: 50, Op: "<", Value: 0.05},
		"gap.min > 1us":                        {Family: "gap", Stat: "min", Op: ">", Value: 1e-6},
		"phase.first_event.p99 < 1s":           {Family: "phase", Phase: "first_event", Stat: "p", P: 99, Op: "<", Value: 1},
		"phase.service.first_event.p99.9 < 1s": {Family: "phase", Phase: "service.first_event", Stat: "p", P: 99.9, Op: "<", Value: 1},
		"service.first_event.p99.9 < 1s":       {Family: "service.first_event", Stat: "p", P: 99.9, Op: "<", Value: 1},
		"goodput(first_event < 500ms, gap < 50ms) > 12/s":       {Family: "goodput", Limits: limits("first_event < 500ms, gap < 50ms"), Op: ">", Value: 12},
		"goodput(gap<=50ms,first_event<0.5s)>=0.5/s":            {Family: "goodput", Limits: limits("first_event < 500ms, gap <= 50ms"), Op: ">=", Value: 0.5},
		"goodput( response <= 1s ) == 3/s":                      {Family: "goodput", Limits: limits("response <= 1s"), Op: "==", Value: 3},
		"goodput(service < 1s, service.first_event < 1s) > 1/s": {Family: "goodput", Limits: limits("service < 1s, service.first_event < 1s"), Op: ">", Value: 1},
		"  goodput( 1.5s )  >  5/2s ":                           {Family: "goodput", Within: 1500 * time.Millisecond, Op: ">", Value: 2.5},
	} {
		want.Text = strings.Join(strings.Fields(text), " ")
		if got, err := ParseRule(text); err != nil || got != want {
			t.Errorf("ParseRule(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestBadRules(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "is no threshold",
		"p99":                                  "is no threshold",
		"p99 200ms":                            "is no threshold",
		"p99 =< 200ms":                         "no comparison =<",
		"p99 = 200ms":                          "no comparison =",
		"p99 != 200ms":                         "no comparison !=",
		"p99 <":                                "has no value",
		"p99 < 200":                            "no unit",
		"p99 < -1s":                            "negative",
		"p99 < 1s < 2s":                        "not a duration",
		"p(99) < many":                         "not a duration",
		"p0 < 1s":                              "no percentile p0",
		"p101 < 1s":                            "no percentile p101",
		"p < 1s":                               "unknown metric",
		"pInf < 1s":                            "unknown metric",
		"p1e1 < 1s":                            "unknown metric",
		"P99 < 1s":                             `did you mean "p99"`,
		"< 1s":                                 "names no metric",
		"avg < 1s":                             "called mean",
		"median < 1s":                          "called p50",
		"rps > 5":                              "called rate",
		"service < 1s":                         `unknown metric "service"`,
		"service. < 1s":                        "unknown metric",
		"held.p99 < 1s":                        "unknown metric",
		"all.errors < 1%":                      "unknown metric",
		"errors < 5":                           "no percent sign",
		"errors < 101%":                        "more than 100%",
		"errors. < 1%":                         "no class of errors",
		"errors.time-out < 1%":                 `did you mean "timeout"`,
		"errors.status-600 < 1%":               "no class of errors",
		"errors.status-5x < 1%":                "no class of errors",
		"errors.cancelled < 1%":                "no class of errors",
		"rate > 480":                           "not a throughput",
		"rate > 5 s":                           "not a throughput",
		"goodput > 5/s":                        "goodput(200ms)",
		"goodput(1s > 5/s":                     "lacks its closing bracket",
		"goodput(fast) > 5/s":                  "not a duration",
		"first_event < 500ms":                  "here it is called first_event.p99",
		"service.first_event < 500ms":          "here it is called service.first_event.p99",
		"service.first_event.max < 1":          "no unit",
		"gap < 50ms":                           "here it is called gap.p99",
		"ttft < 500ms":                         "here it is called first_event.p99",
		"TTFT.p50 < 500ms":                     "here it is called first_event.p50",
		"first_token.mean < 500ms":             "here it is called first_event.mean",
		"itl.p99 < 50ms":                       "here it is called gap.p99",
		"tpot < 50ms":                          "here it is called gap.p99",
		"inter_token_latency.max < 50ms":       "here it is called gap.max",
		"first_evnt.p99 < 500ms":               `did you mean "first_event.p99"`,
		"first_event.p0 < 1s":                  "no percentile",
		"gap.p99 < 50":                         "no unit",
		"phase.first_event < 1s":               "does not say which figure",
		"goodput(ttft < 1s) > 5/s":             "here that is first_event",
		"goodput(first_event < 1s, gap) > 5/s": "is no limit of a call",
		"goodput(gap < 1s, gap < 2s) > 5/s":    "gap has two limits",
		"goodput(gap < 1s, ) > 5/s":            "a limit is missing",
		"goodput(gap < 1s) > 5":                "not a throughput",
		"goodput(gap < 1s)":                    "is no threshold",
		"goodput(gap < 1s > 5/s":               "lacks its closing bracket", "goodput(first_event < 500ms": "unless it is quoted",
		"goodput(200ms, gap < 50ms) > 5/s":       "is no limit of a call",
		"goodput(first_event > 1s) > 5/s":        "is no limit of a call",
		"goodput(first_event < 1s gap<1s) > 5/s": "is no limit of a call",
		"goodput(0s) > 5/s":                      "no call ends within 0s",
		"speedup > 0":                            "above zero",
		"speedup > Inf":                          "above zero",
		"speedup > NaN":                          "above zero",
		"makespan < 101y":                        "not a duration",
		"elapsed < 1s":                           "called elapsed.p95",
		"elapsed.p0 < 1s":                        "no percentile",
		"elapsed.p95 < 12":                       "no unit",
		"calls < 5":                              "unknown metric",
		"calls.p99 < 1s":                         "unknown metric",
		"calls.errors < 5":                       "no percent sign",
		"calls.errors. < 5%":                     "no class of errors",
		"calls.rate > 5":                         "not a throughput",
		"record.p95 < 1":                         "write record.NAME.p95",
		"record.queue < 1":                       "write record.NAME.p95",
		"record..p95 < 1":                        "write record.NAME.p95",
		"record.queue.p0 < 1":                    "no percentile",
		"record.queue.p95 < 1ms":                 "have no unit",
		"record.queue.p95 < -1":                  "is no number",
		"record.queue.p95 < NaN":                 "is no number",
	} {
		if got, err := ParseRule(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseRule(%q) = %+v, %v; want an error with %q", text, got, err, want)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	for _, text := range []string{"p99 < 200ms", "p(99)<200", "errors.status-5xx <= 0.1%", "goodput(200ms) >= 400/s", "speedup == 4.7", "lateness.max<1ms", "elapsed.p95 < 12s", "calls.errors.check < 1%", "calls.rate > 5/s", "record.a.b.p99.9 < 3", "goodput(first_event < 500ms, gap <= 50ms) > 12/s", "service.first_event.p99 < 1s", "gap.mean<1ms"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rule, err := ParseRule(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("the error says nothing")
			}
			return
		}
		if !(rule.Value >= 0) || rule.Family == "" || rule.Op == "" {
			t.Errorf("%q is read as %+v", text, rule)
		}
		if again, err := ParseRule(rule.Text); err != nil || again != rule {
			t.Errorf("%q reads as %+v, its text as %+v, %v", text, rule, again, err)
		}
	})
}
