package target

import "testing"

// What a protocol's own list does not have is no class: a promise about it would
// always be kept.
func TestClassesAreKnown(t *testing.T) {
	for class, want := range map[string]bool{
		"timeout": true, "status-503": true, "status-5xx": true, "status-5xxx": false, "status-": false,
		"grpc-UNAVAILABLE": true, "grpc-NOT_FOUND": true, "grpc-UNAVALABLE": false, "grpc-unavailable": false, "grpc-OK": false, "grpc-": false,
		"redis-WRONGTYPE": true, "sql-23505": true, "gprc-UNKNOWN": false, "": false,
	} {
		if IsClass(class) != want {
			t.Errorf("%q: %v", class, !want)
		}
	}
	for _, f := range Families() {
		if !IsClass(f.Like) {
			t.Errorf("%q is none of its family", f.Like)
		}
	}
}
