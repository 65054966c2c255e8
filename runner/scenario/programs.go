package scenario

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"plimsoll/target/quantity"
	"plimsoll/target/shell"
	"plimsoll/target/template"
)

// Programs are commands that are compared without a file. As of a Quick, YAML
// writes the scenario file that says the same.
//
// Their runs go in rounds: every round runs each of them for a while, one run
// after another, so that what drifts meets all alike, and rounds are what the
// intervals come from.
type Programs struct {
	Commands []Command
	Shell    bool // carries them out; what its start takes is measured beside them
	// Variable is what Values stand for in commands, as {NAME}; "" for none.
	Variable string
	Values   []string

	// Prepare is a shell's command before each run, then a round's only one,
	// Cleanup one at the end.
	Prepare, Cleanup string
	WarmupRuns       int64 // of each, before any is measured
	IgnoreFailure    bool  // any exit code is good
	Timeout          time.Duration

	// Runs are those of each command; 0: as many as AtLeast allows, and one a
	// round. Rounds are 10 unless Runs ask for another number; with Prepare, a
	// round is a run.
	Runs    int64
	AtLeast time.Duration // default 3 s
	Rounds  int64

	Seed       *uint64
	Thresholds []string
}

// Command is one program with its arguments.
type Command struct {
	Text  string
	Words []string // as they are; none: they are the Text's
}

// What Programs do where nothing else is said, and the names in their files.
const (
	ProgramRounds = 10
	ProgramsTime  = 3 * time.Second
	ProgramsName  = "bench"   // the scenario that measures
	ShellName     = "(shell)" // the mode that does nothing but start a shell
)

// MostSingleRounds is how many rounds of one run each are worth their while.
const MostSingleRounds = 100

// rounds are how many there are, and how many runs each has; 0: as many as the
// time allows.
func (p Programs) rounds() (rounds, each int64) {
	rounds = p.Rounds
	if rounds == 0 {
		rounds = ProgramRounds
	}
	switch {
	case p.Prepare != "" && p.Runs > 0:
		return p.Runs, 1
	case p.Prepare != "":
		return rounds, 1
	case p.Runs == 0:
		return rounds, 0
	case p.Rounds > 0:
		return p.Rounds, max(1, (p.Runs+p.Rounds-1)/p.Rounds)
	case p.Runs <= MostSingleRounds:
		return p.Runs, 1
	}
	for n := int64(MostSingleRounds); n >= ProgramRounds; n-- {
		if p.Runs%n == 0 {
			return n, p.Runs / n
		}
	}
	return ProgramRounds, (p.Runs + ProgramRounds - 1) / ProgramRounds
}

// Trials are how many the file comes to, all scenarios together.
func (p Programs) Trials() int {
	rounds, _ := p.rounds()
	modes := int64(len(p.modes()) * max(1, len(p.Values)))
	trials := rounds * modes
	if p.WarmupRuns > 0 {
		warmups, _ := p.warmups()
		trials += modes * warmups
	}
	if p.Cleanup != "" {
		trials++
	}
	return int(min(trials, math.MaxInt32))
}

// YAML is the scenario file. The errors are of texts that no YAML can hold, or no
// command can be.
func (p Programs) YAML() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	var f lines
	f.put(0, "# What a `plimsoll bench` of programs did. `plimsoll run` with this file does it again.")
	if p.Seed != nil {
		f.put(0, "seed: %d", *p.Seed)
	}
	f.put(0, "targets:")
	for i, c := range p.Commands {
		words, err := p.words(c)
		if err != nil {
			return nil, err
		}
		p.putTarget(&f, fmt.Sprintf("program-%d", i+1), words)
	}
	if p.Shell {
		p.putTarget(&f, "shell", []string{":"})
	}
	if p.Cleanup != "" {
		f.put(1, "cleanup: {exec: {exec: %s, shell: true}}", literal(p.Cleanup))
	}
	f.put(0, "scenarios:")
	if p.WarmupRuns > 0 {
		p.putScenario(&f, "warm-up", p.warmups, nil)
	}
	p.putScenario(&f, ProgramsName, p.rounds, p.Thresholds)
	if p.Cleanup != "" {
		f.put(1, "- {name: cleanup, target: cleanup, requests: 1, modes: [sequential]}")
	}
	return f.Bytes(), nil
}

// warmups are the rounds that nobody looks at.
func (p Programs) warmups() (rounds, each int64) {
	if p.Prepare != "" {
		return p.WarmupRuns, 1
	}
	return 1, p.WarmupRuns
}

func (p Programs) putTarget(f *lines, name string, words []string) {
	f.put(1, "%s:", name)
	f.put(2, "exec:")
	spelled := make([]string, len(words))
	for i, w := range words {
		spelled[i] = p.filled(w)
	}
	f.put(3, "exec: [%s]", strings.Join(spelled, ", "))
	if p.Shell {
		f.put(3, "shell: true")
	}
	f.putDuration(3, "timeout", p.Timeout)
	if p.IgnoreFailure {
		f.put(3, "success: {exit_code: any}")
	}
}

