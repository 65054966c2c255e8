package http

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/client"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/setting"
	"plimsoll/target/sim"
	"plimsoll/target/wire"
)

// written is what stands in the scenario file; checks need the places.
type written struct {
	call     // url, method, headers, body: the one call where there is no list of calls
	detour   // unix, resolve, source
	serve    setting.At[sim.Settings]
	calls    setting.At[[]setting.At[call]]
	client   client.Settings
	maxHead  int
	maxBody  int
	protocol string
	streams  setting.At[int]
	engine   setting.At[string]
	success  Success
}

// Shape is how a scenario file spells an HTTP target.
func Shape() setting.Shape[*Settings] {
	fields := callFields(func(w *written) *call { return &w.call }, "Where to send the calls: http:// or https://.")
	fields = append(fields,
		setting.Key("serve", "Starts plimsoll's own simulated server on 127.0.0.1 for this run, instead of `url`.", setting.Located(sim.Shape()), func(w *written) *setting.At[sim.Settings] { return &w.serve }),
		setting.Key("calls", "Several calls, taken in turn; their `url` may be relative to the target's.", setting.Located(setting.List("calls", "begin each call with a dash, `- url: …`", setting.Located(oneCall()))), func(w *written) *setting.At[[]setting.At[call]] { return &w.calls }),
		setting.Key("http", "The version of HTTP: 1.1 (default), 2 or auto.", setting.Word("a version of HTTP", "1.1", "2", "auto"), func(w *written) *string { return &w.protocol }),
		setting.Key("streams", "The most calls at once on one connection of HTTP/2, as far as the server lets. Default: 100; with std as many as that.", setting.Located(setting.Count(1, 1_000_000)), func(w *written) *setting.At[int] { return &w.streams }),
		setting.Key("engine", "Who carries the calls out: auto (default), std (net/http) or wire (connections of plimsoll's own: wire-epoll on Linux, wire-net elsewhere, without HTTP/2; or wire-uring, with io_uring where the kernel allows it, and wire-epoll elsewhere; each may be asked for by its name).", setting.Located(setting.Word("an engine", "auto", "std", "wire", wire.Epoll, wire.Uring, wire.Sockets)), func(w *written) *setting.At[string] { return &w.engine }),
		setting.Key("success", "Which answers are a success. Default: status 2xx.", success(), func(w *written) *Success { return &w.success }),
	)
	fields = append(fields, client.Fields(func(w *written) *client.Settings { return &w.client })...)
	fields = append(fields, routeFields()...)
	for _, key := range []string{"requests", "duration", "warmup", "repeat", "modes", "thresholds"} {
		fields = append(fields, setting.Refused[written](key, "belongs to the scenario: move it there, under `scenarios`"))
	}
	return setting.Complete(setting.Object("an http target", fields...), func(r *setting.Reader, at setting.Pos, w written) (*Settings, bool) {
		return w.settings(r, at)
	})
}

// settings fills the defaults in and checks what one key alone cannot show.
func (w written) settings(r *setting.Reader, at setting.Pos) (*Settings, bool) {
	requests, ok := w.requests(r, at)
	ok = w.linesFit(r, cmp.Or(w.protocol, "1.1")) && ok
	route, routed := w.route(r, requests)
	ok = ok && routed
	if plain := (Settings{Calls: requests}); !w.serve.Given && len(requests) > 0 && !plain.secure() {
		w.client.Plain(r, "write https:// in the URL, or leave tls out, unless steps or redirects lead to https://")
	}
	ok = w.client.Complete(r, w.serve.Given) && ok
	s := &Settings{
		Calls:    requests,
		Settings: w.client,
		Protocol: cmp.Or(w.protocol, "1.1"),
		Streams:  w.streams.Value,
		Engine:   cmp.Or(w.engine.Value, "auto"),
		Route:    route,
		MaxHead:  cmp.Or(w.maxHead, http1.UsualHead),
		MaxBody:  cmp.Or(w.maxBody, httpcall.UsualBody),
		Success:  w.success,
		Scrub:    r.Scrub,
	}
	if w.serve.Given {
		s.Serve = &w.serve.Value
		ok = s.Serve.Served(r, w.serve.Pos) && ok
	}
	if w.serve.Given && w.unix.Given {
		r.Problem(w.unix.Pos, "the server that `serve` starts listens on a port of 127.0.0.1: leave unix out")
		ok = false
	}
	if w.streams.Given && s.version() == "1.1" {
		r.Problem(w.streams.Pos, "a connection of HTTP/1.1 carries one call at a time: write `http: 2`, or leave `streams` out")
		ok = false
	}
	if _, err := s.carriedBy(); err != nil {
		r.Problem(w.engine.Pos, "%s", err)
		ok = false
	}
	if s.Success.Status == nil {
		s.Success.Status = []StatusRange{{200, 299}}
	}
	return s, ok
}

func success() setting.Shape[Success] {
	status := setting.Convert(setting.OneOrMore(statusRange()), func(_ *setting.Reader, _ setting.Pos, s setting.Several[StatusRange]) ([]StatusRange, bool) {
		return s.Values(), true
	})
	return setting.Object("success",
		setting.Key("status", "The accepted status codes: 200, 2xx, 200-204, or a list of such. Default 2xx.", status, func(s *Success) *[]StatusRange { return &s.Status }),
		setting.Key("contains", "A text that the body must hold.", setting.Text("a text"), func(s *Success) *string { return &s.Contains }),
	)
}

var statusSpelling = regexp.MustCompile(`^([1-5])xx$|^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$`)

func statusRange() setting.Shape[StatusRange] {
	read := func(text string) (StatusRange, error) {
		parts := statusSpelling.FindStringSubmatch(text)
		if parts == nil {
			return StatusRange{}, fmt.Errorf("%q is no status code from 100 to 599: write 200, 2xx or 200-204", text)
		}
		if parts[1] != "" {
			class, _ := strconv.Atoi(parts[1])
			return StatusRange{class * 100, class*100 + 99}, nil
		}
		from, _ := strconv.Atoi(parts[2])
		to, _ := strconv.Atoi(cmp.Or(parts[3], parts[2]))
		if from > to {
			return StatusRange{}, fmt.Errorf("the status codes %s go backwards: write %d-%d", text, to, from)
		}
		return StatusRange{from, to}, nil
	}
	return setting.Parsed("a status code such as 200, 2xx or 200-204", read, func() *jsonschema.Schema {
		return setting.Spelled(`[1-5]xx|[1-5][0-9]{2}(-[1-5][0-9]{2})?`, "integer")
	})
}
