package scenario

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// modeDraft is a mode as it was written: one of word, concurrent and rate
// says which it is.
type modeDraft struct {
	word        setting.At[string]
	concurrent  setting.At[setting.Several[int]]
	rate        setting.At[setting.Several[quantity.Rate]]
	name        setting.At[string]
	think       setting.At[delay.Delay]
	stages      setting.At[[]stageDraft]
	start       setting.At[string]
	arrivals    setting.At[string]
	burst       setting.At[int]
	maxInFlight setting.At[int]
	overflow    setting.At[string]
}

func modeShape() setting.Shape[modeDraft] {
	word := setting.Located(setting.Word("a mode", Sequential, Concurrent, RateLimited))
	full := setting.Object("a mode",
		setting.Key("mode", "sequential, concurrent or rate-limited, where there is no value to give.", word, func(m *modeDraft) *setting.At[string] { return &m.word }),
		setting.Key(Concurrent, "A closed loop with at most this many calls in flight; a list is a sweep.", setting.Located(setting.OneOrMore(setting.Count(1, mostInFlight))), func(m *modeDraft) *setting.At[setting.Several[int]] { return &m.concurrent }),
		setting.Key(RateLimited, "An open loop: calls start at this rate, whatever comes back; a list is a sweep.", setting.Located(setting.OneOrMore(setting.Rate())), func(m *modeDraft) *setting.At[setting.Several[quantity.Rate]] { return &m.rate }),
		setting.Refused[modeDraft](Sequential, "takes no value, and the colon makes a map of it: write sequential alone, or with its settings beside it, {mode: sequential, think_time: 1s}"),
		setting.Key("name", "The column's name. Default: the mode as written, such as concurrent-10.", setting.Located(modeName()), func(m *modeDraft) *setting.At[string] { return &m.name }),
		setting.Key("think_time", "How long a virtual user pauses between its calls: a duration, or a distribution.", setting.Located(delay.Shape()), func(m *modeDraft) *setting.At[delay.Delay] { return &m.think }),
		setting.Key("stages", "Goes linearly from one target to the next: virtual users of concurrent, rates of rate-limited.", setting.Located(setting.List("stages", "begin each stage with a dash, `- target: …`", stageShape())), func(m *modeDraft) *setting.At[[]stageDraft] { return &m.stages }),
		setting.Key("start", "Where the first stage begins. Default 0.", setting.Located(stageTarget()), func(m *modeDraft) *setting.At[string] { return &m.start }),
		setting.Key("arrivals", "constant (default): evenly spaced; poisson: exponential gaps; window: at most N in any T, as early as that allows; bucket: a token bucket.", setting.Located(setting.Word("a kind of arrivals", Constant, Poisson, Window, Bucket)), func(m *modeDraft) *setting.At[string] { return &m.arrivals }),
		setting.Key("burst", "How many tokens the bucket holds. Default: the rate's count.", setting.Located(setting.Count(1, 1_000_000_000)), func(m *modeDraft) *setting.At[int] { return &m.burst }),
		setting.Key("max_in_flight", "The most calls in flight. Default 10000.", setting.Located(setting.Count(1, mostInFlight)), func(m *modeDraft) *setting.At[int] { return &m.maxInFlight }),
		setting.Key("overflow", "What becomes of a call that finds max_in_flight reached: delay (default) holds it, drop leaves it out.", setting.Located(setting.Word("an overflow", "delay", "drop")), func(m *modeDraft) *setting.At[string] { return &m.overflow }),
	)
	full = setting.Where(full, func(m modeDraft) error {
		if !m.word.Given && !m.concurrent.Given && !m.rate.Given {
			return errors.New("this does not say which mode it is: write `mode: sequential`, `concurrent: 10` or `rate-limited: 5/2s`")
		}
		return nil
	})
	return setting.Either("a mode: sequential, concurrent, `concurrent: 10` or `rate-limited: 5/2s`", setting.Forms[modeDraft]{
		Scalar: setting.Convert(word, func(_ *setting.Reader, _ setting.Pos, w setting.At[string]) (modeDraft, bool) {
			return modeDraft{word: w}, true
		}),
		Map: full,
	})
}

func modeName() setting.Shape[string] {
	read := func(text string) (string, error) {
		switch {
		case text == "" || strings.TrimSpace(text) != text || len(text) > 100:
			return "", errors.New("the name of a mode must have from 1 to 100 characters and no spaces around it")
		case strings.ContainsFunc(text, unicode.IsControl):
			return "", errors.New("the name of a mode must be one line without control characters")
		case text == "speedup":
			return "", errors.New("a mode cannot be called speedup, which has its own meaning in `expect`")
		}
		return text, nil
	}
	return setting.Parsed("a name", read, func() *jsonschema.Schema {
		return &jsonschema.Schema{Types: []string{"string", "number", "boolean"}}
	})
}

