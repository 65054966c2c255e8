package serve

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"plimsoll/target/quantity"
	"plimsoll/target/sim"
)

// Limits of the endpoints.
const (
	longestDelay = time.Hour
	mostBytes    = 100_000_000
	mostEcho     = 1 << 20 // bytes of a request's body
)

// handler answers requests: as the model says, or as an endpoint asks.
type handler struct {
	settings sim.Settings
	pacer    *pacer
	stopping <-chan struct{} // closed when the server is to end
	stopped  context.Context // done then
	began    time.Time       // the model's time 0
	patience patience
	routed   map[string]bool // endpoints that a route of the settings takes the place of

	mu    sync.Mutex
	model *sim.Model
	last  time.Duration // the model's clock never goes back
}

// ServeHTTP answers every path by the model, but for the endpoints.
func (h *handler) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	arrived := time.Now()
	endpoint, argument := split(r.URL.Path)
	switch {
	case h.routed[endpoint], h.settings.Site != nil:
		h.simulate(w, r, arrived)
	case endpoint == "delay" && argument != "":
		h.delay(w, r, argument, arrived)
	case endpoint == "status" && argument != "":
		status(w, argument)
	case endpoint == "bytes" && argument != "":
		h.filler(w, argument)
	case r.URL.Path == "/echo":
		h.echo(w, r)
	case r.URL.Path == "/health":
		answer(w, nethttp.StatusOK)
	default:
		h.simulate(w, r, arrived)
	}
}

// split takes the first part off a path.
func split(path string) (first, rest string) {
	first, rest, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first, rest
}

// routed are the first parts of the paths that routes name.
func routed(routes []sim.Route) map[string]bool {
	named := map[string]bool{}
	for i := range routes {
		first, _ := split(routes[i].Path)
		named[first] = true
	}
	return named
}

// simulate lets the model decide when and how the call leaves.
func (h *handler) simulate(w nethttp.ResponseWriter, r *nethttp.Request, arrived time.Time) {
	path := cmp.Or(r.URL.Path, "/")
	asked := h.arrive(arrived, h.model.Way(path))
	if asked.Events != nil {
		h.stream(w, r, &asked)
		return
	}
	h.takeIn(w, r) // unread, the body would cost the connection
	if !h.pacer.sleep(r.Context(), h.began.Add(asked.At)) {
		panic(nethttp.ErrAbortHandler) // nobody waits for the answer any more
	}
	switch asked.Class {
	case string(sim.Reset):
		reset(w)
	case string(sim.Timeout):
		h.keepSilent(r.Context())
	default:
		give(w, h.model.Reply(new(sim.Reply), &asked, path, r.URL.RawQuery))
	}
}

// give sends what the model answers.
func give(w nethttp.ResponseWriter, reply *sim.Reply) {
	for name, value := range reply.Lines {
		w.Header().Add(name, value)
	}
	w.WriteHeader(reply.Status)
	_, _ = w.Write(reply.Body)
}

// arrive takes the call into the model.
func (h *handler) arrive(at time.Time, way sim.Way) sim.Asked {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = max(h.last, at.Sub(h.began))
	return h.model.Ask(h.last, way)
}

