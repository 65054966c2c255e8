package runner_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"plimsoll/runner"
	"plimsoll/runner/result"
)

// carried is the result of a scenario file, mode by mode.
func crawled(t *testing.T, text string) map[string]*result.Trial {
	t.Helper()
	run := carryOut(t, text)
	all := map[string]*result.Trial{}
	for i := range run.Trials {
		trial := &run.Trials[i]
		if err := trial.Check(); err != nil {
			t.Error(err)
		}
		all[trial.Mode] = trial
	}
	return all
}

// A tree of pages that take 100 ms each, by hand. With n at a time every level but
// those that are narrower fills all n: the line is never empty before the last
// level is reached, so the makespan of branch b is that of a list, level by level
// only where fewer than n wait.
func TestCrawlOfATreeByHand(t *testing.T) {
	const branch, depth, n = 3, 4, 5
	trials := crawled(t, fmt.Sprintf(`
targets:
  site: {sim: {delay: 100ms, site: {tree: {branch: %d, depth: %d}}}}
scenarios:
  - name: tree
    target: site
    clock: virtual
    crawl: {}
    modes:
      - sequential
      - concurrent: %d
      - {mode: concurrent, name: all}
      - {rate-limited: 20/s, name: even}
      - {rate-limited: 10/s, arrivals: window, name: window}
      - {mode: sequential, think_time: 50ms, name: thoughtful}
`, branch, depth, n))
	pages := int64(0)
	for level, wide := 0, int64(1); level <= depth; level, wide = level+1, wide*branch {
		pages += wide
	}
	want := map[string]float64{
		"sequential": 0.1 * float64(pages),
		// 1 page by itself, 3 of the next level side by side, and then five at a time:
		// the 117 others wait from the second round on.
		"concurrent-5": 0.1 * (2 + math.Ceil(float64(pages-4)/n)),
		"all":          0.1 * (depth + 1), // every level as soon as the one before is there
		"even":         0,
		"window":       0,
		"thoughtful":   0.1*float64(pages) + 0.05*float64(pages-1),
	}
	for mode, makespan := range want {
		trial := trials[mode]
		c := trial.Crawl
		if c == nil || c.Pages != pages || c.Depth != depth || c.Found != pages-1 || len(c.Skipped) != 0 || trial.OK != pages || trial.Scheduled != pages {
			t.Errorf("%s: %+v, %d answers; want %d pages", mode, c, trial.OK, pages)
		}
		if makespan > 0 && math.Abs(trial.MakespanS-makespan) > 1e-9 {
			t.Errorf("%s took %v s, want %v", mode, trial.MakespanS, makespan)
		}
	}
	// 20/s: the root at 0, its three pages from 0.1 s on, 50 ms apart; from then on
	// there is always one that waits.
	if got, want := trials["even"].MakespanS, 0.1+0.05*float64(pages-2)+0.1; math.Abs(got-want) > 1e-9 {
		t.Errorf("evenly, it took %v s, want %v", got, want)
	}
	// At most ten in any second: the root, its three, and six of theirs; ten more
	// when those are a second old.
	if got := trials["window"].MakespanS; got < 0.1*float64(pages/10) || got > float64(pages)/10+1 {
		t.Errorf("in windows of ten a second, it took %v s", got)
	}
}

// What is held counts, and from when a link was found: of a page with ten links,
// one after another, the k-th waits for k calls.
func TestCrawlMeasuresFromWhenLinksAreFound(t *testing.T) {
	trials := crawled(t, `
targets:
  site: {sim: {delay: 1s, site: {tree: {branch: 10, depth: 1}}}}
scenarios:
  - {name: fan, target: site, clock: virtual, crawl: {}, modes: [sequential]}
`)
	trial := trials["sequential"]
	if mean := (1.0 + 55) / 11; math.Abs(trial.Response.MeanS-mean) > 1e-3 || math.Abs(trial.Response.MaxS-10) > 1e-2 || math.Abs(trial.Service.MaxS-1) > 1e-2 || trial.HeldCalls != 9 {
		t.Errorf("response %v at most %v, %d held; want %v, 10, 9", trial.Response.MeanS, trial.Response.MaxS, trial.HeldCalls, mean)
	}
}

