package view_test

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
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

// What is advised is spelled as it is asked for, in notes and in examples.
func TestBenchSpellsAdvice(t *testing.T) {
	run := sample.Failing()
	run = only(run, slices.IndexFunc(run.Trials, func(t result.Trial) bool { return len(t.Errors) > 0 }))
	for class, e := range run.Trials[0].Errors {
		e.Example = "try `http: 2`"
		run.Trials[0].Errors[class] = e
	}
	b, err := view.Options{Advice: func(text string) string { return strings.ReplaceAll(text, "`http: 2`", "--http2") }}.Bench(run, "GET /")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, table := range b.Tables {
		for _, row := range table.Rows {
			for _, cell := range row {
				found = found || cell.Text == "try --http2"
			}
		}
	}
	if !found {
		t.Errorf("%+v", b.Tables)
	}
}
