// Package live shows a run in a browser while it goes on: one page, fed with an
// event a second, which becomes the report when the run is over. It reads nothing
// but what it is given, and a viewer that does not read is left behind.
//
// Who may look is checked by each request's Host and Origin, so that no page of
// somebody else's can look through a visitor's browser; an address that others can
// reach asks for a token besides.
package live

import (
	"cmp"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"plimsoll/report/page"
)

// Options are what a page is shown by.
type Options struct {
	Address string       // host:port; port 0 is any that is free
	Token   string       // whoever looks must have it; "" for nobody, on loopback only
	Title   string       // of the run
	Planned int          // trials
	Metrics http.Handler // at /metrics; nil: there are none
}

// Server shows one run.
type Server struct {
	Options
	state
	listener net.Listener
	server   *http.Server
	over     chan struct{} // nothing more comes
	gone     chan struct{} // the ticker is
}

// Listen begins to show a run of which nothing has happened yet. An address that is
// not loopback's needs a token.
func Listen(o Options) (*Server, error) {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("--live takes host:port, such as 127.0.0.1:8123, not %q", o.Address)
	}
	if !loopback(host) && o.Token == "" {
		return nil, fmt.Errorf("others can reach %s: --live-token TOKEN says what they must know", o.Address)
	}
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("nothing can be shown at %s: %w", o.Address, err)
	}
	s := &Server{Options: o, listener: listener, over: make(chan struct{}), gone: make(chan struct{})}
	s.viewers = map[*viewer]bool{}
	s.server = &http.Server{
		Handler: s.checked(s.routes()), ReadTimeout: patience, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
	}
	go func() { _ = s.server.Serve(listener) }() // until Close
	go s.tick()
	return s, nil
}

// patience is how long anybody may take to read or to write.
const patience = 5 * time.Second

// loopback tells whether only this machine reaches a host.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// URL is where to look: under the host that was asked for, even where it stands for all.
func (s *Server) URL() string {
	host, _, _ := net.SplitHostPort(s.Address)
	_, port, _ := net.SplitHostPort(s.listener.Addr().String()) // both have been read before
	at := url.URL{Scheme: "http", Host: net.JoinHostPort(cmp.Or(host, "localhost"), port), Path: "/"}
	if s.Token != "" {
		at.RawQuery = url.Values{"token": {s.Token}}.Encode()
	}
	return at.String()
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /events", s.events)
	if s.Metrics != nil {
		mux.Handle("GET /metrics", s.Metrics)
	}
	return mux
}

// page is the report where there is one, else what becomes it.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if report := s.report(); report != nil {
		_, _ = w.Write(report)
		return
	}
	w.Header().Set("Content-Security-Policy", page.LivePolicy())
	_ = page.WriteLive(w, s.Title)
}

// checked lets only those look who may.
func (s *Server) checked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("X-Frame-Options", "DENY")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cache-Control", "no-store")
		if err := s.mayLook(r); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// mayLook tells why a request is refused.
func (s *Server) mayLook(r *http.Request) error {
	if s.Token != "" {
		given := r.URL.Query().Get("token")
		if bearer, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); is {
			given = bearer
		}
		if subtle.ConstantTimeCompare([]byte(given), []byte(s.Token)) != 1 {
			return errors.New("this needs the token that --live-token was given: ?token=…")
		}
	} else if !s.knownHost(r.Host) {
		return errors.New("this is shown under its own address only")
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return errors.New("no other page may look at this")
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
		return errors.New("no other page may look at this")
	}
	return nil
}

// knownHost tells whether a request names this server as somebody on this machine
// does; a page that had its own name lead here would not.
func (s *Server) knownHost(named string) bool {
	host, port, err := net.SplitHostPort(named)
	if err != nil {
		return false
	}
	_, own, err := net.SplitHostPort(s.listener.Addr().String())
	return err == nil && port == own && loopback(host)
}

// events are what happened so far, and then what happens, until the viewer goes, does
// not read, or nothing more comes.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	v := s.enter()
	defer s.leave(v)
	head := w.Header()
	head.Set("Content-Type", "text/event-stream")
	to := http.NewResponseController(w)
	for {
		select {
		case <-r.Context().Done():
			return
		case event, more := <-v.events:
			if !more {
				return
			}
			if to.SetWriteDeadline(time.Now().Add(patience)) != nil {
				return
			}
			if _, err := w.Write(event); err != nil || to.Flush() != nil {
				return
			}
		}
	}
}

// message is an event as it is sent.
func message(name string, data any) []byte {
	text, err := json.Marshal(data) // escapes what HTML would read
	if err != nil {
		return nil // of numbers and texts it never fails
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, text)
}

// tick tells the viewers once a second what is new.
func (s *Server) tick() {
	defer close(s.gone)
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-s.over:
			return
		case <-every.C:
			s.tell()
		}
	}
}

// Close ends it: the viewers have the report, if there is one, which is the last that they get. Where
// keep is there it is shown until that is done.
func (s *Server) Close(report []byte, keep <-chan struct{}) {
	close(s.over)
	<-s.gone
	s.end(report)
	if keep != nil {
		<-keep
	}
	until := time.Now().Add(patience)
	for s.watched() && time.Now().Before(until) { // those who still read
		time.Sleep(10 * time.Millisecond)
	}
	_ = s.server.Close()
}
