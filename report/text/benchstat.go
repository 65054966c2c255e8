package text

import (
	"fmt"
	"io"
	"strconv"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// Benchstat prints Go's benchmark format (golang.org/design/14313), which
// benchstat reads: a line for each trial.
func Benchstat(w io.Writer, m result.Machine, lines []view.Benchmark) error {
	p := &printer{w: w}
	for _, config := range [][2]string{{"goos", m.OS}, {"goarch", m.Arch}, {"cpu", m.CPUModel}} {
		if text := view.Clean(config[1]); text != "" {
			p.line(config[0] + ": " + text)
		}
	}
	for _, b := range lines {
		line := fmt.Sprintf("%s %d", b.Name, b.N)
		for _, f := range b.Figures {
			line += " " + strconv.FormatFloat(f.Value, 'g', 10, 64) + " " + f.Unit
		}
		p.line(line)
	}
	return p.err
}
