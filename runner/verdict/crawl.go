package verdict

import (
	"fmt"
	"math"
	"strconv"

	"plimsoll/runner/result"
	"plimsoll/target/setting"
)

// crawlFigures are the metrics of a crawl, and what each is of one.
func crawlFigures() map[string]func(*result.Crawl) float64 {
	return map[string]func(*result.Crawl) float64{
		"crawl.pages": func(c *result.Crawl) float64 { return float64(c.Pages) },
		"crawl.depth": func(c *result.Crawl) float64 { return float64(c.Depth) },
	}
}

// OfCrawls tells whether only crawls have such a figure.
func (r Rule) OfCrawls() bool { return crawlFigures()[r.Family] != nil }

// crawled reads which figure of a crawl is meant.
func (rule *Rule) crawled(name string) error {
	rule.Family = name
	if rule.OfCrawls() {
		return nil
	}
	return fmt.Errorf("unknown metric %q%s", name, setting.Suggest(name, []string{"crawl.pages", "crawl.depth"}))
}

func parsePages(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is no figure of a crawl: write a number, such as 340", text)
	}
	return v, nil
}

// crawlOf is a figure of the group's crawls: the mean of its repetitions.
func crawlOf(g *result.Group, of func(*result.Crawl) float64) figure {
	if g.Crawl == nil {
		return missing("there is no crawl that it could be of")
	}
	sum := 0.0
	for _, t := range g.Trials {
		sum += of(t.Crawl)
	}
	return exactly(sum / float64(len(g.Trials)))
}
