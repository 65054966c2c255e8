// Package export tells others how trials go on, while they do: Prometheus, which
// comes to read or is written to, and whoever takes OTLP.
//
//	intervals ─▶ table (what is told) ─▶ families ─▶ text, protobuf, remote write, OTLP
//
// What is told was measured already: nothing here is on the way of a call, and a
// peer that is away or slow is nothing to the load.
package export

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	"plimsoll/runner/drive"
)

// Settings are those of `export:`. What is empty is not there.
type Settings struct {
	Listen string   // where Prometheus comes to read
	Push   *url.URL // a Pushgateway's place for this job
	Write  *url.URL // where remote write goes
	OTLP   *OTLP
}

// OTLP is whoever takes it.
type OTLP struct {
	Endpoint *url.URL // where metrics go
	Headers  map[string]string
	Timeout  time.Duration
	// PassedOver says what the environment asks for besides, and there is not.
	PassedOver []string
}

// Exporter tells others what it is given.
type Exporter struct {
	table   *table
	scraped *scraped // nil: nobody comes to read
	telling []*telling
	note    func(string)
}

// Start begins: note, which may be called at any time and from anywhere, says what
// people should know.
func Start(s *Settings, version string, note func(string)) (*Exporter, error) {
	e := &Exporter{table: newTable(note), note: note}
	if s.Listen != "" {
		shown, err := listen(s.Listen, e.table)
		if err != nil {
			return nil, fmt.Errorf("export: prometheus cannot come to read: %w", err)
		}
		e.scraped = shown
	}
	if s.Push != nil {
		p := newPeer("the Pushgateway", s.Push, nil, patient, note)
		e.start(&gateway{p, s.Push.String()}, p)
	}
	if s.Write != nil {
		p := newPeer("the server of remote write", s.Write, nil, patient, note)
		e.start(&remote{peer: p, url: s.Write.String(), owner: owner(), native: true}, p)
	}
	if o := s.OTLP; o != nil {
		for _, passedOver := range o.PassedOver {
			note(passedOver)
		}
		p := newPeer("the collector", o.Endpoint, o.Headers, o.Timeout, note)
		e.start(&collector{peer: p, url: o.Endpoint.String(), headers: o.Headers, began: time.Now(), version: version}, p)
	}
	return e, nil
}

func (e *Exporter) start(s sender, p peer) {
	e.telling = append(e.telling, startTelling(s, p, e.table))
}

// owner are the labels that Prometheus itself gives to what it comes to read.
func owner() []label {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return []label{{"instance", host}, {"job", "plimsoll"}}
}

// Take adds what was recorded since the last time; it keeps nothing of the interval.
func (e *Exporter) Take(of Of, i *drive.Interval) { e.table.take(of, i) }

// Over tells that nothing is under way of a scenario in a mode any more.
func (e *Exporter) Over(scenario, mode string) { e.table.over(scenario, mode) }

// Close tells everybody how it ended, as long as that may take, and waits for the
// last who come to read, unless ctx is done.
func (e *Exporter) Close(ctx context.Context) {
	var all sync.WaitGroup
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), atLast)
	defer cancel()
	for _, t := range e.telling {
		all.Go(func() { t.end(last) })
	}
	if e.scraped != nil {
		if grace := e.scraped.grace(); grace > time.Second && ctx.Err() == nil {
			e.note(fmt.Sprintf("waiting until Prometheus has read how it ended: %v at the most", grace.Round(time.Second)))
		}
		e.scraped.end(ctx)
	}
	all.Wait()
}
