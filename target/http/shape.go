package http

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/retry"
	"plimsoll/target/setting"
	"plimsoll/target/sim"
	"plimsoll/target/wire"
)

// written is what stands in the scenario file; checks need the places.
type written struct {
	call        // url, method, headers, body: the one call where there is no list of calls
	detour      // unix, resolve, source
	serve       setting.At[sim.Settings]
	calls       setting.At[[]setting.At[call]]
	timeout     time.Duration
	keepAlive   setting.At[reuse]
	connections int
	maxHead     int
	maxBody     int
	protocol    string
	engine      setting.At[string]
	tls         setting.At[TLS]
	success     Success
	retry       retry.Settings
}

// Shape is how a scenario file spells an HTTP target.
func Shape() setting.Shape[*Settings] {
	fields := callFields(func(w *written) *call { return &w.call }, "Where to send the calls: http:// or https://.")
	fields = append(fields,
		setting.Key("serve", "Starts plimsoll's own simulated server on 127.0.0.1 for this run, instead of `url`.", setting.Located(sim.Shape()), func(w *written) *setting.At[sim.Settings] { return &w.serve }),
		setting.Key("calls", "Several calls, taken in turn; their `url` may be relative to the target's.", setting.Located(setting.List("calls", "begin each call with a dash, `- url: …`", setting.Located(oneCall()))), func(w *written) *setting.At[[]setting.At[call]] { return &w.calls }),
		setting.Key("timeout", "How long one attempt may take. Default 10s.", setting.LongerThanZero(), func(w *written) *time.Duration { return &w.timeout }),
		setting.Key("keepalive", "Use connections again: true (default), false, or `user`: again, but each user of a journey has connections of its own, as browsers have.", setting.Located(reuseShape()), func(w *written) *setting.At[reuse] { return &w.keepAlive }),
		setting.Key("connections", "The most connections at once; a call that finds all taken is held. Default: no limit.", setting.Count(1, 1_000_000), func(w *written) *int { return &w.connections }),
		setting.Key("http", "The version of HTTP: 1.1 (default), 2 or auto.", setting.Word("a version of HTTP", "1.1", "2", "auto"), func(w *written) *string { return &w.protocol }),
		setting.Key("engine", "Who carries the calls out: auto (default), std (net/http) or wire (HTTP/1.1 over connections of plimsoll's own: wire-epoll for plain HTTP on Linux, wire-net for TLS and elsewhere, either of which may be asked for by its name).", setting.Located(setting.Word("an engine", "auto", "std", "wire", wire.Epoll, wire.Sockets)), func(w *written) *setting.At[string] { return &w.engine }),
		setting.Key("tls", "Whom to trust and who we are.", setting.Secret(setting.Located(trust())), func(w *written) *setting.At[TLS] { return &w.tls }),
		setting.Key("success", "Which answers are a success. Default: status 2xx.", success(), func(w *written) *Success { return &w.success }),
		setting.Key("retry", "Repeats failed attempts. Default: none is.", retry.Shape(), func(w *written) *retry.Settings { return &w.retry }),
	)
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
	s := &Settings{
		Calls:       requests,
		Timeout:     cmp.Or(w.timeout, 10*time.Second),
		KeepAlive:   w.keepAlive.Value != never,
		PerUser:     w.keepAlive.Value == byUser,
		Connections: w.connections,
		Protocol:    cmp.Or(w.protocol, "1.1"),
		Engine:      cmp.Or(w.engine.Value, "auto"),
		TLS:         w.tls.Value,
		Route:       route,
		MaxHead:     cmp.Or(w.maxHead, http1.UsualHead),
		MaxBody:     cmp.Or(w.maxBody, httpcall.UsualBody),
		Success:     w.success,
		Retry:       w.retry,
		Scrub:       r.Scrub,
	}
	if w.serve.Given {
		s.Serve = &w.serve.Value
	}
	if w.serve.Given && w.unix.Given {
		r.Problem(w.unix.Pos, "the server that `serve` starts listens on a port of 127.0.0.1: leave unix out")
		ok = false
	}
	if w.serve.Given && w.tls.Given {
		r.Problem(w.tls.Pos, "the server that `serve` starts speaks no TLS: leave tls out")
		ok = false
	}
	if w.serve.Given && (s.Serve.Timeout > 0 || s.Serve.Retry.Attempts > 0) {
		r.Problem(w.serve.Pos, "a server does not know how long its callers wait, nor what they try again: write timeout and retry beside serve")
		ok = false
	}
	if s.PerUser && s.Connections > 0 {
		r.Problem(w.keepAlive.Pos, "connections caps the one pool that all users share, and with keepalive: user each has connections of its own: leave one of them out")
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

// reuse is who uses a connection again.
type reuse uint8

const (
	byAll reuse = iota
	never
	byUser
)

func reuseShape() setting.Shape[reuse] {
	words := map[string]reuse{"true": byAll, "false": never, "user": byUser}
	read := func(text string) (reuse, error) {
		is, known := words[strings.ToLower(text)]
		if !known {
			return 0, fmt.Errorf("%q is none of true, false and user", text)
		}
		return is, nil
	}
	return setting.Parsed("true, false or user", read, func() *jsonschema.Schema {
		return setting.Spelled("[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Uu][Ss][Ee][Rr]", "boolean")
	})
}

func trust() setting.Shape[TLS] {
	type places struct{ ca, cert, key setting.At[string] }
	type written struct {
		TLS
		places
	}
	path := setting.Located(setting.Text("the name of a PEM file"))
	read := setting.Object("tls",
		setting.Key("insecure", "Trust any certificate. Default false.", setting.Bool(), func(t *written) *bool { return &t.Insecure }),
		setting.Key("ca", "The PEM file of the authorities to trust instead of the system's.", path, func(t *written) *setting.At[string] { return &t.ca }),
		setting.Key("cert", "The PEM file of our own certificate.", path, func(t *written) *setting.At[string] { return &t.cert }),
		setting.Key("key", "The PEM file of its private key.", path, func(t *written) *setting.At[string] { return &t.key }),
		setting.Key("server_name", "The name that the server's certificate must have. Default: the URL's host.", setting.Text("a host name"), func(t *written) *string { return &t.ServerName }),
	)
	return setting.Complete(read, func(r *setting.Reader, at setting.Pos, t written) (TLS, bool) {
		ok := true
		if t.ca.Valid {
			t.CA = r.Path(t.ca.Value)
			ok = checkAuthorities(r, t.ca, t.Insecure)
		}
		if t.cert.Given != t.key.Given {
			r.Problem(at, "cert and key belong together: give both or none")
			return t.TLS, false
		}
		if t.cert.Valid && t.key.Valid {
			t.Cert, t.Key = r.Path(t.cert.Value), r.Path(t.key.Value)
			ok = checkPair(r, t.cert, t.key) && ok
		}
		return t.TLS, ok
	})
}

func checkAuthorities(r *setting.Reader, ca setting.At[string], insecure bool) bool {
	if insecure {
		r.Problem(ca.Pos, "with `insecure: true` any certificate is trusted: leave ca or insecure out")
		return false
	}
	text, ok := r.File(ca.Pos, ca.Value)
	if ok && !x509.NewCertPool().AppendCertsFromPEM(text) {
		r.Problem(ca.Pos, "the file %q holds no PEM certificate (-----BEGIN CERTIFICATE-----)", ca.Value)
		return false
	}
	return ok
}

func checkPair(r *setting.Reader, cert, key setting.At[string]) bool {
	certText, ok1 := r.File(cert.Pos, cert.Value)
	keyText, ok2 := r.File(key.Pos, key.Value)
	if !ok1 || !ok2 {
		return false
	}
	if _, err := tls.X509KeyPair(certText, keyText); err != nil {
		r.Problem(cert.Pos, "the certificate %q and the key %q cannot be used: %s", cert.Value, key.Value, strings.TrimPrefix(err.Error(), "tls: "))
		return false
	}
	return true
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
