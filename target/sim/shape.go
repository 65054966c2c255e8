package sim

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/retry"
	"plimsoll/target/setting"
)

// mostServers bounds what a model keeps in memory: servers, waiting calls,
// and the calls that a quota remembers.
const mostServers = 10_000_000

// Shape is how a scenario file spells a simulated server. `timeout` and `retry`
// are its callers': only a target has them.
func Shape() setting.Shape[Settings] {
	return setting.Define("simulated", func(setting.Shape[Settings]) setting.Shape[Settings] {
		read := setting.Object("a simulated server",
			setting.Key("delay", "How long a call takes alone: a duration, or a distribution. Default 0s.", setting.Located(delay.Shape()), func(s *written) *setting.At[delay.Delay] { return &s.delay }),
			setting.Key("stream", "How an answer comes event by event, as that of a language model does, instead of delay and answer.", setting.Located(StreamShape()), func(s *written) *setting.At[Stream] { return &s.stream }),
			setting.Key("servers", "How many calls are served at once; the rest wait in line. Default: no limit.", setting.Located(setting.Count(1, mostServers)), func(s *written) *setting.At[int] { return &s.servers }),
			setting.Key("queue", "The waiting room behind the servers; a call that finds it full fails at once (rejected, HTTP 503). Default: no limit.", setting.Located(setting.Count(0, mostServers)), func(s *written) *setting.At[int] { return &s.queue }),
			setting.Key("contention", "How calls in service slow each other down (Universal Scalability Law).", contention(), func(s *written) *Contention { return &s.Contention }),
			setting.Key("errors", "The share of calls that fail: 1%, or a map.", failures(), func(s *written) *Errors { return &s.Errors }),
			setting.Key("stall", "Freezes the server now and then.", stall(), func(s *written) *Stall { return &s.Stall }),
			setting.Key("quota", "N/T: a call that would be the N+1st admitted within T fails at once (throttled, HTTP 429).", quota(), func(s *written) *quantity.Rate { return &s.Quota }),
			setting.Key("answer", "What a call gets back that does not fail: status, headers, json or body. Default: 200, and a line that says OK.", setting.Located(answers()), func(s *written) *setting.At[*Answer] { return &s.answer }),
			setting.Key("turns", "What calls take in turn, as they arrive: delay, stream, errors and answer of each, instead of the target's.", setting.Located(takenInTurn()), func(s *written) *setting.At[[]Manner] { return &s.turns }),
			setting.Key("routes", "Delay, stream, errors, answer and turns of calls to some paths, such as /users/*; the longest match holds.", setting.Located(routes()), func(s *written) *setting.At[[]Route] { return &s.routes }),
			setting.Key("site", "The pages that it has, which link to each other, as answers: `pages` by path, or a `tree`. What it has not is a 404.", setting.Located(site()), func(s *written) *setting.At[*Site] { return &s.site }),
			setting.Key("timeout", "How long the caller of a call waits; the server goes on with it. Default: as long as it takes.", setting.LongerThanZero(), func(s *written) *time.Duration { return &s.Timeout }),
			setting.Key("retry", "Repeats failed attempts. Default: none is.", retry.Shape(), func(s *written) *retry.Settings { return &s.Retry }),
		)
		return setting.Complete(read, func(r *setting.Reader, _ setting.Pos, s written) (Settings, bool) {
			s.Delay, s.Stream, s.Answer = s.delay.Value, given(s.stream), s.answer.Value
			s.Turns, s.Routes, s.Site = s.turns.Value, s.routes.Value, s.site.Value
			ok := oneWay(r, s.delay, s.stream, s.answer)
			ok = s.alone(r) && ok
			if s.queue.Given {
				s.Queue = &s.queue.Value
			}
			if s.queue.Given && !s.servers.Given {
				r.Problem(s.queue.Pos, "a queue forms only behind servers: add `servers: N`, or leave queue out")
				return s.Settings, false
			}
			s.Servers = s.servers.Value
			return s.Settings, ok
		})
	})
}

// Served reports what a server cannot have that answers for a target's `serve`,
// written at that place.
func (s *Settings) Served(r *setting.Reader, at setting.Pos) bool {
	if s.Timeout == 0 && s.Retry.Attempts == 0 {
		return true
	}
	r.Problem(at, "a server does not know how long its callers wait, nor what they try again: write timeout and retry beside serve")
	return false
}

