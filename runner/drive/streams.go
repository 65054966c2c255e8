package drive

import (
	"plimsoll/runner/latency"
	"plimsoll/target"
)

// Streams are what came of successes whose answers came event by event.
type Streams struct {
	// FirstEvent is from when a call was due until its first event, and
	// ServiceFirstEvent from when it was sent; of those that had one.
	FirstEvent, ServiceFirstEvent *latency.Histogram
	// Gap is from one event of a call to its next.
	Gap    *latency.Histogram
	Events Count
	// Tokens are those that calls told; Told says that any did.
	Tokens Count
	Told   bool
}

// NewStreams are none yet.
func NewStreams() *Streams {
	s := &Streams{}
	for _, h := range s.histograms() {
		*h = latency.NewSparse(latency.Fine)
	}
	return s
}

func (s *Streams) histograms() []**latency.Histogram {
	return []**latency.Histogram{&s.FirstEvent, &s.ServiceFirstEvent, &s.Gap}
}

// stream takes in that of a success.
func (i *Interval) stream(s *target.Stream, c *Call, counts Count) {
	if i.Streams == nil {
		i.Streams = NewStreams()
	}
	all := i.Streams
	all.Events.add(counts.times(s.Events))
	if s.Tokens >= 0 {
		all.Told = true
		all.Tokens.add(counts.times(s.Tokens))
	}
	if counts.All == 0 || s.Events == 0 {
		return
	}
	all.FirstEvent.Record(c.response() - s.Rest)
	all.ServiceFirstEvent.Record(c.service() - s.Rest)
	for _, g := range s.Gaps {
		all.Gap.RecordN(g.Length, g.Count)
	}
}

func (s *Streams) merge(o *Streams) {
	mine := s.histograms()
	for k, h := range o.histograms() {
		(*mine[k]).Merge(*h)
	}
	s.Events.add(o.Events)
	s.Tokens.add(o.Tokens)
	s.Told = s.Told || o.Told
}
