//go:build linux

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"plimsoll/report"
	"plimsoll/runner/result"
)

// table is what one part has found.
type table struct {
	about []string // what was asked, where, by which versions
	heads []string // the first is the client's
	rows  [][]string
	notes []string // what went wrong with whom
}

// markdown writes the table, figures to the right.
func (t table) markdown() string {
	var b strings.Builder
	for _, about := range t.about {
		fmt.Fprintf(&b, "%s\n\n", about)
	}
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.heads)
	line(append([]string{"---"}, slices.Repeat([]string{"---:"}, len(t.heads)-1)...))
	for _, row := range t.rows {
		line(row)
	}
	if len(t.notes) > 0 {
		b.WriteString("\n")
	}
	for _, note := range t.notes {
		fmt.Fprintf(&b, "* %s\n", note)
	}
	return b.String()
}

// about says what was asked, where and of whom; server is its program, empty
// where it is our own.
func (l *lab) about(asked, server string, clients []client) []string {
	m := result.ThisMachine()
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	where := "pinned to a core each"
	if !l.pinned {
		where = "on any core"
	}
	rounds := "one round"
	if l.rounds > 1 {
		rounds = fmt.Sprintf("medians of %d rounds", l.rounds)
	}
	return []string{
		fmt.Sprintf("%s; server and client %s; %s.", asked, where, rounds),
		fmt.Sprintf("Taken on %d × %s, Linux %s; %s.", m.CPUs, cmp.Or(m.CPUModel, m.Arch),
			strings.TrimSpace(string(kernel)), strings.Join(append([]string{m.Go}, versions(server, clients)...), ", ")),
	}
}

// intoPage replaces the part's table on the page, and the charts beside it.
func (l *lab) intoPage(folder, text string) error {
	page := filepath.Join(folder, "README.md")
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	filled, err := fill(old, l.part, text)
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	if err := os.WriteFile(page, filled, 0o666); err != nil {
		return err
	}
	name := l.part + "-latency.svg"
	chart, err := os.ReadFile(filepath.Join(l.keep, name))
	if os.IsNotExist(err) {
		return nil // not every part draws
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name), chart, 0o666)
}

// fill replaces what stands between <!-- table: NAME --> and <!-- end -->.
func fill(page []byte, name, text string) ([]byte, error) {
	from, to := fmt.Appendf(nil, "<!-- table: %s -->\n", name), []byte("<!-- end -->")
	head, rest, found := bytes.Cut(page, from)
	old, tail, ended := bytes.Cut(rest, to)
	if !found || !ended || bytes.Contains(old, []byte("<!-- table:")) {
		return nil, fmt.Errorf("there is no place for the table %q: it needs a line %q and below it %q", name, bytes.TrimSpace(from), to)
	}
	return slices.Concat(head, from, []byte(text), to, tail), nil
}

// draw makes one chart of trials of several runs; label names each of them.
func (l *lab) draw(trials []result.Trial, labels []string) error {
	if len(trials) == 0 {
		return nil
	}
	run := result.Run{Format: result.Format, Machine: result.ThisMachine(), Planned: len(trials)}
	for i, t := range trials {
		t.Scenario, t.Mode, t.Repeat, t.Sweep = l.part, labels[i], 0, result.Point{}
		run.Trials = append(run.Trials, t)
	}
	return report.WriteCharts(l.keep, &run)
}

// key names what one client did at one number of what a part varies.
func key(name string, n int) string { return fmt.Sprintf("%s at %d", name, n) }

// median is the middle one of what every round gave for one figure.
func median[T any, F cmp.Ordered](rounds []T, figure func(T) F) F {
	all := make([]F, len(rounds))
	for i, r := range rounds {
		all[i] = figure(r)
	}
	slices.Sort(all)
	return all[len(all)/2]
}
