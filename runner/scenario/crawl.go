package scenario

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"plimsoll/runner/crawl"
	"plimsoll/target/httpcall"
	"plimsoll/target/links"
	"plimsoll/target/setting"
)

// Crawl is what a scenario visits, instead of a number of requests.
type Crawl struct {
	// Start are the paths at the target, or whole URLs, where it begins.
	Start []string
	Links *links.Reading
	Rules crawl.Rules
}

// Call is that of a page.
func (c *Crawl) Call() *httpcall.Call {
	return &httpcall.Call{Action: "GET", Method: "GET", Links: c.Links}
}

// Text is all of it in one line.
func (c *Crawl) Text() string {
	words := []string{strings.Join(c.Start, " "), "links " + c.Links.String(), fmt.Sprint("pages ", c.Rules.Pages)}
	add := func(key string, value any, is bool) {
		if is {
			words = append(words, fmt.Sprint(key, " ", value))
		}
	}
	add("any", "host", !c.Rules.SameHost)
	add("depth", c.Rules.Depth, c.Rules.Depth >= 0)
	add("include", c.Rules.Include, c.Rules.Include != nil)
	add("exclude", c.Rules.Exclude, c.Rules.Exclude != nil)
	return strings.ReplaceAll(strings.Join(words, "; "), ", ", ",")
}

// Bounds of what a crawl keeps in memory.
const (
	usualPages = 1000
	mostPages  = 10_000_000
	mostClicks = 1_000_000
	usualStart = "/"
)

// crawlDraft is a crawl as it was written.
type crawlDraft struct {
	start            setting.Several[string]
	links            *links.Reading
	sameHost         setting.At[bool]
	depth            setting.At[int]
	pages            int
	include, exclude *regexp.Regexp
}

func crawlShape() setting.Shape[*Crawl] {
	read := setting.Object("a crawl",
		setting.Key("start", "The paths, or URLs, where it begins, one or a list. Default /.", setting.OneOrMore(startShape()), func(d *crawlDraft) *setting.Several[string] { return &d.start }),
		setting.Key("links", "Where links stand in answers: html (default: href and src, as browsers resolve them), json.PATH, or {matches: EXPRESSION}.", links.Shape(), func(d *crawlDraft) **links.Reading { return &d.links }),
		setting.Key("same_host", "Whether it keeps to the host where it began. Default true.", setting.Located(setting.Bool()), func(d *crawlDraft) *setting.At[bool] { return &d.sameHost }),
		setting.Key("depth", "How many links from where it began a page may be. Default: any number.", setting.Located(setting.Count(0, mostClicks)), func(d *crawlDraft) *setting.At[int] { return &d.depth }),
		setting.Key("pages", "How many pages are visited at the most. Default 1000.", setting.Count(1, mostPages), func(d *crawlDraft) *int { return &d.pages }),
		setting.Key("include", "A regular expression that the URLs of pages must match.", links.Expression(), func(d *crawlDraft) **regexp.Regexp { return &d.include }),
		setting.Key("exclude", "A regular expression that the URLs of pages must not match.", links.Expression(), func(d *crawlDraft) **regexp.Regexp { return &d.exclude }),
	)
	return setting.Convert(read, func(_ *setting.Reader, _ setting.Pos, d crawlDraft) (*Crawl, bool) {
		c := &Crawl{Start: d.start.Values(), Links: d.links, Rules: crawl.Rules{
			SameHost: !d.sameHost.Given || d.sameHost.Value, Depth: -1,
			Pages: cmp.Or(d.pages, usualPages), Include: d.include, Exclude: d.exclude,
		}}
		if len(c.Start) == 0 {
			c.Start = []string{usualStart}
		}
		if c.Links == nil {
			c.Links = links.HTML()
		}
		if d.depth.Given {
			c.Rules.Depth = d.depth.Value
		}
		return c, true
	})
}

func startShape() setting.Shape[string] {
	return setting.Where(setting.Text("a path such as /, or a URL"), func(text string) error {
		if strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") {
			return nil
		}
		if _, err := links.Normal(text); err != nil {
			return fmt.Errorf("%q is no page to start at: write a path such as /, or a whole URL", text)
		}
		return nil
	})
}

// checkCrawl reports what a crawl leaves no room for.
func (d *draft) checkCrawl(r *setting.Reader, s *Scenario) {
	if !d.crawl.Given {
		return
	}
	for _, other := range []string{"requests", "duration", "at_least", "steps", "mix"} {
		if d.words.Of(other) != "" {
			r.Problem(setting.Later(d.crawl.Pos, r.Find(d.name.Pos, other+":")), "a crawl finds its calls by itself, and is over when there are no more: leave %s out, or crawl", other)
		}
	}
	for _, other := range []string{"warmup", "capacity"} {
		if d.words.Of(other) != "" {
			r.Problem(r.Find(d.name.Pos, other+":"), "a crawl visits every page once, so there is none for a %s: leave it out", map[string]string{"warmup": "warm-up", "capacity": "search"}[other])
		}
	}
	if c := d.crawl.Value; c != nil && len(c.Start) > c.Rules.Pages {
		r.Problem(d.crawl.Pos, "it begins at %d pages and visits at most %d: give it more pages, or fewer to start at", len(c.Start), c.Rules.Pages)
	}
	for _, m := range d.modes.Value {
		if m.Valid {
			m.Value.CheckCrawl(r, m.Pos)
		}
	}
	for _, one := range s.variations() {
		if t := one.Target; t.Settings != nil && !t.Settings.Traits().Asks {
			r.Problem(d.crawl.Pos, "pages are asked for over HTTP, and the target %s is %s: name one that is http or sim", t.Name, t.Settings.Traits().Kind)
			return
		}
	}
}
