package view

import (
	"fmt"
	"strconv"
	"strings"

	"plimsoll/report/compare"
	"plimsoll/runner/result"
)

// Page is a run as a page in a browser shows it: all that a View has, in the
// order in which a reader asks, with every chart's numbers beside it.
type Page struct {
	Title   string
	About   string // time, seed, tool, machine
	Verdict Note   // the whole run in a word, and how it is meant
	Answer  []Note
	Notes   []Note
	// Before are tables that stand above all others: what a comparison says.
	Before   []Table
	Sections []PageSection
	Method   []Fact // how it was measured
	Source   string // the scenario file's text
	Terms    []Fact // what the words mean
}

// PageSection is a scenario in chapters.
type PageSection struct {
	Section
	Chapters []Chapter
}

// Chapter answers one question of a reader's. One may have nothing to say.
type Chapter struct {
	Title  string
	Tables []PageTable
	Plots  []Plot
}

// PageTable is a table whose rows may have curves of their own.
type PageTable struct {
	Table
	// Rows that a reader sorts and filters, since they may be many.
	Sorts bool
	// Curves are, by row, the percentiles of a step's response time at CurveAt, in
	// seconds, and Courses its windows: texts that a script reads; nil: there are none.
	Curves, Courses []string
}

// Fact is a name and what is to say of it.
type Fact struct{ Name, Text string }

// Against is what a run stands against: what came of comparing them, and the other
// run, whose lines are drawn beside its own. Both may be nil.
type Against struct {
	Comparison *compare.Comparison
	Base       *result.Run
}

// Page looks at a run as a page does.
func (o Options) Page(run *result.Run, against Against) (*Page, error) {
	o.Completions, o.Phases = true, true
	v, err := o.View(run)
	if err != nil {
		return nil, err
	}
	before, err := o.sections(against.Base)
	if err != nil {
		return nil, err
	}
	p := &Page{
		Title: Clean(run.File.Name), About: aboutRun(run), Verdict: outcome(run, v.Answer),
		Answer: v.Answer, Notes: v.Notes, Method: method(run), Source: run.File.Text, Terms: terms(),
	}
	p.compared(against.Comparison)
	for _, sec := range v.Sections {
		chapters, err := o.chapters(sec.Scenario, before[sec.Scenario.Name])
		if err != nil {
			return nil, err
		}
		sec.About = sec.Scenario.aboutTarget(sec.About)
		p.Sections = append(p.Sections, PageSection{sec, chapters})
	}
	return p, nil
}

// aboutTarget says of a target that it is none but a model, for who has not seen the file.
func (s *Scenario) aboutTarget(about string) string {
	if len(s.trials) > 0 && (s.trials[0].Engine == "virtual" || s.trials[0].Engine == "sim") {
		return about + "; the target is simulated: a model, and no server"
	}
	return about
}

// compared puts what came of a comparison before everything else.
func (p *Page) compared(c *compare.Comparison) {
	if c == nil {
		return
	}
	v := NewComparison(c)
	p.Answer, p.Notes = append(v.Answer, p.Answer...), append(v.Notes, p.Notes...)
	for _, sec := range v.Sections {
		for _, t := range sec.Tables {
			if len(v.Sections) > 1 {
				t.Title = sec.Title + ": " + t.Title
			}
			p.Before = append(p.Before, t)
		}
	}
	if c.Count(compare.Worse) > 0 && (p.Verdict.Tone == Good || p.Verdict == readRemarks) {
		p.Verdict = Note{Bad, "worse than the base"} // what is no measurement, or broke its promises, says so first
	}
}

// sections are a run's scenarios by name; none of nil.
func (o Options) sections(run *result.Run) (map[string]*Scenario, error) {
	if run == nil {
		return nil, nil
	}
	all, err := o.scenarios(run)
	byName := map[string]*Scenario{}
	for _, s := range all {
		byName[s.Name] = s
	}
	return byName, err
}

