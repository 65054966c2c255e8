package sim

import (
	"errors"
	"fmt"
	"strings"
)

// Route is how calls to some paths are carried out. In its Path a `*` stands
// for one whole part between slashes, whatever it is, and at the end for all
// that is left, slashes too, even nothing.
type Route struct {
	Path string
	Manner
	// Turns are those of the calls that take this route, counted by themselves.
	Turns []Manner `json:",omitempty"`
}

// Way is the route that a path takes: its number in Settings.Routes, or none, or
// that there is no such page.
type Way int

const (
	noWay Way = -1
	// noPage is the way of a path that the server's site has not.
	noPage Way = -2
)

// router finds ways. What it knows follows from the settings alone.
type router struct {
	exact    map[string]Way // paths without a `*`
	patterns []pattern      // the longest first
	site     *Site          // nil: every path is answered
}

// pattern is a path with a `*` in it.
type pattern struct {
	parts   []string // between slashes
	open    bool     // the last part is a `*`, and not among them
	letters int      // all but the `*`
	way     Way
}

// router finds the ways of the server.
func (s *Settings) router() router {
	r := newRouter(s.Routes)
	r.site = s.Site
	return r
}

func newRouter(routes []Route) router {
	r := router{exact: map[string]Way{}}
	for i := range routes {
		if path := routes[i].Path; !strings.Contains(path, "*") {
			r.exact[path] = Way(i)
		} else {
			r.add(parsePattern(path, Way(i)))
		}
	}
	return r
}

// add puts a pattern behind those that are as long or longer.
func (r *router) add(p pattern) {
	at := len(r.patterns)
	for at > 0 && r.patterns[at-1].letters < p.letters {
		at--
	}
	r.patterns = append(r.patterns, pattern{})
	copy(r.patterns[at+1:], r.patterns[at:])
	r.patterns[at] = p
}

func parsePattern(path string, way Way) pattern {
	p := pattern{parts: strings.Split(path[1:], "/"), letters: len(path) - strings.Count(path, "*"), way: way}
	if last := len(p.parts) - 1; p.parts[last] == "*" {
		p.parts, p.open = p.parts[:last], true
	}
	return p
}

// find is the way of a path: that of the path itself, else that of the pattern
// with the most letters, of several the first in the file.
func (r *router) find(path string) Way {
	if way, known := r.exact[path]; known {
		return way
	}
	for i := range r.patterns {
		if r.patterns[i].matches(path) {
			return r.patterns[i].way
		}
	}
	if r.site != nil && !r.site.has(path) {
		return noPage
	}
	return noWay
}

func (p *pattern) matches(path string) bool {
	rest, more := strings.CutPrefix(path, "/")
	for _, part := range p.parts {
		if !more {
			return false
		}
		var here string
		here, rest, more = strings.Cut(rest, "/")
		if part == "*" && here == "" || part != "*" && part != here {
			return false
		}
	}
	return more == p.open
}

// checkPath tells what is wrong with the path of a route.
func checkPath(path string) error {
	method, after, spaced := strings.Cut(path, " ")
	switch {
	case path == "":
		return errors.New("a route is a path, such as /users/*, or /* for all that have none")
	case spaced && method == strings.ToUpper(method) && strings.HasPrefix(after, "/"):
		return fmt.Errorf("routes go by path, whatever the method: write %s", after)
	case path[0] != '/':
		return fmt.Errorf("%q is no path: a route begins with /, such as /users/*", path)
	case strings.ContainsAny(path, "?#"):
		return fmt.Errorf("routes go by path alone: leave out what begins with %s", path[strings.IndexAny(path, "?#"):])
	case strings.Contains(path, "${"):
		return errors.New("a route holds no ${…}: write * where the path changes")
	}
	for part := range strings.SplitSeq(path, "/") {
		if part != "*" && strings.Contains(part, "*") {
			return fmt.Errorf("a * stands for a whole part between slashes, and %q is more than that", part)
		}
	}
	return nil
}
