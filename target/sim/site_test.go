package sim

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/links"
	"plimsoll/target/random"
	"plimsoll/target/setting"
)

// answers is what the server answers to a path, and the class of a failure.
func (m *Model) answers(path string) (class, body string) {
	asked := m.Ask(0, m.Way(path))
	reply := m.Reply(new(Reply), &asked, path, "")
	if reply.Status >= lowestFailure {
		class = fmt.Sprint("status-", reply.Status)
	}
	return class, string(reply.Body)
}

// leads is where a page's links lead, as a browser sees it.
func leads(path, body string) []string {
	var l target.Links
	links.HTML().Find(&l, "http://s"+path, []byte(body))
	for i, u := range l.URLs {
		l.URLs[i] = strings.TrimPrefix(u, "http://s")
	}
	return l.URLs
}

// A tree has the pages that it should have, each linked once, and no others.
func TestTreeOfPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		branch, depth := rapid.IntRange(1, 4).Draw(t, "branch"), rapid.IntRange(0, 4).Draw(t, "depth")
		m := New(Settings{Site: &Site{Branch: branch, Depth: depth}}, random.New(1))
		seen := map[string]int{"/": 1}
		for todo := []string{"/"}; len(todo) > 0; todo = todo[1:] {
			class, body := m.answers(todo[0])
			if class != "" {
				t.Fatalf("%s: %s", todo[0], class)
			}
			for _, link := range leads(todo[0], body) {
				if seen[link]++; seen[link] > 1 {
					t.Fatalf("%s is linked twice", link)
				}
				todo = append(todo, link)
			}
		}
		want := 0
		for level, n := 0, 1; level <= depth; level, n = level+1, n*branch {
			want += n
		}
		if len(seen) != want {
			t.Fatalf("branch %d, depth %d: %d pages, want %d", branch, depth, len(seen), want)
		}
		for path := range seen {
			for _, none := range []string{path + "/", path + "/x", path + fmt.Sprint("/", branch), path + "/00", path + "/-0", path + strings.Repeat("/0", depth+1)} {
				if class, _ := m.answers(none); seen[none] == 0 && class != "status-404" {
					t.Fatalf("%s is no page, and is answered with class %q", none, class)
				}
			}
		}
	})
}

func TestSiteOfPages(t *testing.T) {
	m := New(Settings{Site: &Site{Pages: map[string][]string{
		"/": {"/a", `/q?x="1"&y=<2>`, "/none", "mailto:a@b"}, "/a": {}, "/käse": {"/"}, "/q": nil,
	}}}, random.New(1))
	for path, want := range map[string][]string{"/": {"/a", "/q?x=%221%22&y=%3C2%3E", "/none"}, "/a": nil, "/käse": {"/"}, "/q": nil} {
		class, body := m.answers(path)
		if got := leads(path, body); class != "" || !slices.Equal(got, want) {
			t.Errorf("%s leads to %q (%s), want %q", path, got, class, want)
		}
	}
	for _, path := range []string{"/none", "/A", "/a/", "//"} {
		if class, _ := m.answers(path); class != "status-404" {
			t.Errorf("%s: %q", path, class)
		}
	}
}

func TestShapeOfSites(t *testing.T) {
	for text, want := range map[string]string{
		"{site: {pages: {/: [/a], /a: []}}}":                "",
		"{site: {tree: {branch: 4, depth: 5}}, delay: 1ms}": "",
		"{site: {tree: {branch: 4}}}":                       "depth",
		"{site: {pages: {a: []}}}":                          "begins with /",
		"{site: {pages: {/a?b: []}}}":                       "path alone",
		"{site: {pages: {/a/../b: []}}}":                    "write /b",
		"{site: {pages: {/a/./b: []}}}":                     "write /a/b",
		"{site: {pages: {/a/..: []}}}":                      "write /",
		"{site: {pages: {/%C3%A4/%2e%2E/x: []}}}":           "write /x",
		"{site: {pages: {/%C3%A4: []}}}":                    "write /ä",
		"{site: {pages: {/a%20b: []}}}":                     "write /a b",
		`{site: {pages: {'/a\b': []}}}`:                     "write /a/b",
		"{site: {pages: {/ä: [], /a b: [], /100%: [], //x: [], /...: [], /.a: [], /a/: []}}}": "",
		"{site: {pages: {/: /a}}}":                              "a list of links",
		"{site: {pages: {/: []}, tree: {branch: 1, depth: 1}}}": "tree",
		"{site: {pages: {/: []}}, answer: {status: 201}}":       "give site or answer",
		"{site: {pages: {/: []}}, stream: {events: 3}}":         "give site or stream",
		"{site: {pages: {/: []}}, turns: [{delay: 1s}]}":        "give site or turns",
		"{routes: {/x: {delay: 1s}}, site: {pages: {/: []}}}":   "give site or routes",
	} {
		r := setting.NewReader(os.LookupEnv, ".")
		_, ok := Shape().Read(r, r.Load([]byte(text)))
		if said := fmt.Sprint(r.Problems()); ok != (want == "") || !strings.Contains(said, want) {
			t.Errorf("%s: %v, %s; want %q", text, ok, said, want)
		}
	}
}
