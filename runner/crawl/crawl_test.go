package crawl_test

import (
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plimsoll/runner/crawl"
	"plimsoll/target"
)

// walk visits all that there is, one page after another.
func walk(f *crawl.Frontier, links func(url string) *target.Links) (visited []string) {
	for f.Waiting() > 0 {
		p := f.Next()
		visited = append(visited, p.URL)
		if l := links(p.URL); l != nil {
			f.Find(p, l)
		}
	}
	return visited
}

var anything = crawl.Rules{Depth: -1, Pages: 1000}

// On any web of links, what is visited is what can be reached, each page once and
// in the order of a search in breadth, no deeper than its shortest way; and every
// link is either a page that was not there before, or skipped.
func TestVisitsWhatCanBeReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "pages")
		web := make([][]int, n)
		for i := range web {
			web[i] = rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 5).Draw(t, "links")
		}
		rules := anything
		rules.Depth = rapid.IntRange(-1, 4).Draw(t, "depth")
		url := func(i int) string { return fmt.Sprintf("http://h/%d", i) }
		distance := map[int]int{0: 0}
		for todo := []int{0}; len(todo) > 0; todo = todo[1:] {
			for _, to := range web[todo[0]] {
				if _, known := distance[to]; !known {
					distance[to] = distance[todo[0]] + 1
					todo = append(todo, to)
				}
			}
		}
		want, deepest := []string(nil), 0
		for i, d := range distance {
			if rules.Depth < 0 || d <= rules.Depth {
				want, deepest = append(want, url(i)), max(deepest, d)
			}
		}
		f := crawl.New(rules, []string{url(0)})
		got := walk(f, func(u string) *target.Links {
			var i int
			fmt.Sscanf(u, "http://h/%d", &i)
			l := &target.Links{}
			for _, to := range web[i] {
				l.URLs = append(l.URLs, url(to))
			}
			return l
		})
		slices.Sort(got)
		slices.Sort(want)
		told := f.Told()
		skipped := int64(0)
		for _, n := range told.Skipped {
			skipped += n
		}
		if !slices.Equal(got, want) || told.Depth != deepest || told.Pages != int64(len(want)) || told.Found != skipped+told.Pages-1 {
			t.Fatalf("of %v, at most %d deep, it visited %v, want %v as deep as %d: %+v", web, rules.Depth, got, want, deepest, told)
		}
	})
}

func TestSkipsForAReason(t *testing.T) {
	rules := crawl.Rules{SameHost: true, Depth: 1, Pages: 5, Include: regexp.MustCompile(`/[a-z]*$`), Exclude: regexp.MustCompile("/x")}
	f := crawl.New(rules, []string{"http://h/", "http://h:81/", "http://h/"})
	f.Find(f.Next(), &target.Links{Scheme: 2, Malformed: 3, URLs: []string{
		"http://h/a", "http://h/a", "http://h/", "http://o/a", "http://h:82/a", "https://h/b", "http://h/x", "http://h/1", "http://h:81/c", "http://h/d",
	}})
	want := map[string]int64{"scheme": 2, "malformed": 3, "seen": 2, "other-host": 2, "exclude": 1, "include": 1, "pages": 1}
	if told := f.Told(); told.Found != 15 || !maps.Equal(told.Skipped, want) {
		t.Errorf("%+v, want %v", told, want)
	}
	for f.Waiting() > 1 {
		f.Next()
	}
	last := f.Next()
	f.Find(last, &target.Links{URLs: []string{"http://h/e"}})
	f.Find(last, &target.Links{URLs: []string{"http://h/f"}, Redirect: true}) // no deeper, but one too many
	if told := f.Told(); told.Skipped["depth"] != 1 || told.Skipped["pages"] != 2 || told.Pages != 5 || told.Depth != 1 {
		t.Errorf("%+v", told)
	}
	for why := range f.Told().Skipped {
		if !slices.Contains(crawl.Reasons(), why) {
			t.Errorf("%s is no reason that is named", why)
		}
	}
}

// A redirect is where its page was meant to be: no deeper.
func TestRedirectsAreNoDeeper(t *testing.T) {
	rules := anything
	rules.Depth = 0
	f := crawl.New(rules, []string{"http://h/"})
	if f.Find(f.Next(), &target.Links{URLs: []string{"http://h/a"}, Redirect: true}) != 1 || f.Next().Depth != 0 {
		t.Errorf("%+v", f.Told())
	}
}

// A crawl keeps at most 300 bytes a URL, of URLs as sites have them.
func TestKeepsLittleOfEachURL(t *testing.T) {
	const pages = 100_000
	memory := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := memory()
	f := crawl.New(crawl.Rules{Depth: -1, Pages: pages}, []string{"http://shop.example/"})
	for i := 0; f.Waiting() > 0; i++ {
		p := f.Next()
		for k := range 4 {
			f.Find(p, &target.Links{URLs: []string{fmt.Sprintf("http://shop.example/category/%06d/item-%08d?page=%d", i, 4*i+k, k)}})
		}
		if i == pages/2 { // most wait
			waiting := f.Waiting()
			if each := float64(memory()-before) / pages; each > 300 {
				t.Errorf("%.0f bytes for each of %d URLs, of which %d wait", each, pages, waiting)
			} else {
				t.Logf("%.0f bytes for each of %d URLs, of which %d wait", each, pages, waiting)
			}
		}
	}
	if told := f.Told(); told.Pages != pages {
		t.Errorf("%+v", told)
	}
}
