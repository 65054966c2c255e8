package runner

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/scenario"
	"plimsoll/target/plain"
)

// callLog streams every call as a line of CSV.
type callLog struct {
	w    *bufio.Writer
	line []byte
	err  error
}

const callHeader = "scenario,mode,sweep,repeat,call,intended_s,start_s,end_s,held_s,response_s,service_s,outcome,attempts,resent,bytes_in,bytes_out\n"

func newCallLog(w io.Writer) *callLog {
	if w == nil {
		return nil
	}
	l := &callLog{w: bufio.NewWriterSize(w, 1<<20)}
	_, l.err = l.w.WriteString(callHeader)
	return l
}

// observer writes a trial's calls; nil where nobody wants them.
func (l *callLog) observer(t scenario.Trial) func(*drive.Call) {
	if l == nil {
		return nil
	}
	prefix := field(t.Scenario.Name) + "," + field(t.Mode.Name) + "," + field(t.Sweep.String()) + "," + strconv.Itoa(t.Repeat+1) + ","
	return func(c *drive.Call) { l.call(prefix, c) }
}

func (l *callLog) call(prefix string, c *drive.Call) {
	start := c.Start + c.Held
	b := append(l.line[:0], prefix...)
	b = strconv.AppendUint(b, c.Number, 10)
	for _, d := range []time.Duration{c.Intended, start, c.End, c.Ready - c.Intended + c.Held, c.End - c.Intended, c.End - start} {
		b = strconv.AppendFloat(append(b, ','), d.Seconds(), 'f', 9, 64)
	}
	outcome := c.Class
	if c.OK() {
		outcome = "ok"
	}
	b = append(append(b, ','), field(outcome)...)
	for _, n := range []int64{int64(max(1, c.Attempts)), int64(c.Resent), c.BytesIn, c.BytesOut} {
		b = strconv.AppendInt(append(b, ','), n, 10)
	}
	l.line = append(b, '\n')
	if _, err := l.w.Write(l.line); err != nil && l.err == nil {
		l.err = err
	}
}

// field quotes what would break a line of CSV, as RFC 4180 has it: in quotes,
// of which those inside are doubled; nothing else is escaped.
func field(s string) string {
	s = plain.Cell(s)
	if !strings.ContainsAny(s, ",\"\r\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// flush writes out what is still in memory.
func (l *callLog) flush() error {
	if l == nil {
		return nil
	}
	if err := l.w.Flush(); err != nil && l.err == nil {
		l.err = err
	}
	return l.err
}
