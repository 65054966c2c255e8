// Package goodput is what can be promised of one call: limits of its times, all of
// which it must keep. No distribution tells who keeps several, so that whoever
// records calls has to know them.
package goodput

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll/target"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// What limits are of, in the order of their text.
const (
	response          = iota
	service           // from when the call was sent
	firstEvent        // of a stream
	serviceFirstEvent // from when the call was sent
	gap               // the mean of the call's own
	parts
)

var names = [parts]string{"response", "service", "first_event", "service.first_event", "gap"}

// otherTools are names that people bring along.
var otherTools = map[string]string{
	"latency": "response", "e2e": "response", "e2el": "response", "duration": "response", "p99": "response",
	"ttft": "first_event", "first_token": "first_event", "time_to_first_token": "first_event",
	"itl": "gap", "tpot": "gap", "inter_token_latency": "gap", "time_per_output_token": "gap",
}

// Limits are what a call must keep to count, each at the most once. Those that are
// equal are the same promise, however it was written; without any they are none.
type Limits [parts]limit

// limit is that of a time.
type limit struct {
	given   bool
	within  time.Duration
	orEqual bool
}

// Parse reads "first_event < 500ms, gap < 50ms".
func Parse(text string) (l Limits, err error) {
	for one := range strings.SplitSeq(text, ",") {
		if err := l.add(strings.TrimSpace(one)); err != nil {
			return Limits{}, err
		}
	}
	return l, nil
}

// add reads one limit.
func (l *Limits) add(text string) error {
	name, rest, found := strings.Cut(text, "<")
	value, orEqual := strings.CutPrefix(rest, "=")
	switch name = strings.TrimSpace(name); {
	case text == "":
		return errors.New("a limit is missing: write each as METRIC < DURATION, with a comma between them, such as first_event < 500ms, gap < 50ms")
	case !found || strings.ContainsAny(name+value, "<>=!"):
		return fmt.Errorf("%q is no limit of a call: write METRIC < DURATION, such as first_event < 500ms", text)
	}
	part := slices.Index(names[:], name)
	switch {
	case part < 0:
		return unknown(name)
	case l[part].given:
		return fmt.Errorf("%s has two limits: keep the lower one", name)
	}
	within, err := quantity.ParseDuration(strings.TrimSpace(value))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case within == 0 && !orEqual:
		return fmt.Errorf("no call has %s below 0s: write a longer time, such as %s < 500ms", name, name)
	}
	l[part] = limit{true, within, orEqual}
	return nil
}

func unknown(name string) error {
	if ours, known := otherTools[strings.ToLower(name)]; known {
		return fmt.Errorf("nothing of a call is called %q, here that is %s", name, ours)
	}
	return fmt.Errorf("nothing of a call is called %q%s", name, setting.Suggest(name, names[:]))
}

// String is the promise as results name it: always the same for the same.
func (l Limits) String() string {
	var all []string
	for part, limit := range l {
		if !limit.given {
			continue
		}
		op := " < "
		if limit.orEqual {
			op = " <= "
		}
		all = append(all, names[part]+op+quantity.Duration(limit.within))
	}
	return strings.Join(all, ", ")
}

// OfStreams tells whether only a stream can keep them.
func (l Limits) OfStreams() bool {
	return l[firstEvent].given || l[serviceFirstEvent].given || l[gap].given
}

// Kept tells whether a call that succeeded keeps them, given how long it took from
// when it was due and from when it was sent; s is nil where it was no stream.
func (l *Limits) Kept(took, served time.Duration, s *target.Stream) bool {
	if !l[response].keeps(took) || !l[service].keeps(served) {
		return false
	}
	switch {
	case !l.OfStreams():
		return true
	case s == nil:
		return false
	case s.Events == 0 && (l[firstEvent].given || l[serviceFirstEvent].given):
		return false // none ever came
	}
	return l[firstEvent].keeps(took-s.Rest) && l[serviceFirstEvent].keeps(served-s.Rest) && l[gap].keeps(s.MeanGap())
}

func (l limit) keeps(d time.Duration) bool {
	return !l.given || d < l.within || l.orEqual && d == l.within
}
