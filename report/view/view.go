// Package view turns a run into what a person is to see: tables whose figures
// are chosen, rounded, labelled and footnoted, and the series that charts
// draw. It is the middle of result → view → renderer: everything is decided
// here, and renderers compute nothing.
//
// Repetitions of a mode at one place of its sweep are merged into a Group:
// latencies by merging their histograms, never by averaging percentiles.
package view

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"plimsoll/runner/result"
)

// View is a run, ready to be shown: what came of it first, then its sections.
type View struct {
	Answer   []Note // what came of it all, in a few lines
	Title    string
	Notes    []Note // what there is to know before any figure
	Sections []Section
	Summary  []Note // how much of what was judged held

	confidence bool // see Options
}

// Section is what there is to say of one scenario.
type Section struct {
	Title  string
	About  string // target, clock, repetitions
	Notes  []Note
	Tables []Table
	// Scenario holds the same figures as numbers, for charts and CSV.
	Scenario *Scenario
}

// Note is one sentence to a person.
type Note struct {
	Tone Tone
	Text string
}

// Tone says how something is meant; only terminals with colour show it.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Good
	Bad
	Warn
)

// Table is rows of cells under columns, with the footnotes they refer to.
type Table struct {
	Title   string
	Keys    int // how many leading columns name the row
	Columns []Column
	Rows    [][]Cell
	Notes   []string // footnote n is Notes[n−1]
	Remarks []string // sentences about the table as a whole
}

// Column is the head of a column: everything in it has one unit.
type Column struct {
	Group string // neighbours of one group stand under a common heading
	Name  string
	Unit  string // "" for texts, counts and ratios
	Left  bool   // aligned left: texts; numbers are aligned right
	// Qualifies says that the column belongs to the one before it, as a
	// published figure to the measured one.
	Qualifies bool
	// Rank is how soon the column is left out where there is no room: the
	// highest first, 0 never.
	Rank  int
	Marks []int // footnotes
}

// Cell is one figure or text. None stands where there is no figure.
type Cell struct {
	Text  string
	Marks []int // footnotes
	Tone  Tone
}

// None is shown where there is no figure.
const None = "–"

// Options are what to show beyond the usual.
type Options struct {
	// Confidence shows the 95 % interval of every percentile.
	Confidence bool
	// Phases shows how long the parts of calls took, as far as their kind knows.
	Phases bool
	// Completions shows when the calls of batches were over; else that is only shown
	// where something was promised of it.
	Completions bool
	// Slowest shows the slowest calls.
	Slowest bool
	// Advice spells what notes and examples of a Bench advise, for whoever wrote no
	// scenario file; nil: as files have it.
	Advice func(string) string
}

// New looks at a run. It fails only on a histogram that cannot be decoded; a
// run that was loaded has none.
func New(run *result.Run) (*View, error) { return Options{}.View(run) }

// View is New with options.
func (o Options) View(run *result.Run) (*View, error) {
	all, err := o.scenarios(run)
	if err != nil {
		return nil, err
	}
	v := &View{Title: title(run), confidence: o.Confidence}
	late := 0
	for _, s := range all {
		late += s.fellBehind()
		v.Sections = append(v.Sections, o.section(s))
	}
	v.Answer, v.Notes = answers(run, all, late), resolution(run)
	v.Summary = summary(run, all)
	return v, nil
}

func (o Options) section(s *Scenario) Section {
	sec := Section{Title: Clean(s.Name), Scenario: s}
	sec.Notes = slices.Concat(s.health(), s.strain(), s.warnings(), s.slowestAgent(), s.unseen(), s.reproduced(), s.unfitted())
	tables := []*Table{s.verdictTable()}
	if len(s.Groups) > 0 {
		sec.About = s.about()
		tables = slices.Concat([]*Table{s.speedupTable(), s.scalingTable(), s.latencyTable(), s.queueTable(), s.crawlTable(), o.completionTable(s), s.streamTable()}, s.journeyTables(),
			[]*Table{s.agentTable(), s.monitorTable(), s.besideTable(), s.errorTable(), s.stepErrors(), s.verdictTable()})
	}
	if s.Capacity != nil {
		sec.Notes = append(s.answer(), sec.Notes...)
		tables = slices.Concat([]*Table{s.stepTable(), s.streamTable()}, s.journeyTables(), []*Table{s.agentTable(), s.monitorTable(), s.besideTable(), s.errorTable(), s.stepErrors()})
	}
	if o.Slowest {
		tables = append(tables, s.slowestTable())
	}
	if o.Phases {
		tables = append(tables, s.phaseTable())
	}
	for _, t := range tables {
		if t != nil {
			sec.Tables = append(sec.Tables, *t)
		}
	}
	return sec
}

// title names the file, the time, the seed, the tool and the machine.
func title(run *result.Run) string {
	parts := []string{Clean(run.File.Name)}
	if !run.Started.IsZero() {
		parts = append(parts, run.Started.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	parts = append(parts, fmt.Sprintf("seed %d", run.Seed), Clean(run.Tool.Name+" "+run.Tool.Version))
	if m := run.Machine; m.OS != "" {
		parts = append(parts, fmt.Sprintf("%s/%s, %s", Clean(m.OS), Clean(m.Arch), plural(m.CPUs, "CPU")))
	}
	return joined(parts, " · ")
}

// about tells against what, on which clock and how often the scenario ran.
func (s *Scenario) about() string {
	first := s.trials[0]
	var names []string
	for _, t := range s.trials {
		if name := Clean(t.Target); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	parts := []string{"target " + joined(names, " and ")}
	if clock := Clean(first.Clock); clock != "" {
		parts = append(parts, clock+" clock")
	}
	if engine := Clean(first.Engine); engine != "" && engine != Clean(first.Clock) {
		parts = append(parts, engineOf(engine, first.Loops))
	}
	if first.DurationS > 0 {
		parts = append(parts, least(first.Whole)+lasting(first.DurationS)+" each")
	}
	switch n := s.repetitions(); {
	case s.Capacity != nil:
		parts = append(parts, fmt.Sprintf("%d of at most %s", len(s.Capacity.Steps), plural(s.Capacity.Most, "step")))
	case n > 1:
		parts = append(parts, fmt.Sprintf("%d repetitions", n))
	}
	return joined(parts, ", ")
}

// least says that trials of whole calls may have taken longer.
func least(whole bool) string {
	if whole {
		return "at least "
	}
	return ""
}

// engineOf names the engine, and its loops where there are several.
func engineOf(name string, loops int) string {
	if loops > 1 {
		return fmt.Sprintf("%s engine (%d loops)", name, loops)
	}
	return name + " engine"
}

// joined joins what is not empty.
func joined(parts []string, separator string) string {
	kept := parts[:0]
	for _, p := range parts {
		if strings.TrimSpace(p) != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, separator)
}

// The longest texts that are left whole, in characters: of Clean, and of
// inFull, which nobody is to see cut.
const longest, longestSentence = 120, 4000

// Clean makes a foreign name fit for one line of a terminal: no control
// characters, no end of line, not too long.
func Clean(s string) string { return cleaned(s, longest) }

// inFull is Clean for what is said in whole sentences (a reason, a warning,
// a server's message), of which the end matters as much as the beginning.
func inFull(s string) string { return cleaned(s, longestSentence) }

func cleaned(s string, longest int) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)), " ")
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest-1]) + "…"
	}
	return s
}

// capital begins a text with a capital letter.
func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// plural counts things: "1 call", "2 calls".
func plural[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
