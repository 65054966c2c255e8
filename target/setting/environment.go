package setting

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
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
	return r.fill(at, text, func(inner string) (string, bool) { return r.lookup(at, inner) }, "$")
}

// Template is the text of a single value in which variables of a journey may
// stand, as package template parses it: they stay, the environment's values are
// put in, with each of their dollar signs written twice. They are secrets.
func (r *Reader) Template(n *yaml.Node, want string) (string, bool) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		r.mismatch(n, want)
		return "", false
	}
	defer func(before bool) { r.secret = before }(r.secret)
	r.secret = true
	return r.fill(place(n), n.Value, func(inner string) (string, bool) {
		if !variable.MatchString(inner) {
			return "${" + inner + "}", true
		}
		value, ok := r.lookup(place(n), inner)
		return strings.ReplaceAll(value, "$", "$$"), ok
	}, "$$")
}

// fill puts into a text what lookup makes of all that stands between ${ and },
// and dollar for $$.
func (r *Reader) fill(at Pos, text string, lookup func(inner string) (string, bool), dollar string) (string, bool) {
	var out strings.Builder
	ok := true
	for {
		before, after, found := strings.Cut(text, "$")
		out.WriteString(before)
		switch {
		case !found:
			return out.String(), ok
		case strings.HasPrefix(after, "$"):
			out.WriteString(dollar)
			text = after[1:]
		case strings.HasPrefix(after, "{"):
			inner, rest, closed := strings.Cut(after[1:], "}")
			if !closed {
				r.Problem(at, "${%s is not closed: write ${NAME} or ${NAME:-default}, and $${ for the characters themselves", inner)
				return "", false
			}
			value, known := lookup(inner)
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

// Environment is a variable that no value names: one by which programs are told what
// is the same for all of them; "" where it is not set. What it holds is no secret
// until Conceal says so.
func (r *Reader) Environment(name string) string {
	if value, set := r.env(name); set {
		return value
	}
	return ""
}

// Conceal has a value be shown as ${NAME} from now on.
func (r *Reader) Conceal(name, value string) { r.secrets.add(name, value) }
