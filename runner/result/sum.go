package result

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"plimsoll/runner/latency"
)

// Sum is the measures of several trials, or of one step in them, as one: counts
// are added, distributions merged.
type Sum struct {
	Scheduled, Started, Dropped, HeldCalls int64
	OK, Failed, Lacking, Cancelled         int64 // see Measure.Failed and Measure.Lacking
	Attempts, Resent                       int64
	Errors                                 map[string]Error
	BytesIn, BytesOut                      int64

	Response, Service, ErrorResponse, CancelledResponse, Held, Lateness *latency.Histogram

	// Phases are the parts of successes, as far as there are some, in the order of
	// their names; Memory is nil where nobody knows.
	Phases []PhaseSum
	Memory *latency.Histogram
	// Stream is nil where no success was a stream.
	Stream *StreamSum
}

// PhaseSum is one part of calls.
type PhaseSum struct {
	Name  string
	Times *latency.Histogram
}

// Phase is the one of a name; nil: there is none.
func (s *Sum) Phase(name string) *latency.Histogram {
	for _, p := range s.Phases {
		if p.Name == name {
			return p.Times
		}
	}
	return nil
}

// addParts adds what a measure has of phases and streams.
func (s *Sum) addParts(m *Measure) error {
	for _, name := range slices.Sorted(maps.Keys(m.Phases)) {
		d := m.Phases[name]
		if err := mergeInto(s.phase(name), &d); err != nil {
			return fmt.Errorf("phase %s: %w", name, err)
		}
	}
	s.addStream(m.Stream)
	return mergeInto(&s.Memory, m.Memory)
}

// AddPhase adds times of a part of calls, if there are some.
func (s *Sum) AddPhase(name string, times *latency.Histogram) {
	if times.Count() > 0 {
		MergeInto(s.phase(name), times)
	}
}

// phase is the place of one, which there may not have been yet, in the order of
// their names.
func (s *Sum) phase(name string) **latency.Histogram {
	i, there := slices.BinarySearchFunc(s.Phases, name, func(p PhaseSum, name string) int { return cmp.Compare(p.Name, name) })
	if !there {
		s.Phases = slices.Insert(s.Phases, i, PhaseSum{Name: name})
	}
	return &s.Phases[i].Times
}

// NewSum is the sum of nothing.
func NewSum() Sum {
	s := Sum{Errors: map[string]Error{}}
	for _, h := range s.histograms() {
		*h = latency.NewSparse(latency.Fine)
	}
	return s
}

// Merge adds another sum, which stays as it is.
func (s *Sum) Merge(o *Sum) {
	s.Scheduled += o.Scheduled
	s.Started += o.Started
	s.Dropped += o.Dropped
	s.HeldCalls += o.HeldCalls
	s.OK += o.OK
	s.Failed += o.Failed
	s.Lacking += o.Lacking
	s.Cancelled += o.Cancelled
	s.Attempts += o.Attempts
	s.Resent += o.Resent
	s.BytesIn += o.BytesIn
	s.BytesOut += o.BytesOut
	for class, e := range o.Errors {
		s.Errors[class] = s.Errors[class].and(e)
	}
	into := s.histograms()
	for i, h := range o.histograms() {
		(*into[i]).Merge(*h)
	}
	for _, p := range o.Phases {
		s.AddPhase(p.Name, p.Times)
	}
	MergeInto(&s.Memory, o.Memory)
	if o.Stream != nil {
		s.addStream(&Stream{Events: o.Stream.Events})
		s.Stream.Tokens, s.Stream.Told = s.Stream.Tokens+o.Stream.Tokens, s.Stream.Told || o.Stream.Told
	}
}

// MergeInto adds a histogram to another one, which there may not be yet; nothing
// where there is nothing to add.
func MergeInto(h **latency.Histogram, o *latency.Histogram) {
	if o == nil {
		return
	}
	if *h == nil {
		*h = latency.NewSparse(latency.Fine)
	}
	(*h).Merge(o)
}

