package dialog

import (
	"errors"
	"io"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/plain"
)

// Class names the class of what went wrong over a connection, which was there or
// was still being set up.
func Class(err error, connecting bool) string {
	switch {
	case errors.Is(err, ErrLarge):
		return target.Body
	case !connecting && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return target.Closed
	}
	return client.Class(err, connecting)
}

// Used is what may be said of a connection that ended before anything had come.
const Used = ", on a connection that had been used before: a time-out of the server, or a crash? keepalive: false tells"

// longestExample is how many bytes the message of a failure has.
const longestExample = 200

// Example is the message of a failure, without secrets.
func Example(address string, err error, scrub func(string) string) string {
	return Told(address, client.Reason(err), scrub)
}

// Told is that of a failure that has been put into words.
func Told(address, text string, scrub func(string) string) string {
	return plain.Clip(scrubbed(address+": "+text, scrub), longestExample)
}

func scrubbed(text string, scrub func(string) string) string {
	if scrub == nil {
		return text
	}
	return scrub(text)
}
