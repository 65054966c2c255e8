package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/runner/data"
	"plimsoll/runner/export"
	"plimsoll/runner/mode"
	"plimsoll/runner/monitor"
	"plimsoll/runner/step"
	"plimsoll/target/kind"
	"plimsoll/target/kinds"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// file is a scenario file as it was written.
type file struct {
	seed      setting.At[uint64]
	spin      setting.At[float64]
	loops     setting.At[int]
	targets   []setting.Entry[kind.Settings]
	journeys  []setting.Entry[[]step.Step]
	data      []*data.Source
	export    *export.Settings
	monitors  []*monitor.Settings
	scenarios []setting.At[draft]
	words     setting.Words
	alone     *Alone // nil: all is done that is written
}

// draft is one scenario as it was written.
type draft struct {
	name, target, clock      setting.At[string]
	requests                 setting.At[setting.Several[int]]
	duration, warmup         setting.At[time.Duration]
	atLeast                  setting.At[time.Duration]
	drain                    setting.At[time.Duration]
	pause                    time.Duration
	repeat                   setting.At[int]
	order, stopWhen, onError string
	before, after            setting.Several[string]
	crawl                    setting.At[*Crawl]
	modes                    setting.At[[]setting.At[mode.Draft]]
	baseline                 setting.At[string]
	vary                     setting.At[varying]
	promises                 []promise
	expect                   setting.At[expectDraft]
	compare                  setting.At[compareDraft]
	capacity                 setting.At[capacityDraft]
	background               setting.At[setting.Several[string]]
	monitor                  setting.At[monitorDraft]
	stepsDraft
}

// mostRequests is how many calls can be asked for.
const mostRequests = 2_000_000_000

func fileShape() setting.Shape[file] {
	shape := setting.Object("a scenario file", []setting.Field[file]{
		setting.Key("seed", "Every random choice derives from it. Default 1.", setting.Located(seed()), func(f *file) *setting.At[uint64] { return &f.seed }),
		setting.Key("spin", "How much of a core waiting may burn for punctuality: off, or a percentage. Default 10%.", setting.Located(spin()), func(f *file) *setting.At[float64] { return &f.spin }),
		setting.Key("loops", "How many event loops carry a trial out, where that changes nothing else: auto (default), or a number.", setting.Located(loops()), func(f *file) *setting.At[int] { return &f.loops }),
		setting.Key("targets", "What can be called, by name; each has one key, its kind.", setting.Map("targets by name", kinds.Shape()), func(f *file) *[]setting.Entry[kind.Settings] { return &f.targets }).Required(),
		setting.Key("journeys", "Lists of steps by name, for scenarios to do and to mix.", step.Journeys(), func(f *file) *[]setting.Entry[[]step.Step] { return &f.journeys }),
		setting.Key("data", "Sources of rows by name, for the steps of all scenarios.", data.Shape(), func(f *file) *[]*data.Source { return &f.data }),
		setting.Key("export", "Tells others how trials go on: Prometheus, or whoever takes OTLP.", export.Shape(), func(f *file) **export.Settings { return &f.export }),
		setting.Key("monitor", "What is watched of the other side while trials go on, by name.", monitor.Shape(), func(f *file) *[]*monitor.Settings { return &f.monitors }),
		setting.Key("scenarios", "What is run, in this order.", setting.List("scenarios", "begin each scenario with a dash, `- name: …`", setting.Located(draftShape())), func(f *file) *[]setting.At[draft] { return &f.scenarios }).Required(),
		setting.Ignored[file]("x-", "Keys that begin with x- hold what you like, such as anchors."),
	}...)
	return setting.Worded(shape, func(f *file) *setting.Words { return &f.words })
}