// written is Settings with the places that checks need.
type written struct {
	Settings
	delay          setting.At[delay.Delay]
	stream         setting.At[Stream]
	answer         setting.At[*Answer]
	turns          setting.At[[]Manner]
	routes         setting.At[[]Route]
	site           setting.At[*Site]
	servers, queue setting.At[int]
}

func contention() setting.Shape[Contention] {
	return setting.Object("contention",
		setting.Key("serial", "σ: the share of a call that only one call at a time can do, such as 1.48%.", setting.Percent(), func(c *Contention) *float64 { return &c.Serial }),
		setting.Key("crosstalk", "κ: the share that every pair of calls adds, such as 0.0118%.", setting.Percent(), func(c *Contention) *float64 { return &c.Crosstalk }),
	)
}

func failures() setting.Shape[Errors] {
	type errorMap struct {
		Errors
		after setting.At[time.Duration]
	}
	full := setting.Object("errors",
		setting.Key("rate", "The chance of a call to fail, such as 1%.", setting.Share(), func(e *errorMap) *float64 { return &e.Rate }).Required(),
		setting.Key("kind", "How it fails: status-500 (default) or another status from 300 to 599, reset or timeout.", errorKind(), func(e *errorMap) *ErrorKind { return &e.Kind }),
		setting.Key("after", "How long a failing call takes. Default: the drawn delay.", setting.Located(setting.Duration()), func(e *errorMap) *setting.At[time.Duration] { return &e.after }),
	)
	return setting.Either("a percentage such as 1%, or a map such as {rate: 1%, kind: reset}", setting.Forms[Errors]{
		Scalar: setting.Convert(setting.Share(), func(_ *setting.Reader, _ setting.Pos, rate float64) (Errors, bool) {
			return Errors{Rate: rate, Kind: Status500}, true
		}),
		Map: setting.Convert(full, func(_ *setting.Reader, _ setting.Pos, e errorMap) (Errors, bool) {
			if e.Kind == "" {
				e.Kind = Status500
			}
			if e.after.Given {
				e.After = &e.after.Value
			}
			return e.Errors, true
		}),
	})
}

func errorKind() setting.Shape[ErrorKind] {
	read := func(text string) (ErrorKind, error) {
		kind := ErrorKind(text)
		if kind == Reset || kind == Timeout || kind.Status() != 0 {
			return kind, nil
		}
		if strings.HasPrefix(text, statusPrefix) {
			return "", fmt.Errorf("%q is not a kind of error: write status-NNN with a status from %d to %d", text, lowestFailure, highestStatus)
		}
		return "", fmt.Errorf("%q is not a kind of error%s", text, setting.Suggest(text, []string{string(Status500), string(Reset), string(Timeout)}))
	}
	return setting.Parsed("a kind of error: status-500 or another status, reset, timeout", read, func() *jsonschema.Schema {
		return setting.Spelled(statusPrefix + "[345][0-9][0-9]|" + string(Reset) + "|" + string(Timeout))
	})
}

func stall() setting.Shape[Stall] {
	type written struct {
		every, at time.Duration
		length    setting.At[time.Duration]
	}
	read := setting.Object("a stall",
		setting.Key("every", "The time from the beginning of one to the next. Default: it comes once.", setting.LongerThanZero(), func(w *written) *time.Duration { return &w.every }),
		setting.Key("for", "How long the server stands still.", setting.Located(setting.LongerThanZero()), func(w *written) *setting.At[time.Duration] { return &w.length }).Required(),
		setting.Key("at", "When the first begins. Default 0s.", setting.Duration(), func(w *written) *time.Duration { return &w.at }),
	)
	return setting.Convert(read, func(r *setting.Reader, _ setting.Pos, w written) (Stall, bool) {
		if w.every != 0 && w.length.Value >= w.every {
			r.Problem(w.length.Pos, "the server would never move again: `for` must be shorter than `every`")
			return Stall{}, false
		}
		return Stall{Every: w.every, For: w.length.Value, At: w.at}, true
	})
}

func quota() setting.Shape[quantity.Rate] {
	return setting.Where(setting.Rate(), func(rate quantity.Rate) error {
		if rate.N > mostServers {
			return errors.New("a quota of more than 10M calls is too large to remember: write it for a shorter time")
		}
		return nil
	})
}