// chapters are a scenario's, in order.
func (o Options) chapters(s, base *Scenario) ([]Chapter, error) {
	var chapters []Chapter
	add := func(title string, plots []Plot, tables ...*Table) {
		c := Chapter{Title: title, Plots: plots}
		for _, t := range tables {
			if t != nil {
				c.Tables = append(c.Tables, PageTable{Table: *t, Sorts: len(t.Rows) > manyRows})
			}
		}
		chapters = append(chapters, c)
	}
	add("Promises", nil, s.verdictTable())
	if len(s.Groups) == 0 {
		return chapters, nil
	}
	if s.Capacity != nil {
		add("The search", []Plot{s.capacityPlot()}, s.stepTable())
	} else {
		add("Speedups and sweeps", []Plot{s.speedupPlot()}, s.speedupTable(), s.scalingTable())
	}
	add("Latency", s.latencyPlots(base), o.latencies(s)...)
	add("Over time", s.coursePlots(base), s.monitorTable(), s.queueTable(), s.crawlTable(), s.besideTable())
	chapters = append(chapters, s.stepsChapter())
	add("Agents", nil, s.agentTable())
	add("Errors and the slowest", nil, s.errorTable(), s.stepErrors(), s.firstFailures(), s.slowestTable())
	return chapters, nil
}

// manyRows is from how many on a reader sorts them.
const manyRows = 5

// latencies are the tables of how long calls took.
func (o Options) latencies(s *Scenario) []*Table {
	if s.Capacity != nil {
		return []*Table{s.streamTable()}
	}
	return []*Table{s.latencyTable(), s.streamTable(), o.completionTable(s)}
}

// outcome is a run in a word, for its head.
func outcome(run *result.Run, answers []Note) Note {
	switch code := int(run.Exit); {
	case run.Exit == result.UnderWay:
		return Note{Warn, "under way"}
	case code == 130:
		return Note{Warn, "interrupted"}
	case code == 3:
		return Note{Bad, "not valid"}
	case code == 1:
		return Note{Bad, "failed"}
	case code != 0:
		return Note{Bad, "not comparable"}
	}
	for _, a := range answers {
		if a.Tone == Warn || a.Tone == Bad { // accepted by --allow-late, or of an older file
			return readRemarks
		}
	}
	return Note{Good, "all well"}
}

// readRemarks is the word for a run that is well but for what is said of it.
var readRemarks = Note{Warn, "read the remarks"}

// aboutRun is the title without the file.
func aboutRun(run *result.Run) string {
	_, rest, _ := strings.Cut(title(run), " · ")
	return rest
}

// method is how a run was measured.
func method(run *result.Run) []Fact {
	m := run.Machine
	facts := []Fact{{"tool", Clean(run.Tool.Name + " " + run.Tool.Version)}}
	if !run.Started.IsZero() {
		facts = append(facts, Fact{"began", run.Started.UTC().Format("2006-01-02 15:04:05 UTC")})
	}
	if m.OS != "" {
		machine := []string{Clean(m.OS + "/" + m.Arch), plural(m.CPUs, "CPU"), Clean(m.CPUModel)}
		if m.MemoryBytes > 0 {
			machine = append(machine, fmt.Sprintf("%.1f GiB of memory", float64(m.MemoryBytes)/(1<<30)))
		}
		facts = append(facts, Fact{"machine", joined(append(machine, Clean(m.Go)), ", ")})
	}
	facts = append(facts,
		Fact{"seed", strconv.FormatUint(run.Seed, 10)},
		Fact{"scenario file", joined([]string{Clean(run.File.Name), hashed(run.File.SHA256)}, ", ")})
	facts = append(facts, again(run)...)
	for _, n := range resolution(run) {
		facts = append(facts, Fact{"this machine can tell", n.Text})
	}
	return facts
}

func hashed(sha256 string) string {
	if sha256 == "" {
		return ""
	}
	return "SHA-256 " + Clean(sha256)
}
