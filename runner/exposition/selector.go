package exposition

import (
	"fmt"
	"slices"
	"strings"
)

// Selector says which series of a metric are meant, and whether their sum is
// asked for or how fast it grows: http_requests_total, queue{name="in"},
// rate(http_requests_total).
type Selector struct {
	Name   string
	Labels []Label // that a series must have, by their names; "" is that it has none
	Rate   bool
}

// ParseSelector reads one.
func ParseSelector(text string) (Selector, error) {
	inner, rate := strings.CutPrefix(strings.TrimSpace(text), "rate(")
	if rate {
		closed := false
		if inner, closed = strings.CutSuffix(inner, ")"); !closed {
			return Selector{}, fmt.Errorf("%q lacks its closing bracket: write rate(metric)", text)
		}
	}
	s := scanner{inner}
	name, labels, err := s.series()
	s.blanks()
	switch {
	case err != nil:
		return Selector{}, fmt.Errorf("%q selects no series: %w; write a metric and what its labels are, such as queue_length{name=\"in\"}", text, err)
	case strings.HasPrefix(s.rest, "["):
		return Selector{}, fmt.Errorf("%q has a time in brackets: leave it out, a rate is over the time from one look to the next", text)
	case strings.HasPrefix(s.rest, "("):
		return Selector{}, fmt.Errorf("%q is no metric: all that can be asked for is a sum, metric, and how fast it grows, rate(metric)", text)
	case name == "":
		return Selector{}, fmt.Errorf("%q names no metric: write one, such as queue_length or rate(requests_total)", text)
	case s.rest != "":
		return Selector{}, fmt.Errorf("%q goes on after the metric with %q: write metric, metric{label=\"x\"} or rate(metric)", text, s.rest)
	}
	slices.SortStableFunc(labels, byName)
	return Selector{name, labels, rate}, nil
}

// String is the selector in the one spelling that it has in results.
func (s Selector) String() string {
	var parts []string
	name := s.Name
	if name != "" && !plain(name) {
		parts, name = append(parts, quote(name)), ""
	}
	for _, l := range s.Labels {
		key := l.Name
		if !plain(key) {
			key = quote(key)
		}
		parts = append(parts, key+"="+quote(l.Value))
	}
	text := name
	if len(parts) > 0 {
		text += "{" + strings.Join(parts, ",") + "}"
	}
	if s.Rate {
		return "rate(" + text + ")"
	}
	return text
}

// plain tells whether a name needs no quotes.
func plain(name string) bool {
	s := scanner{name}
	return s.name() == name && name != ""
}

// quote writes a text as quoted reads it.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// matches tells whether a sample is of the metric and has all labels.
func (s Selector) matches(of Sample) bool {
	if s.Name != of.Name {
		return false
	}
	for _, l := range s.Labels {
		if of.label(l.Name) != l.Value {
			return false
		}
	}
	return true
}

// label is the value of a label; "": it has none.
func (s Sample) label(name string) string {
	for _, l := range s.Labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}