// histograms are as Measure.dists has them.
func (s *Sum) histograms() []**latency.Histogram {
	return []**latency.Histogram{&s.Response, &s.Service, &s.ErrorResponse, &s.CancelledResponse, &s.Held, &s.Lateness}
}

func (s *Sum) add(m *Measure) error {
	one, err := m.sum()
	if err == nil {
		s.Merge(&one)
	}
	return err
}

// sum is the sum of a measure alone.
func (m *Measure) sum() (s Sum, err error) {
	s = NewSum()
	s.Scheduled, s.Started, s.Dropped, s.HeldCalls = m.Scheduled, m.Started, m.Dropped, m.HeldCalls
	s.OK, s.Failed, s.Lacking, s.Cancelled = m.OK, m.Failed(), m.Lacking(), m.Cancelled
	s.Attempts, s.Resent, s.BytesIn, s.BytesOut = m.Attempts, m.Resent, m.BytesIn, m.BytesOut
	s.Errors = m.Errors
	into := s.histograms()
	for i, d := range m.dists() {
		if err := mergeInto(into[i], d.dist); err != nil {
			return s, fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return s, s.addParts(m)
}

// mergeInto adds a distribution to a histogram, which there may not be yet;
// nothing where there is no distribution.
func mergeInto(h **latency.Histogram, d *Dist) error {
	if d == nil {
		return nil
	}
	more, err := d.Histogram()
	if err == nil {
		MergeInto(h, more)
	}
	return err
}

// StepSum is one step, or named block, of a group's trials, as one.
type StepSum struct {
	Name, Path, Kind, Target string
	Outside                  bool
	Hops                     int64
	Sum
	Begin   *latency.Histogram
	Elapsed *latency.Histogram // nil of a call
	Records []RecordSum        // by name
}

// RecordSum is what `record` kept under a name, as if it were seconds.
type RecordSum struct {
	Name   string
	Values *latency.Histogram
}

// Steps merges what the group's trials have of each step, in the file's order.
// It fails only on a distribution that cannot be decoded.
func (g *Group) Steps() ([]StepSum, error) {
	type key struct {
		path    string
		outside bool
	}
	at := map[key]int{}
	var sums []StepSum
	for _, t := range g.Trials {
		for i := range t.Steps {
			s := &t.Steps[i]
			k := key{s.Path, s.Outside}
			n, known := at[k]
			if !known {
				n = len(sums)
				at[k], sums = n, append(sums, StepSum{
					Name: s.Name, Path: s.Path, Kind: s.Kind, Target: s.Target, Outside: s.Outside,
					Sum: NewSum(), Begin: latency.NewSparse(latency.Fine),
				})
			}
			if err := sums[n].add(s); err != nil {
				return nil, fmt.Errorf("%s: step %s: %w", t.name(), s.Path, err)
			}
		}
	}
	return sums, nil
}

func (sum *StepSum) add(s *Step) error {
	sum.Hops += s.Hops
	if err := sum.Sum.add(&s.Measure); err != nil {
		return err
	}
	if err := errors.Join(mergeInto(&sum.Begin, &s.Begin), mergeInto(&sum.Elapsed, s.Elapsed)); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Records)) {
		d := s.Records[name]
		if err := mergeInto(&sum.record(name).Values, &d); err != nil {
			return fmt.Errorf("record %s: %w", name, err)
		}
	}
	return nil
}

// record is the one of a name, kept in their order.
func (sum *StepSum) record(name string) *RecordSum {
	i, there := slices.BinarySearchFunc(sum.Records, name, func(r RecordSum, name string) int { return cmp.Compare(r.Name, name) })
	if !there {
		sum.Records = slices.Insert(sum.Records, i, RecordSum{Name: name})
	}
	return &sum.Records[i]
}
