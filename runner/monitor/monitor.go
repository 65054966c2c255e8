// Package monitor watches the other side while a trial goes on: processes on this
// machine, what a server shows to Prometheus, what a command prints.
//
//	settings ─▶ Begin ─▶ a goroutine each: a look at each interval ─▶ course ─▶ result.Series
//
// It goes on beside the trial, never in its loop. One that is slow, away or broken
// is told about once, and changes nothing else.
package monitor

import (
	"context"
	"time"
)

// Settings are those of one monitor: of its sources one is set.
type Settings struct {
	Name     string
	Interval time.Duration

	Listening  string // HOST:PORT
	PID        int
	Process    string
	Prometheus string // a URL
	Show       []Shown
	Command    []string
}

// patience is how long a look may take where the next one is due sooner, and how long
// the last one may, after the trial: its end waits for it.
const patience = time.Second

// DefaultInterval is how often monitors look.
const DefaultInterval = time.Second

// Processes tells whether processes are watched, whose series are known.
func (s *Settings) Processes() bool {
	return s.Listening != "" || s.PID > 0 || s.Process != ""
}

// Series are those that the monitor may have, as far as that is known beforehand;
// all: it has no others.
func (s *Settings) Series() (names []string, all bool) {
	switch {
	case s.Processes():
		return []string{Cores, Memory, Threads, Descriptors, Received, Sent}, true
	case s.Prometheus != "":
		for _, show := range s.Show {
			names = append(names, show.String())
		}
		return names, true
	}
	return nil, false
}

// UnitOf is the unit of a series; known: only of those is it, whose unit we give.
func (s *Settings) UnitOf(series string) (unit string, known bool) {
	switch {
	case !s.Processes():
		return "", false
	case series == Memory:
		return UnitBytes, true
	case series == Received || series == Sent:
		return UnitBytesPerSecond, true
	}
	return "", true
}

// Series of processes.
const (
	Cores       = "cores"
	Memory      = "memory"
	Threads     = "threads"
	Descriptors = "descriptors"
	Received    = "received"
	Sent        = "sent"
)

// Units of series; others have none.
const (
	UnitCores          = "cores"
	UnitBytes          = "B"
	UnitBytesPerSecond = "B/s"
	UnitPerSecond      = "/s"
)

// source is what is looked at.
type source interface {
	// look reads all that there is to see now, and tells when it did. What it finds
	// wrong with single series stands in these; an error says that there is nothing to
	// see.
	look(ctx context.Context) ([]reading, time.Time, error)
	close()
}

// reading is what a look has seen of a series.
type reading struct {
	series, unit string
	value        float64
	// total says that the value grows, and the series is how fast.
	total bool
	// anew says that what grew before was another one.
	anew    bool
	problem string // why there is no value; "": there is
}

// open makes the monitor ready to look.
func (s *Settings) open() source {
	switch {
	case s.Prometheus != "":
		return newScraper(s)
	case len(s.Command) > 0:
		return commanded{s.Command}
	}
	return newProcesses(s)
}

// hopeless is an error after which looking again is of no use.
type hopeless struct{ error }
