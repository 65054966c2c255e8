package target

import "time"

// Parts are what a kind can tell of a call besides how long it took.
type Parts struct {
	// Phases are how long its parts took that the kind knows, by their numbers in
	// kind.Traits.Phases. Below 0: the call had none such, as one that need not
	// connect since it found a connection.
	Phases []time.Duration
	// Memory is what a program had at the most, in bytes; 0: nobody knows.
	Memory int64
	// Stream is what came of an answer that was a stream; nil: it was none.
	Stream *Stream
	// Links are where the answer of a page leads; nil: nobody asked.
	Links *Links
}

// None is a phase that a call has not had.
const None time.Duration = -1

// Stream is what came of a call whose answer came event by event. Events are
// those with content, where its target says which have some.
type Stream struct {
	// Events is how many came, and Rest the time from the first of them until the
	// call ended: so much of the response and the service time the first event was
	// there already. Of no events it is 0.
	Events int64
	Rest   time.Duration
	// Gaps are the times between one event and the next, Events−1 together.
	Gaps []Gap
	// Tokens is how many the last event told; below 0: nobody was asked.
	Tokens int64
}

// Gap is how long it took from one event to the next, Count times.
type Gap struct {
	Length time.Duration
	Count  int64
}

// MeanGap is the mean of the gaps; none: 0.
func (s *Stream) MeanGap() time.Duration {
	var sum time.Duration
	for _, g := range s.Gaps {
		sum += g.Length * time.Duration(g.Count)
	}
	if s.Events < 2 {
		return 0
	}
	return sum / time.Duration(s.Events-1)
}

// Links are where an answer leads.
type Links struct {
	// URLs are whole ones, in the order of the answer; those of one page are
	// spelled alike.
	URLs []string
	// Redirect tells that the one URL is where the answer leads on by itself.
	Redirect bool
	// Scheme and Malformed count the other links: those of schemes that nobody
	// calls, and those that lead nowhere.
	Scheme, Malformed int
}
