package monitor

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/runner/exposition"
	"plimsoll/target/client"
	"plimsoll/target/setting"
)

// written is a monitor as a scenario file has it.
type written struct {
	interval   time.Duration
	listening  setting.At[string]
	pid        setting.At[int]
	process    setting.At[string]
	prometheus setting.At[string]
	command    setting.At[[]string]
	show       setting.At[setting.Several[Shown]]
}

// sources are the keys of which a monitor has one.
var sources = []string{"listening", "pid", "process", "prometheus", "command"}

// Shape is how a scenario file spells monitors.
func Shape() setting.Shape[[]*Settings] {
	named := setting.Map("monitors by name", setting.Located(one()))
	return setting.Complete(named, func(r *setting.Reader, _ setting.Pos, entries []setting.Entry[setting.At[*Settings]]) (all []*Settings, ok bool) {
		ok = true
		for i, e := range entries {
			switch {
			case !IsName(e.Key):
				r.Problem(e.Pos, "%q cannot be the name of a monitor, which is part of its metrics: write up to 40 letters, digits and _ or -", e.Key)
				ok = false
			case slices.ContainsFunc(entries[:i], func(o setting.Entry[setting.At[*Settings]]) bool { return o.Key == e.Key }):
				r.Problem(e.Pos, "there is a monitor %q already, give this one another name", e.Key)
				ok = false
			case e.Value.Value != nil:
				e.Value.Value.Name = e.Key
				all = append(all, e.Value.Value)
			}
		}
		return all, ok
	})
}

