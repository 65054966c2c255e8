package look

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"plimsoll/target/template"
	"plimsoll/target/value"
)

// path leads into a JSON text, step by step.
type path []step

// step is one of: the members of a list; names that gjson follows at one go, as
// its own paths; a name that it would misread, or that lists have besides their
// members.
type step struct {
	each  bool
	names string
	name  string
}

// longestPath is how many names a path may have.
const longestPath = 100

// parsePath reads what stands behind json.
func parsePath(text, rest string) (path, error) {
	words, err := splitPath(rest)
	if err != nil {
		return nil, fmt.Errorf("%s %w", text, err)
	}
	if len(words) > longestPath {
		return nil, fmt.Errorf("%.60s… has more than %d names", text, longestPath)
	}
	var p path
	for _, w := range words {
		last := len(p) - 1
		switch {
		case w.each:
			p = append(p, step{each: true})
		case slices.Contains([]string{value.Count, value.First, value.Last, ""}, w.name) || strings.Trim(w.name, "0123456789") == "" && !value.IsIndex(w.name):
			p = append(p, step{name: w.name})
		case last >= 0 && p[last].names != "":
			p[last].names += "." + gjson.Escape(w.name)
		default:
			p = append(p, step{names: gjson.Escape(w.name)})
		}
	}
	return p, nil
}

type word struct {
	name string
	each bool
}

// splitPath splits at the dots; a * in quotes is a name.
func splitPath(rest string) ([]word, error) {
	var words []word
	for {
		star := rest == "*" || strings.HasPrefix(rest, "*.")
		if star {
			words = append(words, word{each: true})
			if rest = strings.TrimPrefix(rest[1:], "."); rest == "" {
				return words, nil
			}
			continue
		}
		name, after, err := template.CutName(rest)
		if err != nil {
			return nil, err
		}
		words = append(words, word{name: name})
		switch {
		case after == "":
			return words, nil
		case after[0] != '.':
			return nil, fmt.Errorf("has %q behind a name in quotes, where a dot was expected", after)
		}
		rest = after[1:]
	}
}

// errNoList says that there is a * where no list is.
var errNoList = errors.New("no list")

// find follows the path. What it finds may be a view of the text.
func (p path) find(text string) value.Value {
	text = strings.TrimPrefix(text, "\ufeff")
	if !slices.ContainsFunc(p, func(s step) bool { return s.each }) {
		return value.JSON(p.follow(text))
	}
	list, err := p.collect(nil, text, true)
	if err != nil {
		return value.Value{}
	}
	return value.Value{Kind: value.List, Text: view(append(list, ']'))}
}

// follow is the JSON at the end of a path without a *; empty: there is nothing.
func (p path) follow(text string) string {
	for _, s := range p {
		if s.names != "" {
			text = get(text, s.names)
			continue
		}
		v, _ := value.JSON(text).Reach(s.name)
		if v.Kind == value.None {
			return ""
		}
		text = view(v.AppendJSON(nil))
	}
	return text
}

// get is the JSON at the end of some names. What is no list or object has none,
// though gjson would look for the first bracket in it.
func get(text, names string) string {
	if start := strings.TrimLeft(text, " \t\r\n"); !strings.HasPrefix(start, "{") && !strings.HasPrefix(start, "[") {
		return ""
	}
	return gjson.Get(text, names).Raw
}

// collect appends to a list what the path finds in a text: of each member of
// what stands before its first *. Where that is no list there is an error, but
// for a member that has nothing there at all.
func (p path) collect(list []byte, text string, first bool) ([]byte, error) {
	star := slices.IndexFunc(p, func(s step) bool { return s.each })
	if star < 0 {
		found := p.follow(text)
		if found == "" {
			return list, nil
		}
		if len(list) > 1 {
			list = append(list, ',')
		}
		return append(list, found...), nil
	}
	before := p[:star].follow(text)
	if before == "" && !first {
		return list, nil
	}
	members := value.JSON(before)
	if members.Kind != value.List {
		return list, errNoList
	}
	if first {
		list = append(list, '[')
	}
	var err error
	gjson.Parse(before).ForEach(func(_, member gjson.Result) bool {
		list, err = p[star+1:].collect(list, member.Raw, false)
		return err == nil
	})
	return list, err
}
