package sim

import (
	"html"
	nethttp "net/http"
	"strconv"
	"strings"
)

// Site is the pages that a server has, each a small one in HTML that links to
// others: those of a list, or a tree, which is made as it is asked for.
type Site struct {
	// Pages are by path, with where they link to; nil: it is a tree.
	Pages map[string][]string `json:",omitempty"`
	// Every page of the tree links to Branch more, down to Depth links from /:
	// those of / are /0, /1 …, those of /1 are /1/0, /1/1 …
	Branch, Depth int
}

// has tells whether there is a page of that path.
func (s *Site) has(path string) bool {
	if s.Pages != nil {
		_, has := s.Pages[path]
		return has
	}
	depth, is := s.depth(path)
	return is && depth <= s.Depth
}

// depth is how many links a page of the tree is from /; false: it is none.
func (s *Site) depth(path string) (depth int, is bool) {
	if path == "/" {
		return 0, true
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n >= s.Branch || strconv.Itoa(n) != part {
			return 0, false
		}
		depth++
	}
	return depth, true
}

// links are where a page links to, in its order.
func (s *Site) links(path string, yield func(link string)) {
	if s.Pages != nil {
		for _, link := range s.Pages[path] {
			yield(link)
		}
		return
	}
	if depth, is := s.depth(path); !is || depth >= s.Depth {
		return
	}
	below := strings.TrimSuffix(path, "/") + "/"
	for n := range s.Branch {
		yield(below + strconv.Itoa(n))
	}
}

// write makes the page, in memory that is used again.
func (s *Site) write(into *Reply, path string) *Reply {
	title := html.EscapeString(path)
	b := append(append(append(into.Body[:0], "<!DOCTYPE html>\n<title>"...), title...), "</title>\n"...)
	s.links(path, func(link string) {
		link = html.EscapeString(link)
		b = append(append(append(append(append(b, `<a href="`...), link...), `">`...), link...), "</a>\n"...)
	})
	into.Status, into.Body = nethttp.StatusOK, b
	into.Head = append(append(into.Head[:0], "Content-Type: text/html; charset=utf-8\r\nContent-Length: "...), strconv.Itoa(len(b))+"\r\n"...)
	return into
}

// ready are the answers of a site: its pages, and what is said where there is
// none.
func (s *Site) ready() (pages, missing *answer) {
	if s == nil {
		return nil, nil
	}
	return &answer{status: nethttp.StatusOK, site: s, asked: true}, (&Answer{Status: nethttp.StatusNotFound}).ready()
}