func draftShape() setting.Shape[draft] {
	duration := setting.Located(setting.Duration())
	shape := setting.Object("a scenario", slices.Concat([]setting.Field[draft]{
		setting.Key("name", "Its name; files are called after it.", setting.Located(name()), func(d *draft) *setting.At[string] { return &d.name }).Required(),
		setting.Key("target", "The name of the target to call.", setting.Located(setting.Text("the name of a target")), func(d *draft) *setting.At[string] { return &d.target }),
		setting.Key("clock", "real (default), or virtual: simulated time, which only sim targets can keep.", setting.Located(setting.Word("a clock", Real, Virtual)), func(d *draft) *setting.At[string] { return &d.clock }),
		setting.Key("requests", "How many calls a trial makes; a list is a sweep.", setting.Located(setting.OneOrMore(setting.Count(1, mostRequests))), func(d *draft) *setting.At[setting.Several[int]] { return &d.requests }),
		setting.Key("duration", "How long a trial takes, instead of `requests`.", setting.Located(setting.LongerThanZero()), func(d *draft) *setting.At[time.Duration] { return &d.duration }),
		setting.Key("at_least", "How long calls begin, instead of `duration`, where whole calls are to count: all are waited for, and the trial lasts until the last has ended.", setting.Located(setting.LongerThanZero()), func(d *draft) *setting.At[time.Duration] { return &d.atLeast }),
		setting.Key("crawl", "Visits the pages that it finds, each once, instead of a number of requests.", setting.Located(crawlShape()), func(d *draft) *setting.At[*Crawl] { return &d.crawl }),
		setting.Key("warmup", "How long to call before each trial without counting. Default 0s.", duration, func(d *draft) *setting.At[time.Duration] { return &d.warmup }),
		setting.Key("drain", "How long to wait for calls in flight after the end. Default 30s.", duration, func(d *draft) *setting.At[time.Duration] { return &d.drain }),
		setting.Key("pause", "How long to wait between trials. Default 0s.", setting.Duration(), func(d *draft) *time.Duration { return &d.pause }),
		setting.Key("repeat", "How many independent repetitions there are; from 3 on there are intervals. Default 1.", setting.Located(setting.Count(1, mostTrials)), func(d *draft) *setting.At[int] { return &d.repeat }),
		setting.Key("order", "interleaved (default): each repetition goes through all modes; sequential: a mode's repetitions stay together.", setting.Word("an order", "interleaved", modeByMode), func(d *draft) *string { return &d.order }),
		setting.Key("stop_when", "Ends a trial early: first-completed (any call, an error too) or first-error.", setting.Word("a reason to stop", FirstCompleted, FirstError), func(d *draft) *string { return &d.stopWhen }),
		setting.Key("on_error", "continue (default), or stop: start nothing more after an error.", setting.Word("what to do on an error", "continue", "stop"), func(d *draft) *string { return &d.onError }),
		setting.Key("before", "A shell command, or a list of them, to run before each trial.", setting.OneOrMore(command()), func(d *draft) *setting.Several[string] { return &d.before }),
		setting.Key("after", "A shell command, or a list of them, to run after each trial.", setting.OneOrMore(command()), func(d *draft) *setting.Several[string] { return &d.after }),
		setting.Key("vary", "A variable and the values that it has, trial by trial: a sweep, such as {urls: [5, 10]}, with ${urls} in what is called.", setting.Located(varyShape()), func(d *draft) *setting.At[varying] { return &d.vary }),
		setting.Key("modes", "How calls are started; each mode is a column of the tables.", setting.Located(setting.List("modes", "begin each mode with a dash, `- concurrent: 10`, or put them in brackets, [sequential, concurrent: 10]", setting.Located(mode.Shape()))), func(d *draft) *setting.At[[]setting.At[mode.Draft]] { return &d.modes }),
		setting.Key("baseline", "The mode that the others are compared with. Default: the first.", setting.Located(setting.Text("the name of a mode")), func(d *draft) *setting.At[string] { return &d.baseline }),
		setting.Key("thresholds", "Promises: METRIC OP VALUE such as p99 < 200ms, a list of them, or a map from modes to them.", promisesShape(), func(d *draft) *[]promise { return &d.promises }),
		setting.Key("expect", "Published figures to reproduce.", setting.Located(expectShape()), func(d *draft) *setting.At[expectDraft] { return &d.expect }),
		setting.Key("background", "The scenarios that go on beside each of its trials, from its warm-up to its end, and not by themselves.", setting.Located(setting.OneOrMore(setting.Text("the name of a scenario"))), func(d *draft) *setting.At[setting.Several[string]] { return &d.background }),
		setting.Key("monitor", "What is watched besides, or in place of what the file watches under the same name; off: nothing is.", setting.Located(monitorShape()), func(d *draft) *setting.At[monitorDraft] { return &d.monitor }),
		setting.Key("capacity", "Searches the highest load that keeps its promises, instead of a sweep.", setting.Located(capacityShape()), func(d *draft) *setting.At[capacityDraft] { return &d.capacity }),
		setting.Key("compare", "How much may change from run to run: what `plimsoll compare` judges by.", setting.Located(compareShape()), func(d *draft) *setting.At[compareDraft] { return &d.compare }),
	}, stepsFields(), ofTargets())...)
	return needs(setting.Worded(shape, func(d *draft) *setting.Words { return &d.words }))
}

