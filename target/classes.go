package target

import (
	"slices"
	"strings"
)

// Classes are those of failure that have one name. A kind whose answers name
// their failures themselves has a Family of them.
func Classes() []string {
	return []string{
		Timeout, Connect, Reset, TLS, DNS, Body, Rejected, Throttled, Check, Extract, Until, Variable, Other,
		Closed, NotFound, Denied, Exists, NoSpace,
	}
}

// Statuses are the names of gRPC's, by their numbers (statuscodes.md of its
// documentation); those of failures make a class each, such as grpc-NOT_FOUND.
func Statuses() []string {
	return []string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	}
}

// Classes that files, programs and connections without a protocol have.
const (
	Closed   = "closed"    // the other side ended the connection before the answer was whole
	NotFound = "not-found" // there is no such file or program
	Denied   = "denied"    // the system does not let us have it
	Exists   = "exists"    // it is there already
	NoSpace  = "no-space"  // the disk, or its quota, is full
)

// Family is the classes of failure that begin alike, and go on as the target
// itself says.
type Family struct{ Prefix, Like string }

// Families are all there are.
func Families() []Family {
	return []Family{
		{"status-", "status-503"}, // of HTTP
		{"exit-", "exit-1"},       // of programs
		{"signal-", "signal-9"},
		{"close-", "close-1006"},        // of WebSockets (RFC 6455, 7.4)
		{"sql-", "sql-23505"},           // SQLSTATE, or the number of an error
		{"redis-", "redis-WRONGTYPE"},   // the first word of an error
		{"nats-", "nats-no-responders"}, // of a broker
		{"grpc-", "grpc-UNAVAILABLE"},   // of a service
	}
}

// IsClass tells whether failures may have this class.
func IsClass(class string) bool {
	for _, known := range Classes() {
		if class == known {
			return true
		}
	}
	for _, f := range Families() {
		if own, is := strings.CutPrefix(class, f.Prefix); is && own != "" && !strings.ContainsAny(own, " \t") {
			switch f.Prefix {
			case "status-":
				return isStatus(own)
			case "grpc-":
				return slices.Contains(Statuses()[1:], own)
			}
			return true
		}
	}
	return false
}

// isStatus tells whether a text is a status code or a hundred of them, 5xx.
func isStatus(text string) bool {
	if len(text) != 3 || text[0] < '1' || text[0] > '5' {
		return false
	}
	return text[1:] == "xx" || strings.Trim(text[1:], "0123456789") == ""
}
