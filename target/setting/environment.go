package setting

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// A variable is ${NAME} or ${NAME:-default}; lower-case and dotted names are
// kept for data that changes from call to call.
var (
	variable = regexp.MustCompile(`^([A-Z_][A-Z0-9_]*)(?::-([^}]*))?$`)
	dataName = regexp.MustCompile(`^[a-z][A-Za-z0-9_.]*$|^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z0-9_.]*$`)
)

// substitute puts the environment's values into a text. $$ is a dollar sign,
// and a dollar sign before anything but { and $ stands for itself.
func (r *Reader) substitute(at Pos, text string) (string, bool) {
	var out strings.Builder
	ok := true
	for {
		before, after, found := strings.Cut(text, "$")
		out.WriteString(before)
		switch {
		case !found:
			return out.String(), ok
		case strings.HasPrefix(after, "$"):
			out.WriteByte('$')
			text = after[1:]
		case strings.HasPrefix(after, "{"):
			inner, rest, closed := strings.Cut(after[1:], "}")
			if !closed {
				r.Problem(at, "${%s is not closed: write ${NAME} or ${NAME:-default}, and $${ for the characters themselves", inner)
				return "", false
			}
			value, known := r.lookup(at, inner)
			out.WriteString(value)
			ok = ok && known
			text = rest
		default:
			out.WriteByte('$')
			text = after
		}
	}
}

// lookup is the value of what stands between ${ and }.
func (r *Reader) lookup(at Pos, inner string) (string, bool) {
	parts := variable.FindStringSubmatch(inner)
	if parts == nil {
		if dataName.MatchString(inner) {
			r.Problem(at, "${%s}: lower-case and dotted names are reserved for a later version, environment variables are written in capitals (write $${%s} for the characters themselves)", inner, inner)
		} else {
			r.Problem(at, "${%s} is no environment variable: write ${NAME} or ${NAME:-default} with capitals, digits and _, and $${ for the characters themselves", inner)
		}
		return "", false
	}
	name, hasDefault := parts[1], strings.Contains(inner, ":-")
	value, set := r.env(name)
	switch {
	case set && (value != "" || !hasDefault):
		if r.secret {
			r.secrets.add(name, value)
		}
		return value, true
	case hasDefault:
		return parts[2], true
	}
	r.Problem(at, "the environment variable %s is not set: set it, or give a default with ${%s:-default}", name, name)
	return "", false
}

// secrets are values from the environment that nobody is to see.
type secrets struct {
	names map[string]string // value → NAME
	once  sync.Once
	clean *strings.Replacer
}

// shortest is the least length in characters of what is taken out of texts;
// shorter values would tear them to pieces and are no secrets worth the name.
const shortest = 3

func (s *secrets) add(name, value string) {
	if utf8.RuneCountInString(value) < shortest {
		return
	}
	if s.names == nil {
		s.names = map[string]string{}
	}
	// An error message may quote a value or hold it inside a URL.
	quoted := strconv.Quote(value)
	for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), quoted[1 : len(quoted)-1]} {
		if _, known := s.names[form]; !known {
			s.names[form] = name
		}
	}
}

func (s *secrets) scrub(text string) string {
	s.once.Do(func() {
		var values []string
		for value := range s.names {
			values = append(values, value)
		}
		slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
		var pairs []string
		for _, value := range values {
			pairs = append(pairs, value, "${"+s.names[value]+"}")
		}
		s.clean = strings.NewReplacer(pairs...)
	})
	return s.clean.Replace(text)
}
