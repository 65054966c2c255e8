// Package transcript writes down what one iteration does, step by step, as it
// happens: every request and answer, and what was made of them. Secrets have
// their names in it.
package transcript

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"plimsoll/runner/journey"
	"plimsoll/target/look"
	"plimsoll/target/setting"
	"plimsoll/target/value"
)

// Options say how to write.
type Options struct {
	// Width is how many columns there are; 0: lines may be as long as they are.
	Width  int
	Colour bool
	// Scrub takes the secrets out of a text that are known beforehand; nil: there
	// are none.
	Scrub func(string) string
}

// Transcript is what is written. Its methods may be called from any goroutine.
type Transcript struct {
	Options
	mu      sync.Mutex
	to      io.Writer
	err     error
	blank   bool // the last line is
	secrets setting.Secrets
	part    string            // that is under way
	section string            // whose heading was last
	shown   call              // what the last lines are about
	calls   map[uint32]uint64 // numbers of the strands' calls
	waiting map[uint64][]func()
	looked  map[uint64][]look.Operand
	names   map[uint64]call
	members map[uint32]string // which member of each a strand is for
	member  uint32            // whose strand was told last
}

// none is no strand.
const none = ^uint32(0)

// call is a step's call, where it is in the iteration.
type call struct {
	name   string
	member string // of the each around it
	number uint64
	depth  int
}

// New makes one.
func New(to io.Writer, o Options) *Transcript {
	if o.Scrub == nil {
		o.Scrub = func(text string) string { return text }
	}
	t := &Transcript{Options: o, to: to}
	t.forget()
	return t
}

func (t *Transcript) forget() {
	t.calls, t.waiting = map[uint32]uint64{}, map[uint64][]func(){}
	t.members, t.member = map[uint32]string{}, none
	t.looked, t.names, t.shown = map[uint64][]look.Operand{}, map[uint64]call{}, call{}
}

// Begin tells that a part begins, such as setup, whose calls are numbered anew.
func (t *Transcript) Begin(part string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part, t.section = part, ""
	t.forget()
}

// Err is what went wrong with writing.
func (t *Transcript) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Saw writes down what has happened.
func (t *Transcript) Saw(e *journey.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.learn(e)
	if e.What != journey.Finishes {
		t.enter(e.Phase)
	}
	depth := 1 + e.Depth
	switch e.What {
	case journey.Sends:
		t.begin(e)
	case journey.Answers:
		t.answered(e)
	case journey.Retries:
		t.resume(e.Strand)
		t.mark(depth+1, "retry", fmt.Sprintf("try %d failed after %s, %s: %s; again in %s", e.Nth, short(e.For), e.Class, e.Example, short(e.Paused)))
	case journey.Ends:
		t.ended(e)
	case journey.Shown:
		t.line(0, "", "")
		t.shown = call{}
	case journey.Opens:
		t.line(depth, bold, e.Name)
	case journey.Finishes:
		t.finished(e)
	default:
		t.flow(e, depth)
	}
}

// flow writes down what is no call.
func (t *Transcript) flow(e *journey.Event, depth int) {
	t.shown = call{}
	switch e.What {
	case journey.Chooses:
		t.mark(depth, "mix", fmt.Sprintf("%s, whose share is %.4g%%", e.Name, 100*e.Share))
	case journey.Tests:
		t.judged(depth, "if", e.Judged)
		if e.Class != "" {
			t.mark(depth, "if", e.Name+" is left out")
		}
	case journey.Thinks:
		t.mark(depth, "pause", short(e.For))
	case journey.Forks:
		text := fmt.Sprintf("%d at once", e.Of)
		if e.Name != "" {
			text = fmt.Sprintf("%s, of a list of %d", e.Name, e.Of)
			if e.Of == 0 {
				text = e.Name + ", of a list"
			}
		}
		t.mark(depth, word(e.Name == "", "parallel", "each"), text)
	case journey.Branch:
		text := fmt.Sprintf("%d of %d", e.Nth, e.Of)
		delete(t.members, e.Strand)
		for _, v := range e.Values {
			t.members[e.Strand] = v.Name + " = " + t.shows(v)
			text += ": " + t.members[e.Strand]
		}
		t.member = e.Strand
		t.mark(depth, word(e.Name == "", "branch", "each"), text)
	case journey.Passes:
		text := fmt.Sprintf("pass %d of at most %d is over", e.Nth, e.Of)
		if e.Nth == 0 {
			text = fmt.Sprintf("at most %d passes", e.Of)
		}
		t.mark(depth, "repeat", text)
		t.judged(depth, "", e.Judged)
	case journey.Sets, journey.Rows:
		for _, v := range e.Values {
			t.mark(depth, word(e.What == journey.Rows, "data", "set"), v.Name+" = "+t.shows(v))
		}
	}
}