// mode makes the mode of the plan. Its name or kind is "" where it could not
// be read.
func (m modeDraft) mode(r *setting.Reader, at setting.Pos) *Mode {
	kind, second := m.kind()
	if second != (setting.Pos{}) {
		r.Problem(second, "a mode is said to be two things: leave one of mode, concurrent and rate-limited out")
	}
	mode := &Mode{
		Name:  m.column(),
		Kind:  kind,
		Think: m.think.Value,
		Burst: m.burst.Value,
		Drop:  m.overflow.Value == "drop",
	}
	if m.concurrent.Valid {
		mode.Concurrency = m.concurrent.Value.Values()
	}
	if m.rate.Valid {
		mode.Rates = m.rate.Value.Values()
	}
	if kind == RateLimited {
		mode.Arrivals = cmp.Or(m.arrivals.Value, Constant)
		mode.MaxInFlight = cmp.Or(m.maxInFlight.Value, 10_000)
	}
	if kind == "" {
		return mode
	}
	m.checkSettings(r, kind)
	if m.stages.Given && kind != Sequential {
		m.addStages(r, mode)
	}
	if kind == RateLimited {
		m.checkOpen(r, at, mode)
	}
	return mode
}

// kind is the one thing that the mode is said to be; "" when there is none or
// more than one, and second is then where the other is said.
func (m modeDraft) kind() (kind string, second setting.Pos) {
	said := setting.Pos{}
	for _, s := range []struct {
		given bool
		kind  string
		pos   setting.Pos
	}{
		{m.word.Given, m.word.Value, m.word.Pos},
		{m.concurrent.Given, Concurrent, m.concurrent.Pos},
		{m.rate.Given, RateLimited, m.rate.Pos},
	} {
		if s.given && said != (setting.Pos{}) {
			return "", later(said, s.pos)
		}
		if s.given {
			kind, said = s.kind, s.pos
		}
	}
	return kind, setting.Pos{}
}

// column is the mode's name: the given one, or else the mode as written,
// joined by a hyphen. It is "" when what makes the name could not be read.
func (m modeDraft) column() string {
	kind, _ := m.kind()
	value, fixed := "", ""
	switch {
	case m.name.Given || kind == "":
		return m.name.Value
	case m.concurrent.Value.Listed || m.rate.Value.Listed:
		return kind
	case m.concurrent.Given != m.concurrent.Valid || m.rate.Given != m.rate.Valid:
		return ""
	case m.concurrent.Given:
		value, fixed = m.concurrent.Text, strconv.Itoa(m.concurrent.Value.Items[0].Value)
	case m.rate.Given:
		value, fixed = m.rate.Text, m.rate.Value.Items[0].Value.String()
	default:
		return kind
	}
	if strings.Contains(value, "$") {
		value = fixed // where it came from is not its name
	}
	return kind + "-" + strings.Join(strings.Fields(value), "")
}

// checkSettings reports settings that other modes have.
func (m modeDraft) checkSettings(r *setting.Reader, kind string) {
	closed, open, staged := []string{Sequential, Concurrent}, []string{RateLimited}, []string{Concurrent, RateLimited}
	for _, s := range []struct {
		name  string
		given bool
		pos   setting.Pos
		of    []string
	}{
		{"think_time", m.think.Given, m.think.Pos, closed},
		{"stages", m.stages.Given, m.stages.Pos, staged},
		{"start", m.start.Given, m.start.Pos, staged},
		{"arrivals", m.arrivals.Given, m.arrivals.Pos, open},
		{"burst", m.burst.Given, m.burst.Pos, open},
		{"max_in_flight", m.maxInFlight.Given, m.maxInFlight.Pos, open},
		{"overflow", m.overflow.Given, m.overflow.Pos, open},
	} {
		if s.given && !slices.Contains(s.of, kind) {
			r.Problem(s.pos, "%s belongs to %s modes, a %s one has none: leave it out", s.name, strings.Join(s.of, " and "), kind)
		}
	}
	if m.start.Given && !m.stages.Given {
		r.Problem(m.start.Pos, "start is where the first of `stages` begins, and there are none: leave it out")
	}
	if kind == Concurrent && !m.concurrent.Given && !m.stages.Given && m.think.Given {
		r.Problem(m.think.Pos, "all calls start at once, so there is nobody to pause between them: write `concurrent: N`, or leave think_time out")
	}
}

// checkOpen looks at what only rate-limited modes have.
func (m modeDraft) checkOpen(r *setting.Reader, at setting.Pos, mode *Mode) {
	if !m.rate.Given && !m.stages.Given {
		r.Problem(at, "rate-limited needs a rate: write `rate-limited: 5/2s`, or give it stages")
	}
	if m.burst.Given && mode.Arrivals != Bucket && m.arrivals.Given == m.arrivals.Valid {
		r.Problem(m.burst.Pos, "burst is the size of a token bucket: add `arrivals: bucket`, or leave burst out")
	}
	if m.stages.Given && (mode.Arrivals == Window || mode.Arrivals == Bucket) {
		r.Problem(m.arrivals.Pos, "arrivals: %s needs one rate and cannot follow stages, write constant or poisson", mode.Arrivals)
	}
	if mode.Arrivals == Window {
		for _, rate := range m.rate.Value.Items {
			if rate.Value.N > mostInFlight {
				r.Problem(rate.Pos, "a window of more than 10M calls is too large to remember: write the rate for a shorter time")
			}
		}
	}
}