// ofTargets are the keys that people look for in a scenario, and that stand in
// its target.
func ofTargets() (fields []setting.Field[draft]) {
	for _, kind := range []struct {
		name string
		keys []string
	}{
		{"http", []string{"url", "method", "body", "body_file", "calls", "stream", "content", "tokens", "keepalive", "connections", "engine", "tls", "success", "unix", "resolve", "source", "max_head", "max_body", "serve"}},
		{"sim", []string{"delay", "servers", "queue", "contention", "stall", "quota"}},
	} {
		for _, key := range kind.keys {
			fields = append(fields, setting.Refused[draft](key, fmt.Sprintf("belongs to the target: move it into its `%s` under `targets`", kind.name)))
		}
	}
	return fields
}

func seed() setting.Shape[uint64] {
	read := func(text string) (uint64, error) {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no seed: write a whole number from 0 to 2^64-1", text)
		}
		return n, nil
	}
	return setting.Parsed("a whole number", read, func() *jsonschema.Schema {
		s := setting.Spelled(`[0-9]+`, "integer")
		s.Minimum = new(0.0)
		return s
	})
}

// adaptiveSpin is the default bound of what waiting may burn of a core.
const adaptiveSpin = 0.10

func spin() setting.Shape[float64] {
	read := func(text string) (float64, error) {
		if text == "off" {
			return 0, nil
		}
		v, err := quantity.ParsePercent(text)
		if err != nil {
			return 0, fmt.Errorf("%q is no bound for spinning: write off, or a percentage of a core such as 25%%", text)
		}
		if v > 1 {
			return 0, fmt.Errorf("%s is more than 100%%, which is the whole core", text)
		}
		return v, nil
	}
	return setting.Parsed("off, or a percentage such as 25%", read, func() *jsonschema.Schema {
		return setting.Spelled("off|" + quantity.PercentPattern)
	})
}

// mostLoops is far more than there are processors to run them.
const mostLoops = 1024

func loops() setting.Shape[int] {
	read := func(text string) (int, error) {
		if text == "auto" {
			return 0, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostLoops {
			return 0, fmt.Errorf("%q is no number of loops: write auto, or a whole number from 1 to %d", text, mostLoops)
		}
		return n, nil
	}
	return setting.Parsed("auto, or a whole number", read, func() *jsonschema.Schema {
		return setting.Spelled("auto|[1-9][0-9]{0,3}", "integer")
	})
}

// A name becomes part of file names.
const namePattern, longestName = `[A-Za-z0-9][A-Za-z0-9._-]{0,99}`, 100

// nameSpelling leaves the length out: to count is what costs a regular expression
// time, at every start of the program.
var nameSpelling = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func isName(text string) bool { return len(text) <= longestName && nameSpelling.MatchString(text) }

func name() setting.Shape[string] {
	read := func(text string) (string, error) {
		if !isName(text) {
			return "", fmt.Errorf("%q cannot be a name, which is part of file names: write up to 100 letters, digits and . _ - and begin with a letter or digit", text)
		}
		return text, nil
	}
	return setting.Parsed("a name of letters, digits and . _ -", read, func() *jsonschema.Schema {
		return setting.Spelled(namePattern, "number", "boolean")
	})
}

func command() setting.Shape[string] {
	return setting.Where(setting.Text("a command"), func(text string) error {
		if strings.TrimSpace(text) == "" {
			return errors.New("the command is empty, leave it out")
		}
		return nil
	})
}
