package monitor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/target/plain"
)

// commanded runs a command for each look.
type commanded struct{ words []string }

func (commanded) close() {}

// mostPrinted is how much of what a command prints is read.
const mostPrinted = 64 << 10

func (c commanded) look(ctx context.Context) ([]reading, time.Time, error) {
	cmd := exec.CommandContext(ctx, c.words[0], c.words[1:]...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &bounded{&out, mostPrinted}, &bounded{&complaint, 4 << 10}
	cmd.WaitDelay = 100 * time.Millisecond // for what it has started and left with its output
	inGroup(cmd)
	err := cmd.Run()
	at := time.Now()
	switch {
	case ctx.Err() != nil:
		return nil, at, ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return nil, at, hopeless{err}
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		said, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
		return nil, at, errors.New(strings.TrimSuffix(err.Error()+": "+said, ": "))
	}
	readings, err := printed(out.String())
	return readings, at, err
}

// bounded keeps the beginning of what is written, and takes the rest.
type bounded struct {
	into *bytes.Buffer
	room int
}

func (b *bounded) Write(p []byte) (int, error) {
	kept := p[:min(len(p), b.room)]
	b.room -= len(kept)
	b.into.Write(kept)
	return len(p), nil
}

// only is the series of a command that prints a lone number.
const only = "value"

// printed reads a number, or lines name=number.
func printed(text string) (readings []reading, err error) {
	text = strings.TrimSpace(text)
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return []reading{{series: only, value: v}}, nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, number, found := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		v, wrong := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if !found || wrong != nil || !IsSeries(name) {
			return nil, fmt.Errorf("it printed %s, and should print a number, or lines such as depth=12", plain.Clip(strconv.QuoteToASCII(line), 60))
		}
		if slices.ContainsFunc(readings, func(r reading) bool { return r.series == name }) {
			return nil, fmt.Errorf("it printed %s twice, and should print each name once", name)
		}
		readings = append(readings, reading{series: name, value: v})
	}
	if readings == nil {
		return nil, errors.New("it printed nothing, and should print a number, or lines such as depth=12")
	}
	return readings, nil
}

// IsSeries tells whether a text can be the name of what a command prints: letters,
// digits and _ - : / and dots, none of which ends it.
func IsSeries(name string) bool {
	const longest = 100
	for _, c := range name {
		if !(c == '_' || c == '-' || c == ':' || c == '/' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return name != "" && len(name) <= longest && !strings.HasSuffix(name, ".") && !strings.HasPrefix(name, ".")
}
