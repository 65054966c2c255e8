package sim

import (
	"fmt"
	"net/url"
	"strings"

	"plimsoll/target/links"
	"plimsoll/target/setting"
)

// Bounds of a tree of pages.
const (
	widestTree  = 10_000
	deepestTree = 100
)

// site is how a scenario file spells a Site.
func site() setting.Shape[*Site] {
	tree := setting.Object("a tree of pages",
		setting.Key("branch", "How many pages each page links to.", setting.Count(1, widestTree), func(s *Site) *int { return &s.Branch }).Required(),
		setting.Key("depth", "How many links the last pages are from /.", setting.Count(0, deepestTree), func(s *Site) *int { return &s.Depth }).Required(),
	)
	return setting.Choice("a site",
		setting.When("pages", "The pages by path, with where each links to: {/: [/a, /b], /a: [/], /b: []}.", pages(), func(s Site) *Site { return &s }),
		setting.When("tree", "Pages that each link to `branch` more, down to `depth` links from /.", tree, func(s Site) *Site { return &s }),
	)
}

func pages() setting.Shape[Site] {
	links := setting.Either("a list of links, [] for none", setting.Forms[[]string]{List: setting.ItemsOrNone(setting.Text("a link"))})
	return setting.Complete(setting.Map("pages", links), func(r *setting.Reader, _ setting.Pos, entries []setting.Entry[[]string]) (Site, bool) {
		s, ok := Site{Pages: map[string][]string{}}, true
		for _, e := range entries {
			if err := checkPage(e.Key); err != nil {
				r.Problem(e.Pos, "%v", err)
				ok = false
			}
			s.Pages[e.Key] = e.Value
		}
		return s, ok
	})
}

// checkPage tells what is wrong with the path of a page.
func checkPage(path string) error {
	switch at := strings.IndexAny(path, "?#"); {
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("%q is no path of a page: it begins with /, such as /a", path)
	case at >= 0:
		return fmt.Errorf("a page goes by its path alone: leave out what begins with %s", path[at:])
	}
	if right := linked(path); right != path {
		return fmt.Errorf("no link leads to a page %q, as browsers resolve links and servers read them: write %s", path, right)
	}
	return nil
}

// linked is the path that a server sees where a link to a path is followed: without
// dot segments, and with nothing escaped.
func linked(path string) string {
	normal, err := links.Normal("http://" + Host + path)
	if err != nil {
		return path
	}
	_, _, seen := links.Cut(normal)
	if plain, err := url.PathUnescape(seen); err == nil {
		return plain
	}
	return path
}

// alone reports what does not go with a site, whose pages are its answers.
func (w *written) alone(r *setting.Reader) bool {
	if !w.site.Given {
		return true
	}
	why := "a site answers with its pages: give site or %s"
	for _, other := range []struct {
		key string
		setting.At[struct{}]
	}{
		{"answer", placed(w.answer)}, {"stream", placed(w.stream)}, {"turns", placed(w.turns)}, {"routes", placed(w.routes)},
	} {
		if other.Given {
			r.Problem(setting.Later(w.site.Pos, other.Pos), why, other.key)
			return false
		}
	}
	return true
}

func placed[T any](v setting.At[T]) setting.At[struct{}] {
	return setting.At[struct{}]{Pos: v.Pos, Given: v.Given}
}