// A failed page is an error by its class, and leads nowhere; a crawl draws the same
// each time.
func TestCrawlOfASiteWithErrors(t *testing.T) {
	const text = `
targets:
  site: {sim: {delay: {exponential: 10ms}, servers: 4, errors: 10%, site: {tree: {branch: 4, depth: 4}}}}
  gaps: {sim: {delay: 1ms, site: {pages: {/: [/a, /no, "/a#x", "//other/", "mailto:x", "http://"], /a: [/, /b?x=1, /b?x=2], /b: [/no]}}}}
scenarios:
  - {name: tree, target: site, clock: virtual, crawl: {start: /, depth: 3}, modes: [concurrent: 8]}
  - {name: gaps, target: gaps, clock: virtual, crawl: {}, modes: [concurrent]}
`
	first, again := crawled(t, text), crawled(t, text)
	a, _ := json.Marshal(first["concurrent-8"])
	b, _ := json.Marshal(again["concurrent-8"])
	if string(a) != string(b) {
		t.Error("two crawls of one seed differ")
	}
	trial := first["concurrent-8"]
	failed := trial.Errors["status-500"].Count
	if c := trial.Crawl; c.Pages != trial.OK+failed || failed == 0 || c.Depth != 3 || c.Found != c.Pages-1+c.Skipped["depth"] || c.Skipped["depth"]%4 != 0 {
		t.Errorf("%d answers, %d failed: %+v", trial.OK, failed, trial.Crawl)
	}
	gaps := first["concurrent"]
	if c := gaps.Crawl; c.Pages != 5 || c.Depth != 2 || gaps.Errors["status-404"].Count != 1 || gaps.OK != 4 {
		t.Errorf("%d answers: %+v %+v", gaps.OK, c, gaps.Errors)
	}
	want := map[string]int64{"seen": 4, "other-host": 1, "scheme": 1, "malformed": 1}
	if got := gaps.Crawl.Skipped; fmt.Sprint(got) != fmt.Sprint(want) || gaps.Crawl.Found != 11 {
		t.Errorf("found %d, skipped %v, want %v", gaps.Crawl.Found, got, want)
	}
}

// Retries are of one page, stop_when ends a crawl, and pages bound it.
func TestCrawlEndsEarly(t *testing.T) {
	trials := crawled(t, `
targets:
  site: {sim: {delay: 10ms, retry: {attempts: 3}, errors: 30%, site: {tree: {branch: 2, depth: 12}}}}
scenarios:
  - {name: bounded, target: site, clock: virtual, crawl: {pages: 100}, modes: [{concurrent: 4, name: bounded}]}
  - {name: stopped, target: site, clock: virtual, crawl: {}, stop_when: first-error, modes: [{concurrent: 4, name: stopped}]}
`)
	if c, b := trials["bounded"].Crawl, trials["bounded"]; c.Pages != 100 || c.Skipped["pages"] == 0 || b.Attempts <= 100 || b.Scheduled != 100 {
		t.Errorf("%+v, %d attempts", c, b.Attempts)
	}
	s := trials["stopped"]
	if s.Ended != result.Stopped || s.Dropped+s.Started != s.Scheduled || s.Crawl.Pages != s.Started || s.Dropped == 0 {
		t.Errorf("%s, %d started, %d dropped: %+v", s.Ended, s.Started, s.Dropped, s.Crawl)
	}
}

// A page's failure names the page, and so does its line among all calls.
func TestPagesAreNamed(t *testing.T) {
	var calls strings.Builder
	run := carryOut(t, `
targets:
  site: {sim: {delay: 1ms, site: {pages: {/: [/a, "/no,page?x=1", /nix], /a: []}}}}
  far: {sim: {delay: 1ms, site: {pages: {/: ["/`+strings.Repeat("no", 500)+`"]}}}}
scenarios:
  - {name: visits, target: site, clock: virtual, crawl: {}, modes: [sequential]}
  - {name: plain, target: site, clock: virtual, requests: 1, modes: [sequential]}
  - {name: far, target: far, clock: virtual, crawl: {}, modes: [sequential]}
`, func(o *runner.Options) { o.Calls = &calls })
	trial := &run.Trials[0]
	if got := trial.Errors["status-404"]; got.Count != 2 || got.Example != "http://sim/no,page?x=1: simulated: the server answered 404" {
		t.Errorf("%+v", got)
	}
	if far := run.Trials[2].Errors["status-404"].Example; !strings.HasPrefix(far, "http://sim/nonono") || !strings.HasSuffix(far, "…: simulated: the server answered 404") || len(far) > 300 {
		t.Errorf("%q", far)
	}
	lines, err := csv.NewReader(strings.NewReader(calls.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(lines[0], "url")
	var urls []string
	for _, line := range lines[1:6] {
		urls = append(urls, line[at])
	}
	if want := []string{"http://sim/", "http://sim/a", "http://sim/no,page?x=1", "http://sim/nix", ""}; !slices.Equal(urls, want) {
		t.Errorf("pages %q, want %q", urls, want)
	}
}