// IsName tells whether a text can be the name of a monitor: it has no dots, which
// end it in monitor.NAME.SERIES.
func IsName(text string) bool {
	const longest = 40
	for _, c := range text {
		if !(c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return text != "" && len(text) <= longest
}

// shortestInterval keeps monitors from becoming a load themselves.
const shortestInterval = 100 * time.Millisecond

func one() setting.Shape[*Settings] {
	interval := setting.Where(setting.LongerThanZero(), func(d time.Duration) error {
		if d < shortestInterval {
			return fmt.Errorf("an interval of %v would make the monitor a load of its own: write %v or more", d, shortestInterval)
		}
		return nil
	})
	shape := setting.Object("a monitor",
		setting.Key("listening", "Watches the process that listens at HOST:PORT on this machine, and its children.", setting.Located(address()), func(w *written) *setting.At[string] { return &w.listening }),
		setting.Key("pid", "Watches the process of this number, and its children.", setting.Located(setting.Count(1, 1<<22)), func(w *written) *setting.At[int] { return &w.pid }),
		setting.Key("process", "Watches all processes of this name, and their children.", setting.Located(processName()), func(w *written) *setting.At[string] { return &w.process }),
		setting.Key("prometheus", "The URL of the text that a server shows to Prometheus.", setting.Located(setting.Secret(metricsURL())), func(w *written) *setting.At[string] { return &w.prometheus }),
		setting.Key("show", "Which of its series: metric, metric{label=\"x\"}, or how fast one grows, rate(metric); where several match, their sum.", setting.Located(setting.OneOrMore(selector())), func(w *written) *setting.At[setting.Several[Shown]] { return &w.show }),
		setting.Key("command", "A program and its arguments, which prints a number, or lines name=number; it is killed after the interval, or 1s where that is more.", setting.Located(words()), func(w *written) *setting.At[[]string] { return &w.command }),
		setting.Key("interval", "How often it is looked at. Default 1s.", interval, func(w *written) *time.Duration { return &w.interval }),
	)
	return oneSource(setting.Complete(shape, func(r *setting.Reader, at setting.Pos, w written) (*Settings, bool) { return w.settings(r, at) }))
}

// settings checks that there is one source, and what belongs to it.
func (w written) settings(r *setting.Reader, at setting.Pos) (*Settings, bool) {
	given := []setting.Pos{}
	for _, key := range []struct {
		pos   setting.Pos
		given bool
	}{{w.listening.Pos, w.listening.Given}, {w.pid.Pos, w.pid.Given}, {w.process.Pos, w.process.Given}, {w.prometheus.Pos, w.prometheus.Given}, {w.command.Pos, w.command.Given}} {
		if key.given {
			given = append(given, key.pos)
		}
	}
	last := len(sources) - 1
	choose := strings.Join(sources[:last], ", ") + " or " + sources[last]
	switch {
	case len(given) == 0 && w.show.Given:
		r.Problem(at, "a monitor says what it watches: show belongs to prometheus, whose URL is not there")
		return nil, false
	case len(given) == 0:
		r.Problem(at, "a monitor says what it watches: write one of %s, such as listening: 127.0.0.1:8080", choose)
		return nil, false
	case len(given) > 1:
		r.Problem(given[1], "a monitor watches one thing: write one of %s, and a second monitor for the other", choose)
		return nil, false
	case w.show.Given && !w.prometheus.Given:
		r.Problem(w.show.Pos, "show belongs to prometheus: leave it out, a monitor of another kind shows all that it sees")
		return nil, false
	case setting.InPlainSight(w.prometheus):
		r.Problem(w.prometheus.Pos, "the URL holds a password in plain sight, which results would keep: write ${NAME} in its place, and set NAME in the environment")
		return nil, false
	case w.prometheus.Given && !w.show.Given:
		r.Problem(at, "a server shows hundreds of series to Prometheus: say which, such as show: [queue_length, rate(requests_total)]")
		return nil, false
	}
	s := &Settings{
		Interval: DefaultInterval, Listening: w.listening.Value, PID: w.pid.Value, Process: w.process.Value,
		Prometheus: w.prometheus.Value, Command: w.command.Value,
	}
	if w.interval > 0 {
		s.Interval = w.interval
	}
	for _, item := range w.show.Value.Items {
		twice := slices.ContainsFunc(s.Show, func(o Shown) bool { return o.String() == item.Value.String() })
		switch {
		case !item.Valid:
		case twice:
			r.Problem(item.Pos, "%s is shown already, leave it out here", item.Value)
			return nil, false
		case len(s.Show) == mostSeries:
			r.Problem(item.Pos, "a monitor shows %d series at the most: make a second one for the others", mostSeries)
			return nil, false
		default:
			s.Show = append(s.Show, item.Value)
		}
	}
	return s, true
}

// oneSource is the schema's way to say that a monitor watches one thing.
func oneSource(shape setting.Shape[*Settings]) setting.Shape[*Settings] {
	schema := shape.Schema
	shape.Schema = func() *jsonschema.Schema {
		s := schema()
		for _, key := range sources {
			only := &jsonschema.Schema{Required: []string{key}}
			if key == "prometheus" {
				only.Required = append(only.Required, "show")
			}
			s.OneOf = append(s.OneOf, only)
		}
		s.DependentRequired = map[string][]string{"show": {"prometheus"}}
		return s
	}
	return shape
}

func address() setting.Shape[string] {
	return setting.Where(setting.Text("an address such as 127.0.0.1:8080"), func(text string) error { return client.CheckAddress(text, 8080) })
}

func processName() setting.Shape[string] {
	return setting.Where(setting.Text("the name of a program"), func(text string) error {
		switch {
		case strings.TrimSpace(text) == "":
			return errors.New("the name is empty: write that of a program, such as nginx")
		case strings.ContainsAny(text, "/ "):
			return fmt.Errorf("%q is a path or a command, and processes are found by the name of their program alone, such as nginx", text)
		}
		return nil
	})
}

// metricsURL never repeats what it refuses: there may be a password in it.
func metricsURL() setting.Shape[string] {
	return setting.Where(setting.Text("a URL such as http://127.0.0.1:9187/metrics"), func(text string) error {
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https":
			return errors.New("that is no URL of metrics: write one that begins with http:// or https://, such as http://127.0.0.1:9187/metrics")
		case u.Host == "":
			return errors.New("the URL names no host: write http://HOST:PORT/metrics")
		}
		return nil
	})
}

func selector() setting.Shape[Shown] {
	return setting.Parsed(`a series such as queue_length, queue{name="in"} or rate(requests_total)`, exposition.ParseSelector, func() *jsonschema.Schema {
		return setting.Spelled(`[^\[\]]+`)
	})
}

func words() setting.Shape[[]string] {
	word := setting.Text("a word of the command")
	list := setting.List("command", "write the program and its arguments in brackets, [./queue-depth.sh, in]", word)
	return setting.Where(list, func(words []string) error {
		if strings.TrimSpace(words[0]) == "" {
			return errors.New("the command is empty: name a program, such as [./queue-depth.sh]")
		}
		return nil
	})
}
