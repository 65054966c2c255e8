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
}

// None is a phase that a call has not had.
const None time.Duration = -1
