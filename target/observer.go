package target

import "plimsoll/target/look"

// Observer sees what goes to a target and comes back, where somebody carries out
// one iteration to look at it: nobody does in a load. It may be called from any
// goroutine, for one call in order; what it is given is its until it returns.
type Observer interface {
	// Sent is a request of the call of that number, to a URL, or to a simulated
	// server: then it has no URL, and head is what the server would have been sent.
	Sent(number uint64, url string, head, body []byte)
	// Answered is an answer to it, whose body err says why it cannot be read.
	Answered(number uint64, a *look.Answer, err error)
}
