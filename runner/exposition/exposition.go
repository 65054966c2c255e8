// Package exposition reads the text in which servers show their metrics to
// Prometheus, as far as somebody asks for some of them:
//
//	# TYPE http_requests_total counter
//	http_requests_total{method="post",code="200"} 1027 1395066363000
//
// It is written by others and may be anything: what is wrong is an error that
// names the line.
package exposition

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Label is one of a series' labels.
type Label struct{ Name, Value string }

// Sample is a line with a figure.
type Sample struct {
	Name   string
	Labels []Label
	Value  float64
}

// Found is what was found of a selector.
type Found struct {
	Sum  float64            // of all series that match
	Each map[string]float64 // the series themselves, by their labels in one spelling
}

// Find looks, for each selector, for the figures of the series that match. Series
// without a figure (NaN, as those of quantiles of nothing) are none.
func Find(text []byte, selectors []Selector) ([]Found, error) {
	found := make([]Found, len(selectors))
	wanted := func(name []byte) bool {
		for i := range selectors {
			if string(name) == selectors[i].Name {
				return true
			}
		}
		return false
	}
	err := each(text, wanted, func(s Sample) {
		for i, sel := range selectors {
			if !math.IsNaN(s.Value) && sel.matches(s) {
				found[i].take(s)
			}
		}
	})
	return found, err
}

func (f *Found) take(s Sample) {
	if f.Each == nil {
		f.Each = map[string]float64{}
	}
	f.Sum += s.Value
	f.Each[spelled(s.Labels)] += s.Value
}

// spelled are labels in one spelling, whatever their order.
func spelled(labels []Label) string {
	labels = slices.Clone(labels)
	slices.SortStableFunc(labels, byName)
	return Selector{Labels: labels}.String()
}

func byName(a, b Label) int { return strings.Compare(a.Name, b.Name) }

// Names are those of all metrics in a text, each once.
func Names(text []byte) (names []string) {
	seen := map[string]bool{}
	_ = each(text, func(name []byte) bool {
		if !seen[string(name)] {
			seen[string(name)] = true
			names = append(names, string(name))
		}
		return false
	}, nil)
	return names
}

// each hands over the samples that are wanted by their names; of others no more
// is read than that.
func each(text []byte, wanted func(name []byte) bool, take func(Sample)) error {
	for number := 1; len(text) > 0; number++ {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		line = bytes.Trim(line, " \t\r")
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if err := one(line, wanted, take); err != nil {
			return fmt.Errorf("line %d is no metric: %w: %s", number, err, clip(line))
		}
	}
	return nil
}

// clip is the beginning of a line of foreign bytes.
func clip(line []byte) string {
	const longest = 60
	if len(line) <= longest {
		return strconv.QuoteToASCII(string(line))
	}
	quoted := strconv.QuoteToASCII(string(line[:longest]))
	return quoted[:len(quoted)-1] + "…\"" // by which the beginning of a secret is known
}

// one reads a line.
func one(line []byte, wanted func([]byte) bool, take func(Sample)) error {
	s := scanner{string(line[:min(len(line), longestName)])}
	name := s.name()
	if name == "" && !s.next('{') {
		return fmt.Errorf("it begins with no name")
	}
	if name != "" && !wanted([]byte(name)) {
		return nil
	}
	s = scanner{string(line)}
	sample, err := s.sample()
	if err != nil {
		return err
	}
	if name == "" && !wanted([]byte(sample.Name)) { // it stood among the labels
		return nil
	}
	take(sample)
	return nil
}

// longestName is far more than any name has.
const longestName = 4096

// scanner takes a line apart from its beginning.
type scanner struct{ rest string }

func (s *scanner) blanks() { s.rest = strings.TrimLeft(s.rest, " \t") }

// next takes a character, if it is the next one.
func (s *scanner) next(c byte) bool {
	s.blanks()
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// name takes the name of a metric, or of a label; "": there is none.
func (s *scanner) name() string {
	s.blanks()
	end := 0
	for end < len(s.rest) && ofName(s.rest[end], end) {
		end++
	}
	name := s.rest[:end]
	s.rest = s.rest[end:]
	return name
}

func ofName(c byte, at int) bool {
	letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == ':'
	return letter || at > 0 && '0' <= c && c <= '9'
}

// quoted takes a text in double quotes.
func (s *scanner) quoted() (string, error) {
	if !s.next('"') {
		return "", fmt.Errorf("a value stands in double quotes")
	}
	var out strings.Builder
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return out.String(), nil
		case c == '\\' && i+1 < len(s.rest):
			i++
			switch s.rest[i] {
			case 'n':
				out.WriteByte('\n')
			case '\\', '"':
				out.WriteByte(s.rest[i])
			default: // as Prometheus does
				out.WriteByte('\\')
				out.WriteByte(s.rest[i])
			}
		default:
			out.WriteByte(c)
		}
	}
	return "", fmt.Errorf("a value has no closing quote")
}

// series takes a name and labels; a name that is no plain one stands in quotes
// among them.
func (s *scanner) series() (name string, labels []Label, err error) {
	name = s.name()
	if !s.next('{') {
		return name, nil, nil
	}
	for !s.next('}') {
		s.blanks()
		key, bare := "", strings.HasPrefix(s.rest, `"`)
		if bare {
			if key, err = s.quoted(); err != nil {
				return "", nil, err
			}
		} else if key = s.name(); key == "" {
			return "", nil, fmt.Errorf("a label has no name")
		}
		switch {
		case s.next('='):
			value, err := s.quoted()
			if err != nil {
				return "", nil, err
			}
			labels = append(labels, Label{key, value})
		case bare && name == "":
			name = key
		default:
			return "", nil, fmt.Errorf("the label %s has no value", key)
		}
		if s.next('}') {
			break
		}
		if !s.next(',') {
			return "", nil, fmt.Errorf("a comma stands between labels")
		}
	}
	return name, labels, nil
}

// sample takes a whole line.
func (s *scanner) sample() (Sample, error) {
	name, labels, err := s.series()
	switch {
	case err != nil:
		return Sample{}, err
	case name == "":
		return Sample{}, fmt.Errorf("it has no name")
	case !utf8.ValidString(name):
		return Sample{}, fmt.Errorf("its name is no UTF-8")
	}
	figures, _, _ := strings.Cut(s.rest, "#") // behind which OpenMetrics has an example
	words := strings.Fields(figures)
	if len(words) == 0 || len(words) > 2 {
		return Sample{}, fmt.Errorf("a number stands behind its name, and nothing else but a time")
	}
	if len(words) == 2 {
		if _, err := strconv.ParseFloat(words[1], 64); err != nil { // in OpenMetrics it is in seconds
			return Sample{}, fmt.Errorf("its time is none")
		}
	}
	value, err := strconv.ParseFloat(words[0], 64)
	if err != nil && !math.IsInf(value, 0) {
		return Sample{}, fmt.Errorf("its value is no number")
	}
	labels = slices.DeleteFunc(labels, func(l Label) bool { return l.Value == "" }) // which is the same as none
	return Sample{name, labels, value}, nil
}
