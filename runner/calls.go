package runner

import (
	"bufio"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/scenario"
	"plimsoll/target/look"
	"plimsoll/target/plain"
)

// callLog streams every call as a line of CSV.
type callLog struct {
	w     *bufio.Writer
	asks  bool // there are columns for what is asked, by steps or of pages
	scrub func(string) string
	line  []byte
	err   error
}

const callHeader = "scenario,mode,sweep,repeat,call,intended_s,start_s,end_s,held_s,response_s,service_s,outcome,attempts,resent,bytes_in,bytes_out"

// askedHeader are the columns behind those, where a scenario has steps, or visits pages.
const askedHeader = ",iteration,step,status,url,trace"

func newCallLog(w io.Writer, plan *scenario.Plan, scrub func(string) string) *callLog {
	if w == nil {
		return nil
	}
	l := &callLog{w: bufio.NewWriterSize(w, 1<<20), scrub: scrub}
	l.asks = slices.ContainsFunc(plan.Scenarios, func(s *scenario.Scenario) bool { return s.Steps != nil || s.Crawl != nil })
	header := callHeader
	if l.asks {
		header += askedHeader
	}
	_, l.err = l.w.WriteString(header + "\n")
	return l
}

// observer writes a trial's calls; nil where nobody wants them.
func (l *callLog) observer(t scenario.Trial) func(*drive.Call) {
	if l == nil {
		return nil
	}
	prefix, behind := prefix(t), ""
	switch {
	case t.Scenario.Crawl != nil:
		return func(c *drive.Call) { l.call(prefix, c, ",,,,"+field(l.scrub(c.Page))+",") }
	case l.asks:
		behind = ",,,,,"
	}
	return func(c *drive.Call) { l.call(prefix, c, behind) }
}

// prefix is what all calls of a trial have in front.
func prefix(t scenario.Trial) string {
	return field(t.Scenario.Name) + "," + field(t.Mode.Name) + "," + field(t.Sweep.String()) + "," + strconv.Itoa(t.Repeat+1) + ","
}

// asked writes a trial's calls of steps; nil where nobody wants them, or there are
// none.
func (l *callLog) asked(t scenario.Trial) func(*drive.Call, *drive.Asked) {
	if l == nil || t.Scenario.Steps == nil {
		return nil
	}
	prefix, rows := prefix(t), t.Scenario.Steps.Main.Rows
	return func(c *drive.Call, a *drive.Asked) {
		status := ""
		if n := len(a.Found); n > 0 && n == len(a.Call.Want) {
			status = a.Found[n-1].Text
		}
		behind := "," + strconv.FormatUint(a.Iteration, 10) + "," + field(rows[a.Call.Row].Path) + "," + status + "," + field(l.scrub(address(a))) + "," + a.Trace
		l.call(prefix, c, behind)
	}
}

// logged has the status of every answer looked at last, whoever else does.
func (l *callLog) logged(c *journey.Call) error {
	c.Want = append(slices.Clip(c.Want), status)
	return nil
}

var status, _ = look.Parse("status")

// address is the URL that a call asks for, or the path of a simulated server;
// without secrets that it was given.
func address(a *drive.Asked) string {
	c, ok := a.Call.Prepared.(shows)
	if !ok || len(a.Args) != len(a.Call.Args) {
		return ""
	}
	url, _, _, err := c.Show(a.Args)
	if err != nil {
		return ""
	}
	return masks.ReplaceAllString(url, "$${$1}")
}

// masks are ${name} as URLs have it.
var masks = regexp.MustCompile(`(?:\$|%24)%7B([^%]*)%7D`)

func (l *callLog) call(prefix string, c *drive.Call, behind string) {
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
	l.line = append(append(b, behind...), '\n')
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
