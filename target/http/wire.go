package http

import (
	"cmp"
	"fmt"
	nethttp "net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"plimsoll/target/cookie"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/look"
	"plimsoll/target/wire"
)

// Wire turns the settings into those of package wire's engine, and of the codec
// that has it send the same requests and judge answers by the same rules as Target
// does. Relative URLs are resolved against base, as Open does. carriedBy has
// chosen an engine of package wire.
func (s Settings) Wire(base string) (o wire.Options, c http1.Options, err error) {
	if err := s.Route.Check(); err != nil {
		return o, c, err
	}
	var root *url.URL
	if base != "" {
		if root, err = url.Parse(base); err != nil {
			return o, c, err
		}
	}
	var labels []string
	for i, call := range s.Calls {
		r, err := prepare(call, root, s)
		if err != nil {
			return o, c, fmt.Errorf("request %d: %w", i+1, err)
		}
		o.Host = address(r.template.URL)
		c.Origin = r.template.URL.Scheme + "://" + o.Host
		if r.template.URL.Scheme == "https" && o.TLS == nil {
			if o.TLS, err = s.tlsConfig(); err != nil {
				return o, c, err
			}
			if o.TLS.ServerName == "" {
				o.TLS.ServerName = strings.ToLower(r.template.URL.Hostname())
			}
		}
		text, later := slices.Concat(r.head, r.body), []byte(nil)
		if r.asks {
			text, later = r.head, r.body
		}
		c.Requests = append(c.Requests, http1.Request{
			Request: wire.Request{Bytes: text, Later: later, Once: r.once},
			Head:    r.template.Method == nethttp.MethodHead,
			Stream:  r.stream,
		})
		labels = append(labels, r.label)
	}
	o.Route = s.Route
	o.Keep(&s.Settings)
	c.Accepts = func(status int) bool { // 101: another protocol follows, and no body
		return status != nethttp.StatusSwitchingProtocols && s.Success.accepts(status)
	}
	c.PerUser, c.Traces = o.PerUser, newTraces()
	c.Contains = []byte(s.Success.Contains)
	c.Example = s.examples(labels)
	c.MaxHead, c.MaxBody, c.Jars = s.MaxHead, s.MaxBody, cookie.NewJars(time.Now)
	c.Show = func(body []byte) string { return look.Shown(body, s.scrub) }
	return o, c, nil
}

const needsLinux = "needs Linux"

// Std is the engine that package http itself is; the others are package
// wire's.
const Std = "std"

// carriedBy is the engine that carries the calls out, by its name in results:
// the one that Settings.Engine asks for, or else the first that can. The error
// says why the one asked for cannot.
func (s Settings) carriedBy() (engine string, err error) {
	several := s.severalServers()
	all := []struct{ engine, beyond string }{
		{wire.Epoll, cmp.Or(several, s.beyondEpoll())}, {wire.Sockets, cmp.Or(several, s.beyondSockets())}, {Std, ""},
	}
	if s.Engine == wire.Uring { // which is the first one, but for how it waits, and taken by its name only
		all[0].engine = wire.Uring
	}
	beyond := ""
	for _, candidate := range all {
		switch s.Engine {
		case "", "auto", candidate.engine:
		case "wire":
			if candidate.engine == Std {
				continue
			}
		default:
			continue
		}
		if candidate.beyond == "" {
			return candidate.engine, nil
		}
		if beyond == "" || beyond == needsLinux { // the first that there is here says why
			beyond = candidate.beyond
		}
	}
	return "", fmt.Errorf("the engine %s %s: write `engine: std`, or leave `engine` out", s.Engine, beyond)
}

// severalServers tells what no engine of package wire can do, as the rest of a
// sentence about it; "" when the settings do not ask for it.
func (s Settings) severalServers() string {
	hosts := s.hosts()
	for _, host := range hosts {
		if host != hosts[0] {
			return fmt.Sprintf("calls one server, and there are %s and %s", hosts[0], host)
		}
	}
	return ""
}

// beyondEpoll tells the same of what the epoll engine cannot do besides.
func (s Settings) beyondEpoll() string {
	switch {
	case !wire.HasEpoll:
		return needsLinux
	case s.version() == "auto":
		return "speaks a version of HTTP that is known beforehand, and `http: auto` leaves it to the server"
	}
	return ""
}

// beyondSockets tells the same of the one with a goroutine for each connection.
func (s Settings) beyondSockets() string {
	if s.version() != "1.1" {
		return fmt.Sprintf("speaks HTTP/1.1 only, and `http: %s` asks for more", s.Protocol)
	}
	return ""
}

// version is that of HTTP as far as it is known before anybody is called; "auto": TLS
// will tell.
func (s Settings) version() string {
	if s.Protocol == "auto" && !s.secure() {
		return "1.1"
	}
	return cmp.Or(s.Protocol, "1.1")
}

// secure tells whether any call goes over TLS.
func (s Settings) secure() bool {
	return slices.ContainsFunc(s.hosts(), func(host string) bool { return strings.HasPrefix(host, "https:") })
}

// hosts are whom the calls go to, SCHEME://HOST:PORT each; without TLS the
// host is nothing to one who is called by a socket of his own.
func (s Settings) hosts() (list []string) {
	for _, c := range s.Calls {
		u, err := parse(c.URL)
		if err != nil || c.URL == "" {
			continue // reported already
		}
		if s.Route.Unix != "" && u.Scheme == "http" {
			u.Host = "localhost"
		}
		list = append(list, u.Scheme+"://"+address(u))
	}
	return list
}

// examples makes the messages of failures, one a class, as Target does.
func (s Settings) examples(labels []string) func(n uint64, call *httpcall.Prepared, class string, seen http1.Seen) string {
	var mu sync.Mutex // engines may share it
	made := map[which]string{}
	return func(n uint64, call *httpcall.Prepared, class string, seen http1.Seen) string {
		mu.Lock()
		defer mu.Unlock()
		is := which{call, class}
		if text, known := made[is]; known {
			return text
		}
		f := failure{class: class, stage: stage(seen.Stage), err: seen.Err, read: content{size: seen.Body}}
		f.kept, f.silent, f.rested = seen.Kept, seen.Silent, seen.Idle
		if class == statusClass(seen.Status) {
			f.status, f.location, f.read.start = seen.Status, string(seen.Location), string(seen.Start)
			if seen.Body > int64(len(seen.Start)) {
				f.read.start += "…"
			}
		}
		label := labels[n%uint64(len(labels))]
		if call != nil {
			label = labelOf(call)
		}
		f.streams = call == nil && s.Calls[n%uint64(len(s.Calls))].Stream != nil
		f.of(call)
		text := f.example(label, s)
		if call == nil || f.status == 0 { // else it may hold what one user alone is to see
			made[is] = text
		}
		return text
	}
}
