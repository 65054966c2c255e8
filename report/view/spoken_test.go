package view_test

import (
	"testing"

	"plimsoll/report/sample"
	"plimsoll/runner/result"
)

// What was spoken, and over how much, is one line of its own where it is known.
func TestBenchTellsWhatWasSpoken(t *testing.T) {
	for _, c := range []struct {
		connections map[string]int64
		tls         *result.TLS
		want        string
	}{
		{nil, nil, ""},
		{map[string]int64{"HTTP/2": 1}, nil, "HTTP/2 over 1 connection"},
		{map[string]int64{"HTTP/2": 2, "HTTP/1.1": 8}, &result.TLS{Handshakes: 10}, "HTTP/1.1 over 8 connections, HTTP/2 over 2 connections, 10 TLS handshakes"},
		{nil, &result.TLS{Handshakes: 3, Resumed: 2}, "3 TLS handshakes, of which 2 resumed"},
	} {
		run := only(sample.Published(), 0)
		run.Trials[0].Connections, run.Trials[0].TLS = c.connections, c.tls
		got := ""
		if notes := benchOf(t, run).Notes; len(notes) > 0 {
			got = notes[0].Text
		}
		if got != c.want {
			t.Errorf("%q, and not %q", got, c.want)
		}
	}
}
