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
	came   chan struct{} // somebody has just been here

	mu   sync.Mutex
	last time.Time     // when somebody was here last; zero: nobody was
	gap  time.Duration // between the last two times; 0: there was one, or none
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
	return &scraped{table: e.table, came: make(chan struct{}, 1)}
}

// ServeHTTP shows the metrics, with native histograms to whoever asks for the format
// that has them.
func (s *scraped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, of := textType, appendText
	if prefersProtobuf(r.Header.Values("Accept")) {
		form, of = protobufType, appendProtobuf
	}
	b := of(nil, s.table.families())
	w.Header().Set("Content-Type", form)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	if _, err := w.Write(b); err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.last.IsZero() {
		s.gap = now.Sub(s.last)
	}
	s.last = now
	select {
	case s.came <- struct{}{}:
	default:
	}
}

// longestGrace is how long is waited for whoever comes once a quarter of a minute,
// as Prometheus does unless it is told otherwise.
const longestGrace = 16 * time.Second

// grace is how long to wait for the last one who comes to read; 0: nobody does.
func (s *scraped) grace() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.last.IsZero():
		return 0
	case s.gap == 0:
		return longestGrace
	}
	return min(longestGrace, 2*s.gap+time.Second)
}

// end waits until somebody has read how everything ended, if anybody reads, and
// closes.
func (s *scraped) end(ctx context.Context) {
	select {
	case <-s.came: // before the end
	default:
	}
	select {
	case <-s.came:
	case <-time.After(s.grace()):
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
