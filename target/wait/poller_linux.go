package wait

import "golang.org/x/sys/unix"

// poller is a Sleeper that sleeps until something happens to a descriptor.
type poller interface {
	Sleeper
	// add registers a descriptor, edge-triggered, until its owner leaves, who closes
	// it then.
	add(fd int, at Place) error
	leave(at Place)
	// take hands over what has happened, in epoll's words, valid until the next sleep
	// or look, and tells whether that is all.
	take() (events []unix.EpollEvent, left rest)
}

// rest is how much of what has happened a poller has not handed over.
type rest int

const (
	none    rest = iota
	some         // a part of what had happened when none was left, or another round had begun
	another      // what has happened since then
)
