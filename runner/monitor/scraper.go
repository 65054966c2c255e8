package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"plimsoll/runner/exposition"
	"plimsoll/target/setting"
)

// Shown is a series that somebody wants to see, as he wrote it.
type Shown = exposition.Selector

// mostText is how much is read of what a server shows; exporters show some hundred
// kilobytes.
const mostText = 16 << 20

// scraper reads what a server shows to Prometheus.
type scraper struct {
	settings *Settings
	client   *http.Client
	told     map[string]bool // what was missing, and has been told
	grown    []growth        // of what is shown by how fast it grows
}

func newScraper(s *Settings) *scraper {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 1, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10}
	return &scraper{settings: s, client: &http.Client{Transport: transport}, told: map[string]bool{}, grown: make([]growth, len(s.Show))}
}

func (s *scraper) close() { s.client.CloseIdleConnections() }

func (s *scraper) look(ctx context.Context) ([]reading, time.Time, error) {
	asked := time.Now()
	text, err := s.text(ctx)
	at := asked.Add(time.Since(asked) / 2) // nobody knows when in between it was
	if err != nil {
		return nil, at, err
	}
	found, err := exposition.Find(text, s.settings.Show)
	if err != nil {
		return nil, at, fmt.Errorf("what it shows cannot be read: %w", err)
	}
	var readings []reading
	for i, show := range s.settings.Show {
		r := reading{series: show.String(), value: found[i].Sum, total: show.Rate}
		if show.Rate {
			r.unit, r.value = UnitPerSecond, s.grown[i].take(found[i].Each)
		}
		if len(found[i].Each) == 0 {
			if s.told[r.series] {
				continue // names are looked for once
			}
			s.told[r.series], r.problem = true, missing(show, text)
		}
		readings = append(readings, r)
	}
	return readings, at, nil
}

// missing says what there is in place of a series that there is not.
func missing(show Shown, text []byte) string {
	names := exposition.Names(text)
	for _, name := range names {
		if name == show.Name {
			return "no series of " + show.Name + " has these labels and a figure"
		}
	}
	const readable = 20
	if len(names) > readable {
		if nearest := setting.Suggest(show.Name, names); strings.HasSuffix(nearest, "?") {
			return "there is no metric " + show.Name + nearest
		}
		return fmt.Sprintf("there is no metric %s among the %d that it shows", show.Name, len(names))
	}
	return "there is no metric " + show.Name + setting.Suggest(show.Name, names)
}

// text asks for what there is to see.
func (s *scraper) text(ctx context.Context) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.settings.Prometheus, nil)
	if err != nil {
		return nil, hopeless{errors.New("its URL is none")} // which is not repeated: it may hold secrets
	}
	request.Header.Set("Accept", "text/plain;version=0.0.4")
	request.Header.Set("User-Agent", "plimsoll")
	answer, err := s.client.Do(request)
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err // without the URL
	}
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s", answer.Status)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostText+1))
	if len(text) > mostText {
		return nil, hopeless{fmt.Errorf("it shows more than %d MB", mostText>>20)}
	}
	return text, err
}