func word(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// begin writes down that a call is made.
func (t *Transcript) begin(e *journey.Event) {
	t.calls[e.Strand] = e.Number
	t.looked[e.Number] = e.Call.Want
	c := call{e.Name, "", e.Number, 1 + e.Depth}
	if t.member != e.Strand {
		c.member = t.members[e.Strand]
	}
	t.names[e.Number] = c
	t.show(e.Number)
	c.member, t.shown.member = t.members[e.Strand], t.members[e.Strand]
	t.names[e.Number] = c
}

// show has the following lines be about a call.
func (t *Transcript) show(number uint64) call {
	c := t.names[number]
	if c != t.shown {
		name := c.name
		if c.member != "" {
			name += " (" + c.member + ")"
		}
		t.line(c.depth, bold, name)
		t.shown = c
	}
	return c
}

// resume writes down what has waited of a strand's call, until it was clear what
// of it is secret.
func (t *Transcript) resume(strand uint32) {
	number, there := t.calls[strand]
	if !there {
		return
	}
	t.show(number)
	for _, write := range t.waiting[number] {
		write()
	}
	delete(t.waiting, number)
}

// answered writes down what was made of an answer.
func (t *Transcript) answered(e *journey.Event) {
	t.resume(e.Strand)
	depth := t.shown.depth + 1
	t.judged(depth, "", e.Judged)
	for _, v := range e.Values {
		t.mark(depth, word(v.Record, "record", "extract"), v.Name+" = "+t.shows(v))
	}
	if e.Nth > 0 {
		t.mark(depth, "until", "not yet; again in "+short(e.Paused))
	}
}

// ended writes down how a call ended.
func (t *Transcript) ended(e *journey.Event) {
	if _, sent := t.calls[e.Strand]; !sent {
		t.line(1+e.Depth, bold, e.Name)
		t.shown = call{name: e.Name, depth: 1 + e.Depth}
	}
	t.resume(e.Strand)
	delete(t.calls, e.Strand)
	tries := ""
	if e.Nth > 1 {
		tries = fmt.Sprintf(", %d tries", e.Nth)
	}
	if e.Class == "" {
		t.line(t.shown.depth+1, green, "ok after "+short(e.For)+tries)
	} else {
		t.line(t.shown.depth+1, red, fmt.Sprintf("failed after %s%s, %s: %s", short(e.For), tries, e.Class, e.Example))
	}
	t.line(0, "", "")
	t.shown = call{}
}

// finished writes down how the iteration ended.
func (t *Transcript) finished(e *journey.Event) {
	paused := ""
	if e.Paused > 0 {
		paused = ", " + short(e.Paused) + " of that paused"
	}
	if e.Class == "" {
		t.line(0, green, fmt.Sprintf("%s: ok after %s%s", t.part, short(e.For), paused))
		return
	}
	t.line(0, red, fmt.Sprintf("%s: failed after %s%s, %s: %s", t.part, short(e.For), paused, e.Class, e.Example))
}

// judged writes down conditions and what they saw.
func (t *Transcript) judged(depth int, as string, all []journey.Judged) {
	for _, j := range all {
		of := j.Word
		if of == "" {
			of = as
		}
		t.mark(depth, of, j.Text+map[journey.Holds]string{journey.Fails: ": does not hold", journey.Holding: ": holds"}[j.Holds])
	}
}

// learn notes the secrets that an event tells of.
func (t *Transcript) learn(e *journey.Event) {
	for _, a := range slices.Concat(e.Secrets, e.Values) {
		if !a.Secret {
			continue
		}
		for _, text := range append(a.Texts, a.Value.Texts()...) {
			t.secrets.Add(a.Name, text)
		}
	}
}

// shows is a variable's value, for people.
func (t *Transcript) shows(a journey.Assigned) string {
	switch {
	case a.Secret:
		return "${" + a.Name + "}"
	case a.Value.Kind == value.None:
		return "nothing"
	case a.Value.Kind == value.Text:
		return clip(t.clean(quoted(a.Value.Text)), longest)
	}
	return clip(t.clean(a.Value.String()), longest)
}

// Clean is a text without the secrets that are known by now.
func (t *Transcript) Clean(text string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.clean(text)
}

// clean is a text without its secrets.
func (t *Transcript) clean(text string) string { return t.secrets.Scrub(t.Scrub(text)) }

// short is a time with as many digits as people read.
func short(d time.Duration) string {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}

// enter writes the heading of a part of the iteration.
func (t *Transcript) enter(phase string) {
	heading := t.part
	if phase != "" {
		heading = phase
	}
	if heading != t.section {
		t.section = heading
		t.line(0, dim, "── "+heading+" "+strings.Repeat("─", max(2, 40-len(heading))))
	}
}