// reset breaks the connection off: HTTP/1.1 by TCP's reset, HTTP/2 by the
// stream's.
func reset(w nethttp.ResponseWriter) {
	conn, _, err := nethttp.NewResponseController(w).Hijack()
	if err != nil {
		panic(nethttp.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// keepSilent gives no answer until the client leaves or the server ends.
func (h *handler) keepSilent(client context.Context) {
	select {
	case <-client.Done():
	case <-h.stopping:
	}
	panic(nethttp.ErrAbortHandler)
}

// delay answers after so many seconds, which the model does not hear of.
func (h *handler) delay(w nethttp.ResponseWriter, r *nethttp.Request, argument string, arrived time.Time) {
	d, ok := parseDelay(argument)
	if !ok {
		refuse(w, "/delay/%s: write seconds or a duration of at most %s, such as /delay/2 or /delay/50ms", argument, quantity.Duration(longestDelay))
		return
	}
	h.takeIn(w, r)
	if !h.pacer.sleep(r.Context(), arrived.Add(d)) {
		panic(nethttp.ErrAbortHandler)
	}
	answer(w, nethttp.StatusOK)
}

func parseDelay(text string) (d time.Duration, ok bool) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		// A number that is none fails both comparisons.
		return time.Duration(seconds * float64(time.Second)), seconds >= 0 && seconds <= longestDelay.Seconds()
	}
	d, err := quantity.ParseDuration(text)
	return d, err == nil && d <= longestDelay
}

func status(w nethttp.ResponseWriter, argument string) {
	code, err := strconv.Atoi(argument)
	if err != nil || code < 200 || code > 599 {
		refuse(w, "/status/%s: write a status code from 200 to 599, such as /status/404", argument)
		return
	}
	answer(w, code)
}

func (h *handler) filler(w nethttp.ResponseWriter, argument string) {
	n, err := quantity.ParseCount(argument)
	if err != nil || n > mostBytes {
		refuse(w, "/bytes/%s: write a count of at most %d, such as /bytes/10k", argument, mostBytes)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	piece := make([]byte, min(n, 32<<10))
	deadlines := nethttp.NewResponseController(w)
	for err = nil; n > 0 && err == nil; n -= int64(len(piece)) {
		if n > int64(len(piece)) { // a single one cannot be held up for long
			_ = deadlines.SetWriteDeadline(time.Now().Add(h.patience.body))
		}
		_, err = w.Write(piece[:min(n, int64(len(piece)))])
	}
	_ = deadlines.SetWriteDeadline(time.Time{})
}

// takeIn reads a request's body to its end.
func (h *handler) takeIn(w nethttp.ResponseWriter, r *nethttp.Request) {
	if r.Body == nethttp.NoBody {
		return
	}
	if _, err := io.Copy(io.Discard, h.body(w, r)); err != nil {
		panic(nethttp.ErrAbortHandler) // net/http would wait for the rest
	}
	_ = nethttp.NewResponseController(w).SetReadDeadline(time.Time{})
}

// body is a request's body, whose every piece comes within the patience.
func (h *handler) body(w nethttp.ResponseWriter, r *nethttp.Request) io.Reader {
	deadlines := nethttp.NewResponseController(w)
	return reader(func(b []byte) (int, error) {
		_ = deadlines.SetReadDeadline(time.Now().Add(h.patience.body))
		return r.Body.Read(b)
	})
}

// reader is a function that reads.
type reader func([]byte) (int, error)

func (r reader) Read(b []byte) (int, error) { return r(b) }

// echo tells the client what it sent.
func (h *handler) echo(w nethttp.ResponseWriter, r *nethttp.Request) {
	body, err := io.ReadAll(nethttp.MaxBytesReader(w, io.NopCloser(h.body(w, r)), mostEcho))
	if long := (*nethttp.MaxBytesError)(nil); errors.As(err, &long) {
		refuse(w, "/echo takes bodies of at most %d bytes", mostEcho)
		return
	}
	if err != nil {
		panic(nethttp.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct {
		Method   string         `json:"method"`
		URL      string         `json:"url"`
		Protocol string         `json:"protocol"`
		Host     string         `json:"host"`
		Headers  nethttp.Header `json:"headers"`
		Body     string         `json:"body"`
	}{r.Method, r.URL.String(), r.Proto, r.Host, r.Header, string(body)})
}

// answer gives a status and a line that says it.
func answer(w nethttp.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, nethttp.StatusText(status)+"\n")
}

func refuse(w nethttp.ResponseWriter, format string, args ...any) {
	nethttp.Error(w, fmt.Sprintf(format, args...), nethttp.StatusBadRequest)
}
