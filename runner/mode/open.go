package mode

import (
	"cmp"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"plimsoll/runner/schedule"
	"plimsoll/target/agenda"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
	"plimsoll/target/setting"
)

// Open is an open loop: calls become due at a rate, whatever comes back.
type Open struct {
	Rate quantity.Rate
	// The first of the Stages, which take the Rate's place, goes from Start to
	// its target.
	Start       quantity.Rate
	Stages      []Stage[quantity.Rate]
	Arrivals    string // Constant, Poisson, Window or Bucket
	Burst       int    // of Bucket; 0 means the rate's count
	MaxInFlight int
	Drop        bool // overflow: drop
}

// Values of Arrivals.
const (
	Constant = "constant"
	Poisson  = "poisson"
	Window   = "window"
	Bucket   = "bucket"
)

func (o Open) Schedule(p Part) *schedule.Schedule {
	if p.Found {
		return schedule.NewFound(schedule.Found{Users: o.most(p.Pool), Limit: o.limit()}, p.Stop)
	}
	return schedule.NewOpen(schedule.Open{
		Bounds: p.Bounds, Arrivals: p.Share.arrivals(o.arrivals(p.Streams)), MaxInFlight: p.Share.Of(o.MaxInFlight), Drop: o.Drop, Hold: p.Pool,
	}, p.Stop)
}

// most is how many calls may be in flight where the pool has that many places; 0:
// any number.
func (o Open) most(pool int) int {
	if pool > 0 {
		return min(pool, o.MaxInFlight)
	}
	return o.MaxInFlight
}

// limit keeps the starts of what is found apart: as evenly as a bucket of one
// token does where they are to be even, since nobody knows when there is something
// to start.
func (o Open) limit() schedule.Arrivals {
	if o.Arrivals == Constant {
		return schedule.Bucket(o.Rate.N, o.Rate.Per, 1)
	}
	return o.arrivals(nil)
}

func (o Open) arrivals(streams random.Source) schedule.Arrivals {
	var rng *rand.Rand
	if o.Arrivals == Poisson {
		rng = streams("arrivals")
	}
	if len(o.Stages) > 0 {
		stages := make([]schedule.RateStage, len(o.Stages))
		for i, s := range o.Stages {
			stages[i] = schedule.RateStage{Target: perNanosecond(s.Target), Duration: s.Duration}
		}
		return schedule.Stages(perNanosecond(o.Start), stages, rng)
	}
	switch o.Arrivals {
	case Poisson:
		return schedule.Poisson(o.Rate.N, o.Rate.Per, rng)
	case Window:
		return schedule.Window(o.Rate.N, o.Rate.Per)
	case Bucket:
		return schedule.Bucket(o.Rate.N, o.Rate.Per, o.burst())
	}
	return schedule.Constant(o.Rate.N, o.Rate.Per)
}

// RateAt is how many calls a second become due so long after the schedule's
// beginning.
func (o Open) RateAt(since time.Duration) float64 {
	if len(o.Stages) == 0 {
		return o.Rate.PerSecond()
	}
	from := perNanosecond(o.Start)
	for _, s := range o.Stages {
		to := perNanosecond(s.Target)
		if since < s.Duration {
			return (from + (to-from)*float64(since)/float64(s.Duration)) * 1e9
		}
		from, since = to, since-s.Duration
	}
	return 0
}

func perNanosecond(r quantity.Rate) float64 {
	if r.Per == 0 {
		return 0
	}
	return float64(r.N) / float64(r.Per)
}

// burst is how many tokens the bucket holds.
func (o Open) burst() int { return cmp.Or(o.Burst, int(o.Rate.N)) }

// paced tells whether there is a limit on the starts themselves.
func paced(arrivals string) bool { return arrivals == Window || arrivals == Bucket }

// Busy is unknown: as many calls are in flight as the target is slow.
func (Open) Busy(int) int { return 0 }

func (o Open) Lasts(requests int, call time.Duration) time.Duration {
	return agenda.Later(o.last(requests), call)
}

// last is when the last of so many calls is due.
func (o Open) last(requests int) time.Duration {
	gaps := float64(requests - 1)
	switch o.Arrivals {
	case Window:
		return nanoseconds(math.Floor(gaps/float64(o.Rate.N)) * float64(o.Rate.Per))
	case Bucket:
		gaps = max(0, float64(requests-o.burst()))
	}
	return nanoseconds(gaps / o.Rate.PerSecond() * 1e9)
}

func (o Open) Text() string {
	var t text
	t.put("rate-limited", rateOr(o.Rate, "stages"))
	t.put("arrivals", o.Arrivals)
	if o.Arrivals == Bucket {
		t.put("burst", o.burst())
	}
	t.put("max_in_flight", o.MaxInFlight)
	if o.Drop {
		t.put("overflow", "drop")
	}
	t.put("stages", line(o.Start, o.Stages, func(r quantity.Rate) string { return rateOr(r, "0/s") }))
	return t.String()
}

func rateOr(r quantity.Rate, otherwise string) string {
	if r.IsZero() {
		return otherwise
	}
	return r.String()
}

func (o Open) Traits() Traits {
	t := Traits{
		Length: length(o.Stages), RatePerS: o.Rate.PerSecond(),
		Timed: true, Paced: paced(o.Arrivals), MaxInFlight: o.MaxInFlight,
	}
	if t.Paced { // it is a limit on all starts together
		t.Undivided = "arrivals"
		return t
	}
	t.Loops, t.MostLoops = int(o.peak()/ratePerLoop), o.MaxInFlight/fewestPlaces
	return t
}

