package main

import (
	"errors"
	"strings"
	"testing"

	"plimsoll/runner"
)

// Of two ends the worse one counts, and what either says is said; what says
// nothing of a code is a mistake in what was asked.
func TestTheWorstEndCounts(t *testing.T) {
	order := []int{runner.ExitInterrupted, runner.ExitInvalid, runner.ExitUsage, runner.ExitBroken}
	for i, worse := range order {
		for _, better := range order[i:] {
			a, b := &exit{worse, errors.New("one")}, &exit{better, errors.New("two")}
			for _, err := range []error{worst(a, b), worst(b, a), worst(a, nil), worst(nil, a)} {
				var ended *exit
				if !errors.As(err, &ended) || ended.code != worse || !strings.Contains(ended.err.Error(), "one") {
					t.Errorf("%d and %d: %+v", worse, better, ended)
				}
			}
			var ended *exit
			if errors.As(worst(a, b), &ended); !strings.Contains(ended.err.Error(), "two") {
				t.Errorf("%d and %d: %v", worse, better, ended.err)
			}
		}
	}
	if err := worst(nil, nil); err != nil {
		t.Error(err)
	}
	var ended *exit
	if err := worst(errors.New("no such run"), &exit{runner.ExitBroken, nil}); !errors.As(err, &ended) || ended.code != runner.ExitUsage || ended.err.Error() != "no such run" {
		t.Errorf("%+v", ended)
	}
}

// A file that is longer than any scenario file is not taken for one.
func TestFilesAreNotEndless(t *testing.T) {
	for size, good := range map[int]bool{0: true, longest: true, longest + 1: false, longest + 1000: false} {
		p := &program{stdin: strings.NewReader(strings.Repeat("#", size))}
		text, err := p.read("-")
		if (err == nil) != good || good && len(text) != size || !good && !strings.Contains(err.Error(), "longer than 10 MB") {
			t.Errorf("of %d bytes %d are read: %v", size, len(text), err)
		}
	}
}