func (p Programs) putScenario(f *lines, name string, rounds func() (rounds, each int64), thresholds []string) {
	f.put(1, "- name: %s", name)
	f.put(2, "target: program-1")
	if p.Variable != "" {
		values := make([]string, len(p.Values))
		for i, v := range p.Values {
			values[i] = spelledValue(v)
		}
		f.put(2, "vary: {%s: [%s]}", p.Variable, strings.Join(values, ", "))
	}
	times, each := rounds()
	switch {
	case each > 0:
		f.put(2, "requests: %d", each)
	default:
		all := p.AtLeast
		if all == 0 {
			all = ProgramsTime
		}
		f.putDuration(2, "at_least", max(1, all/time.Duration(times)))
	}
	if times > 1 {
		f.put(2, "repeat: %d", times)
	}
	if p.Prepare != "" {
		f.put(2, "before: %s", literal(p.Prepare))
	}
	if !p.IgnoreFailure {
		f.put(2, "on_error: stop")
	}
	modes := p.modes()
	f.put(2, "modes:")
	for i, name := range modes {
		target := fmt.Sprintf("program-%d", i+1)
		if i == len(p.Commands) {
			target = "shell"
		}
		f.put(3, "- {mode: sequential, target: %s, name: %s}", target, literal(name))
	}
	if len(thresholds) > 0 {
		f.put(2, "thresholds:")
	}
	for i := range p.Commands {
		if len(thresholds) > 0 {
			f.put(3, "%s: [%s]", strconv.Quote(modes[i]), strings.Join(literals(thresholds), ", "))
		}
	}
}

func literals(texts []string) []string {
	list := make([]string, len(texts))
	for i, t := range texts {
		list[i] = literal(t)
	}
	return list
}

// filled spells a text that means itself, but for {NAME}, which is the variable.
func (p Programs) filled(text string) string {
	spelled := literal(text)
	if p.Variable == "" {
		return spelled
	}
	return strings.ReplaceAll(spelled, "{"+p.Variable+"}", "${"+p.Variable+"}")
}

// spelledValue is a value of the variable: a number where it is one.
func spelledValue(text string) string {
	if quantity.IsNumber(text) {
		return text
	}
	return literal(text)
}

// words are those of a command: all of it where there is a shell to read it.
func (p Programs) words(c Command) ([]string, error) {
	switch {
	case c.Words != nil:
		return c.Words, nil
	case p.Shell:
		return []string{c.Text}, nil
	}
	words, err := shell.Split(c.Text)
	if err != nil {
		return nil, fmt.Errorf("the command %q: %w (--shell)", c.Text, err)
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("the command is empty: name a program, such as 'sleep 0.1'")
	}
	return words, nil
}

// modes are the names of the columns, each its own: the commands, and the shell's
// start where that is measured.
func (p Programs) modes() (names []string) {
	for _, c := range p.Commands {
		name := column(c.Text)
		for n := 2; slices.Contains(names, name) || name == ShellName || name == "speedup"; n++ {
			name = column(c.Text) + fmt.Sprintf(" (%d)", n)
		}
		names = append(names, name)
	}
	if p.Shell {
		names = append(names, ShellName)
	}
	return names
}

// column is a command as the name of a column: one line, not too long.
func column(command string) string {
	const longest, tail = 90, 30
	text := strings.Join(strings.FieldsFunc(command, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if text == "" {
		return "?"
	}
	if len(text) <= longest {
		return text
	}
	head, end := longest-tail-len("…"), len(text)-tail
	for !utf8.RuneStart(text[head]) {
		head--
	}
	for !utf8.RuneStart(text[end]) {
		end++
	}
	return strings.TrimSpace(text[:head]) + "…" + strings.TrimSpace(text[end:])
}

// check tells what no file can say.
func (p Programs) check() error {
	var everything []string
	for _, c := range p.Commands {
		everything = append(append(everything, c.Text), c.Words...)
		if p.Shell && c.Words != nil {
			return fmt.Errorf("a shell reads one text: with --shell write the command in quotes, bench --shell 'a | b'")
		}
		if p.Shell && strings.TrimSpace(c.Text) == "" {
			return fmt.Errorf("the command is empty: write what the shell is to do")
		}
	}
	for _, text := range slices.Concat(everything, p.Values, p.Thresholds, []string{p.Prepare, p.Cleanup}) {
		if !utf8.ValidString(text) {
			return fmt.Errorf("%q has bytes that are not UTF-8, which no scenario file can hold", text)
		}
	}
	if p.Variable == "" {
		return nil
	}
	hole := "{" + p.Variable + "}"
	used := func(text string) bool { return strings.Contains(text, hole) }
	switch {
	case !template.IsName(p.Variable):
		return fmt.Errorf("%q cannot be the name of a variable: begin with a small letter and go on with letters, digits and _", p.Variable)
	case used(p.Prepare) || used(p.Cleanup):
		return fmt.Errorf("%s stands for a value in the commands that are compared only: --prepare and --cleanup are the same for all", hole)
	case !slices.ContainsFunc(everything, used):
		return fmt.Errorf("no command has %s in it, so there is nothing to vary", hole)
	}
	return nil
}
