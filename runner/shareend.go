package runner

import (
	"encoding/json"
	"fmt"
	"slices"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/target/plain"
)

// Limits of what an agent tells of its share's end, beyond which it is none: bytes of
// all, protocols, warnings, and characters of a name and of what is for people.
const (
	mostEnd       = 1 << 20
	mostProtocols = 16
	mostWarnings  = 100
	mostOfName    = 100
	mostOfText    = 4000
	mostEndLoops  = 1 << 16
)

// ReadShareEnd reads how a share ended from the words of an agent, which may be
// anybody's. An error tells what cannot be; texts are made harmless, and as short as
// people read.
func ReadShareEnd(text []byte) (*ShareEnd, error) {
	if len(text) > mostEnd {
		return nil, fmt.Errorf("how its share ended takes %d bytes, and %d are the most", len(text), mostEnd)
	}
	e := new(ShareEnd)
	err := json.Unmarshal(text, e)
	if err == nil {
		err = e.check()
	}
	if err != nil {
		return nil, fmt.Errorf("how its share ended cannot be: %w", err)
	}
	e.Reason, e.Health.Why = plain.Clip(e.Reason, mostOfText), plain.Clip(e.Health.Why, mostOfText)
	for i, warning := range e.Warnings {
		e.Warnings[i] = plain.Clip(warning, mostOfText)
	}
	return e, nil
}

// check tells what of it cannot be.
func (e *ShareEnd) check() error {
	switch {
	case !slices.Contains([]result.Ending{result.Complete, result.Stopped, result.Interrupted}, e.Ended):
		return fmt.Errorf("it ended %q", e.Ended)
	case !isName(e.Engine):
		return fmt.Errorf("its engine is %.120q", e.Engine)
	case e.Loops < 0 || e.Loops > mostEndLoops:
		return fmt.Errorf("it had %d loops", e.Loops)
	case !slices.Contains([]string{"", "max_in_flight", "connections", "data"}, e.Health.LimitedBy):
		return fmt.Errorf("it was limited by %.120q", e.Health.LimitedBy)
	case len(e.Connections) > mostProtocols || len(e.Warnings) > mostWarnings:
		return fmt.Errorf("it tells of %d protocols and has %d warnings", len(e.Connections), len(e.Warnings))
	case e.TLS != nil && !(isCount(e.TLS.Handshakes) && isCount(e.TLS.Resumed)):
		return fmt.Errorf("it shook hands %d times, and resumed %d", e.TLS.Handshakes, e.TLS.Resumed)
	}
	for protocol, n := range e.Connections {
		if protocol == "" || !isName(protocol) || !isCount(n) {
			return fmt.Errorf("it had %d connections of %.120q", n, protocol)
		}
	}
	if e.Use == nil {
		return nil
	}
	if wrong := e.Use.Check(); wrong != nil {
		return fmt.Errorf("its machine_use%w", wrong)
	}
	return nil
}

func isName(text string) bool { return len(text) <= mostOfName && plain.Clip(text, mostOfName) == text }

func isCount(n int64) bool { return 0 <= n && n <= latency.MostValues }
