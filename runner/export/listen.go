package export

import (
	"context"
	"errors"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// scraped is what a Prometheus comes to read.
type scraped struct {
	table  *table
	server *http.Server
	came   chan struct{} // somebody has read how everything ended

	mu   sync.Mutex
	last time.Time     // when somebody was here last; zero: nobody was
	gap  time.Duration // between the last two times; 0: there was one, or none
	over bool          // whoever comes from now on reads how everything ended
}

// listen shows metrics at an address.
func listen(address string, t *table) (*scraped, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	s := &scraped{table: t, came: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s)
	s.server = &http.Server{Handler: mux, ReadTimeout: patient, WriteTimeout: patient, MaxHeaderBytes: 64 << 10}
	go func() { _ = s.server.Serve(listener) }() // until it is closed
	return s, nil
}

// Metrics shows them to whoever reads them elsewhere.
func (e *Exporter) Metrics() http.Handler {
	return e.table
}

// ServeHTTP shows the metrics, and remembers who came.
func (s *scraped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	over := s.over
	s.mu.Unlock()
	if s.table.show(w, r) != nil || r.Method != http.MethodGet {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.last.IsZero() {
		s.gap = now.Sub(s.last)
	}
	s.last = now
	if over {
		select {
		case s.came <- struct{}{}:
		default:
		}
	}
}

// ServeHTTP shows the metrics.
func (t *table) ServeHTTP(w http.ResponseWriter, r *http.Request) { _ = t.show(w, r) }

// show writes the metrics, with native histograms for whoever asks for the format that
// has them.
func (t *table) show(w http.ResponseWriter, r *http.Request) error {
	form, of := textType, appendText
	if prefersProtobuf(r.Header.Values("Accept")) {
		form, of = protobufType, appendProtobuf
	}
	b := of(nil, t.families())
	w.Header().Set("Content-Type", form)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, err := w.Write(b)
	return err
}

// longestGrace is how long is waited for whoever comes once a quarter of a minute,
// as Prometheus does unless it is told otherwise.
const longestGrace = 16 * time.Second

// grace is how long to wait for the last one who comes to read; 0: nobody does, or has
// stayed away for longer than that.
func (s *scraped) grace() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch usual := 2*s.gap + time.Second; {
	case s.last.IsZero():
		return 0
	case s.gap == 0:
		return longestGrace
	case time.Since(s.last) > usual:
		return 0
	default:
		return min(longestGrace, usual)
	}
}

// end waits until somebody has read how everything ended, if anybody reads, and
// closes.
func (s *scraped) end(ctx context.Context) {
	grace := s.grace()
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	select {
	case <-s.came:
	case <-time.After(grace):
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if s.server.Shutdown(bounded) != nil {
		_ = s.server.Close()
	}
}

// prefersProtobuf tells whether somebody wants protobuf rather than text, by what
// the lines of Accept say.
func prefersProtobuf(accept []string) bool {
	protobuf, text := 0.0, 0.0
	for item := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		form, parameters, err := mime.ParseMediaType(strings.TrimSpace(item))
		if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
			continue
		}
		weight := 1.0
		if q, given := parameters["q"]; given {
			if weight, err = strconv.ParseFloat(q, 64); err != nil || !(weight >= 0 && weight <= 1) {
				continue
			}
		}
		switch form {
		case "application/vnd.google.protobuf":
			if parameters["encoding"] == "delimited" && parameters["proto"] == "io.prometheus.client.MetricFamily" {
				protobuf = max(protobuf, weight)
			}
		case "text/plain", "application/openmetrics-text":
			text = max(text, weight)
		}
	}
	return protobuf > 0 && protobuf >= text
}
