package template

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"plimsoll/target/setting"
)

// Ref is one reference to a value, ${name.field|raw}.
type Ref struct {
	Name string
	Path []string // what is reached for in it
	Raw  bool     // not escaped
	// Low and High are what ${random.LOW-HIGH} draws from, both included.
	Low, High int64
	Pos       setting.Pos // where it stands in the file, if it stands in one
	Text      string      // what stands between ${ and }
}

// Error is what is wrong with a reference.
type Error struct {
	Offset  int    // of its dollar sign, in bytes
	Ref     string // what stands between ${ and }
	problem string
}

func (e *Error) Error() string { return fmt.Sprintf("${%s} %s", e.Ref, e.problem) }

// Names of what is there without being set. Those that are drawn or counted are
// resolved by whoever knows them.
const (
	Iteration = "iteration"
	Place     = "place"
	UUID      = "uuid"
	Random    = "random"
	Now       = "now"
	Unix      = "unix"
	Requests  = "requests"
)

// BuiltIns are the names that nobody may set.
func BuiltIns() []string { return []string{Iteration, Place, UUID, Random, Now, Unix, Requests} }

var (
	nameSpelling = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`)
	interval     = regexp.MustCompile(`^(-?[0-9]+)-(-?[0-9]+)$`)
)

// IsName tells whether a word can be the name of a variable.
func IsName(word string) bool { return nameSpelling.MatchString(word) }

// ParseName reads NAME.FIELD.0, as it stands in a condition or between ${ and }.
func ParseName(text string) (Ref, error) {
	ref, problem := parseRef(text)
	if problem == "" && ref.Raw {
		problem = "is not put into a text here: leave |raw out"
	}
	if problem != "" {
		return Ref{}, &Error{Ref: text, problem: problem}
	}
	return ref, nil
}

// parseRef reads what stands between ${ and }; the problem goes on after it.
func parseRef(inner string) (ref Ref, problem string) {
	ref.Text = inner
	text, filter, filtered := cutFilter(inner)
	if filtered && filter != "raw" {
		return ref, fmt.Sprintf("ends with |%s, and there is only |raw, for a value that is not to be escaped", filter)
	}
	ref.Raw = filtered
	name, rest, dotted := strings.Cut(text, ".")
	switch {
	case name == "":
		return ref, "has no name: write ${name}, and $${ for the characters themselves"
	case !IsName(name):
		return ref, "is no variable: its name begins with a small letter and goes on with letters, digits and _ (an environment variable is written in capitals; write $${ for the characters themselves)"
	}
	ref.Name = name
	if name == Random {
		return ref, ref.setInterval(rest)
	}
	if !dotted {
		return ref, ""
	}
	if slices.Contains(BuiltIns(), name) {
		return ref, fmt.Sprintf("reaches into %s, which has no parts: write ${%s}", name, name)
	}
	var err error
	if ref.Path, err = SplitPath(rest); err != nil {
		return ref, err.Error()
	}
	return ref, ""
}

func (r *Ref) setInterval(text string) (problem string) {
	bounds := interval.FindStringSubmatch(text)
	if bounds == nil {
		return "needs two whole numbers to draw from, both included: write ${random.1-100}"
	}
	var low, high error
	r.Low, low = strconv.ParseInt(bounds[1], 10, 64)
	r.High, high = strconv.ParseInt(bounds[2], 10, 64)
	switch {
	case low != nil || high != nil:
		return "goes beyond what 64 bits hold: write smaller numbers, such as ${random.1-100}"
	case r.Low > r.High:
		return fmt.Sprintf("draws from nothing, since %d is above %d: swap them", r.Low, r.High)
	}
	return ""
}

// cutFilter cuts |FILTER off; a | in quotes is none.
func cutFilter(text string) (before, filter string, found bool) {
	at := strings.LastIndexByte(text, '|')
	if at < 0 || strings.Count(text[at:], `"`)%2 == 1 {
		return text, "", false
	}
	return strings.TrimRight(text[:at], " "), strings.TrimLeft(text[at+1:], " "), true
}

// SplitPath splits FIELD.0."a name with . in it" at its dots.
func SplitPath(text string) ([]string, error) {
	var path []string
	for rest := text; ; {
		name, after, err := CutName(rest)
		if err != nil {
			return nil, err
		}
		path = append(path, name)
		if after == "" {
			return path, nil
		}
		if after[0] != '.' {
			return nil, fmt.Errorf("has %q behind a name in quotes, where a dot was expected", after)
		}
		rest = after[1:]
	}
}

// CutName cuts the first name off a path; rest begins with what follows it.
func CutName(text string) (name, rest string, err error) {
	if strings.HasPrefix(text, `"`) {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", fmt.Errorf("has a name in quotes that is not closed: write \"…\" around a name with dots in it")
		}
		name, err := strconv.Unquote(quoted)
		return name, text[len(quoted):], err
	}
	end := strings.IndexByte(text, '.')
	if end < 0 {
		end = len(text)
	}
	switch name = text[:end]; {
	case name == "":
		return "", "", fmt.Errorf("lacks a name beside a dot: names and indices are joined by single dots, as in hits.0.id")
	case strings.ContainsAny(name, "\"[]"):
		return "", "", fmt.Errorf("has %q for a name: names and indices are joined by dots, as in hits.0.id, and a name with dots or brackets in it is written in quotes", name)
	}
	return name, text[end:], nil
}