// peak is the highest rate, a second.
func (o Open) peak() float64 {
	highest := max(o.Rate.PerSecond(), o.Start.PerSecond())
	for _, s := range o.Stages {
		highest = max(highest, s.Target.PerSecond())
	}
	return highest
}

// At is the loop at so many calls a second, to six significant digits at least;
// those of a search have four.
func (o Open) At(load float64) Mode {
	per := time.Second
	for n := load; n != math.Trunc(n) && n < 1e6; n *= 10 {
		per *= 10
	}
	o.Rate = quantity.Rate{N: int64(math.Round(load * per.Seconds())), Per: per}
	return o
}

func rateLimited() form {
	return form{
		word: "rate-limited", example: "rate-limited: 5/2s", finds: "rate",
		doc:  "An open loop: calls start at this rate, whatever comes back; a list is a sweep.",
		load: untyped(setting.Rate()),
		parse: func(text string) (any, float64, error) {
			rate, err := parseRate(text)
			return rate, rate.PerSecond(), err
		},
		keys: []key{
			stages(),
			start(),
			keyed("arrivals", "constant (default): evenly spaced; poisson: exponential gaps; window: at most N in any T, as early as that allows; bucket: a token bucket.", setting.Word("a kind of arrivals", Constant, Poisson, Window, Bucket)),
			keyed("burst", "How many tokens the bucket holds. Default: the rate's count.", setting.Count(1, 1_000_000_000)),
			keyed("max_in_flight", "The most calls in flight. Default 10000.", setting.Count(1, mostInFlight)),
			keyed("overflow", "What becomes of a call that finds max_in_flight reached: delay (default) holds it, drop leaves it out.", setting.Word("an overflow", "delay", "drop")),
		},
		mode:   open,
		check:  checkRateLimited,
		batch:  checkRates,
		crawls: checkRateCrawl,
		search: unsearchable,
	}
}

func open(d Draft, load any) Mode {
	o := Open{
		Arrivals: cmp.Or(value[string](d, "arrivals"), Constant), Burst: value[int](d, "burst"),
		MaxInFlight: cmp.Or(value[int](d, "max_in_flight"), 10_000), Drop: value[string](d, "overflow") == "drop",
	}
	if load == nil {
		o.Start, o.Stages = way(d, parseRate, ignore)
	} else {
		o.Rate = load.(quantity.Rate)
	}
	return o
}

// parseRate reads a rate, or 0 for that of none.
func parseRate(text string) (quantity.Rate, error) {
	count, _, _ := strings.Cut(text, "/")
	if n, err := quantity.ParseCount(count); err == nil && n == 0 {
		return quantity.Rate{}, nil
	}
	return setting.ParseRate(text)
}

func checkRateLimited(r *setting.Reader, at setting.Pos, d Draft) {
	checkStages(r, d, "rate-limited", parseRate)
	arrivals, burst, rate, staged := d.at("arrivals"), d.at("burst"), d.at("rate-limited"), d.at("stages").Given
	kind := value[string](d, "arrivals")
	if !rate.Given && !staged {
		r.Problem(at, "rate-limited needs a rate: write `rate-limited: 5/2s`, or give it stages")
	}
	if burst.Given && kind != Bucket && arrivals.Given == arrivals.Valid {
		r.Problem(burst.Pos, "burst is the size of a token bucket: add `arrivals: bucket`, or leave burst out")
	}
	if staged && paced(kind) {
		r.Problem(arrivals.Pos, "arrivals: %s needs one rate and cannot follow stages, write constant or poisson", kind)
	}
	for _, rate := range rates(d) {
		if kind == Window && rate.Value.N > mostInFlight {
			r.Problem(rate.Pos, "a window of more than 10M calls is too large to remember: write the rate for a shorter time")
		}
	}
}

// checkRateCrawl reports what a crawl has no rate of.
func checkRateCrawl(r *setting.Reader, d Draft) {
	if at := d.at("stages"); at.Given {
		r.Problem(at.Pos, "a crawl takes as long as there are pages, and stages as long as they say: write one rate")
	}
	if at := d.at("arrivals"); value[string](d, "arrivals") == Poisson {
		r.Problem(at.Pos, "pages do not arrive, they are found: arrivals of a crawl are constant, window or bucket, and no more than a limit")
	}
	if at := d.at("overflow"); value[string](d, "overflow") == "drop" {
		r.Problem(at.Pos, "a crawl visits every page that it finds, and overflow: drop would leave some out: leave it out")
	}
}

func rates(d Draft) (list []setting.At[quantity.Rate]) {
	for _, item := range value[setting.Several[any]](d, "rate-limited").Items {
		rate, _ := item.Value.(quantity.Rate)
		list = append(list, setting.At[quantity.Rate]{Value: rate, Pos: item.Pos})
	}
	return list
}

func checkRates(r *setting.Reader, d Draft, requests setting.At[int]) {
	for _, rate := range rates(d) {
		if float64(requests.Value)/rate.Value.PerSecond() > quantity.Longest.Seconds() {
			r.Problem(requests.Pos, "at %s that many requests take longer than 100 years", rate.Value)
		}
	}
}

// unsearchable reports limits that are more than a number.
func unsearchable(r *setting.Reader, d Draft) bool {
	kind := value[string](d, "arrivals")
	if paced(kind) {
		r.Problem(d.at("arrivals").Pos, "arrivals: %s depends on how a rate is written and cannot be searched, write constant or poisson", kind)
	}
	return paced(kind)
}
