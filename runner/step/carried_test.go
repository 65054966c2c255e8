package step

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/data"
	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/httpcall"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/value"
	"plimsoll/target/wait"
)

// server is a simulated one that counts by itself.
type server struct {
	*sim.Carrier
	seen *[]string
	name string
}

// prepared is a call that the server has made ready, and what it asks for.
type prepared struct {
	call  *httpcall.Call
	ready any
}

func (s server) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	copied, what := *r, s.name
	if p, asks := r.Call.(prepared); asks {
		copied.Call, what = p.ready, p.call.Method+" "+string(p.call.Target(nil, r.Args))
	}
	*s.seen = append(*s.seen, fmt.Sprintf("%v %s", now, what))
	return s.Carrier.Send(id, &copied, now)
}

// carried is what has become of a file.
type carried struct {
	*drive.Recorder
	program *journey.Program
	end     drive.End
	seen    []string       // by the servers: when, and what
	dealt   map[string]int // rows, by source
}

// row is what was recorded of the row of that path.
func (c *carried) row(t *testing.T, path string) *drive.Interval {
	t.Helper()
	i := slices.IndexFunc(c.program.Rows, func(r journey.Row) bool { return r.Path == path })
	if i < 0 || i >= len(c.Rows) || c.Rows[i] == nil {
		t.Fatalf("nothing is recorded of %s, there are %v", path, c.program.Rows)
	}
	return c.Rows[i]
}

// carry carries out the main program of a good file: so many iterations of so
// many users, under the virtual clock.
func carry(t *testing.T, text []byte, users int, iterations int64) *carried {
	t.Helper()
	compiled, f, told := compiled("testdata", text)
	if compiled == nil || told != "" {
		t.Fatalf("the file is refused, or warned of:\n%s", told)
	}
	streams := random.New(1)
	out := &carried{program: compiled.Main, dealt: map[string]int{}}
	loop := drive.Loop{
		Clock: wait.NewVirtual(0), Recorder: drive.NewRecorder(schedule.Never, nil), Until: schedule.Never, Drain: time.Hour, Stop: &drive.Stop{},
		Schedule: schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: schedule.Never, Requests: iterations}, Users: users}, schedule.StopOn{}),
		Journey:  &drive.Journey{Program: compiled.Main, World: journey.World{Draws: streams.Key("draws"), Date: func(at time.Duration) time.Time { return time.Unix(0, 0).Add(at) }}, Loops: 1, Places: users, Streams: streams},
	}
	servers := map[string]*sim.Settings{"shop": &f.shop, "stock": &f.stock}
	for _, name := range compiled.Targets {
		loop.Journey.Carriers = append(loop.Journey.Carriers, server{sim.NewCarrier(*servers[name], streams), &out.seen, name})
	}
	for _, call := range compiled.Main.Calls() {
		if asked, asks := call.Prepared.(*httpcall.Call); asks {
			ready, err := servers[compiled.Targets[call.Carrier]].Prepare(asked)
			if err != nil {
				t.Fatal(err)
			}
			call.Prepared = prepared{asked, ready}
		}
	}
	for _, name := range compiled.Main.Names {
		held := journey.Held{}
		if name == "requests" {
			held.Value = value.JSON(fmt.Sprint(f.requests))
		}
		loop.Journey.World.Given = append(loop.Journey.World.Given, held)
	}
	for _, s := range compiled.Main.Sources {
		source := f.data[slices.IndexFunc(f.data, func(d *data.Source) bool { return d.Name == s.Name })]
		loop.Journey.Sources = append(loop.Journey.Sources, drive.Source{Name: s.Name, Dealer: source.Dealer(streams), Row: func(n uint64) journey.Held {
			out.dealt[s.Name]++
			return journey.Held{Row: source.Row(n)}
		}})
	}
	out.end, out.Recorder = loop.Run(), loop.Recorder
	if out.end.Err != nil {
		t.Fatal(out.end.Err)
	}
	return out
}

func good(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/good/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("the servers saw\n%s\nwant\n%s", g, w)
	}
}

// What was extracted goes into what comes later, lists keep the order of their
// members, and all takes as long as the servers and the pauses take together.
func TestBuy(t *testing.T) {
	c := carry(t, good(t, "buy"), 1, 2)
	same(t, c.seen, []string{
		"0s POST /login", "1s GET /search?q=green%20tea",
		"7s GET /products/3", "7s GET /products/4", "9s GET /products/5",
		"11s POST /orders", "12s GET /paid/%2Fproducts%2F5",
		"13s POST /login", "14s GET /search?q=cups",
		"20s GET /products/3", "20s GET /products/4", "22s GET /products/5",
		"24s POST /orders", "25s GET /paid/%2Fproducts%2F5",
	})
	if c.OK != 2 || c.Response.Max() != 8*time.Second || c.Elapsed.Max() != 13*time.Second || c.Attempts != 14 {
		t.Errorf("%d ok, the longest took %v, elapsed %v, %d attempts", c.OK, c.Response.Max(), c.Elapsed.Max(), c.Attempts)
	}
	for path, calls := range map[string]int64{"login": 2, "search": 2, "detail": 6, "pay": 2, "paid": 2} {
		if row := c.row(t, path); row.OK != calls || row.Started() != calls {
			t.Errorf("%s: %d of %d ok, want %d", path, row.OK, row.Started(), calls)
		}
	}
	if totals := c.row(t, "pay").Records; len(totals) != 1 || totals[0].Count() != 2 {
		t.Errorf("recorded %v", totals)
	}
}

// A poll is one sample: three looks and the two pauses between them.
func TestPoll(t *testing.T) {
	c := carry(t, good(t, "poll"), 1, 1)
	same(t, c.seen, []string{"0s POST /jobs", "1s GET /jobs/7", "1.6s GET /jobs/7", "2.2s GET /jobs/7"})
	if row := c.row(t, "finished"); row.OK != 1 || row.Response.Max() != 1300*ms || c.Response.Max() != 2300*ms {
		t.Errorf("%d ok in %v, the iteration in %v", row.OK, row.Response.Max(), c.Response.Max())
	}
}

const ms = time.Millisecond

// Shares are those of the mix within what chance allows, four standard
// deviations of a binomial; rows are taken by those who name them, each that of
// its iteration.
func TestMix(t *testing.T) {
	const n = 20_000
	c := carry(t, good(t, "mix"), 10, n)
	counts := map[string]int64{}
	for path, share := range map[string]float64{"browse": 0.7, "buy": 0.1, "seek": 0.2} {
		counts[path] = c.row(t, path).OK
		if off := math.Abs(float64(counts[path]) - n*share); off > 4*math.Sqrt(n*share*(1-share)) {
			t.Errorf("%s came %d times of %d, want %v", path, counts[path], n, share)
		}
	}
	if c.row(t, "browse/product").OK != 3*counts["browse"] || c.row(t, "buy/pay").OK != counts["buy"] || int64(c.dealt["customer"]) != counts["buy"] || int64(c.dealt["word"]) != counts["seek"] {
		t.Errorf("%v came, %d products, %d payments, rows %v", counts, c.row(t, "browse/product").OK, c.row(t, "buy/pay").OK, c.dealt)
	}
	if int64(len(c.seen)) != 3*counts["browse"]+2*counts["buy"]+counts["seek"] {
		t.Errorf("the server saw %d calls of %v", len(c.seen), counts)
	}
	pages := map[string]bool{}
	for _, s := range c.seen {
		if _, page, ok := strings.Cut(s, "page="); ok {
			pages[page] = true
		}
	}
	if len(pages) != 40 || !pages["1"] || !pages["40"] {
		t.Errorf("%d pages were asked for, want all of 1 to 40", len(pages))
	}
}

// Everything that decides what comes next.
func TestControl(t *testing.T) {
	c := carry(t, good(t, "control"), 1, 1)
	same(t, c.seen, []string{
		"0s POST /enter",
		"1s GET /left/a%2Fb/hello%200", "1s GET /right", "1s GET /part/1",
		"2s GET /sides/s1/s2/0/7",
		"3s GET /letter/a", "3s GET /letter/b",
		"4s GET /first", "5s GET /page?after=1", "6s GET /page?after=2",
		"7s stock", "7.5s GET /fails", "8.5s HEAD /last", "9.5s DELETE /leave/a%2Fb",
	})
	if c.OK != 1 || c.Response.Max() != 8500*ms {
		t.Errorf("%d ok in %v", c.OK, c.Response.Max())
	}
	for path, want := range map[string]time.Duration{"both": time.Second, "both/third": time.Second, "call stock": 500 * ms} {
		if row := c.row(t, path); row.OK != 1 || row.Response.Max() != want {
			t.Errorf("%s: %d ok in %v", path, row.OK, row.Response.Max())
		}
	}
	if fails := c.row(t, "GET /fails"); fails.Failures() != 1 || fails.OK != 0 {
		t.Errorf("%d failed, %d were ok", fails.Failures(), fails.OK)
	}
	var rows []string
	for _, r := range c.program.Rows {
		rows = append(rows, fmt.Sprintf("%s %s %s %v", r.Path, r.Kind, r.Target, r.Outside))
	}
	want := "prepare sim stock true|POST /enter sim shop true|both   false|both/GET /left/${session}/${greeting} sim shop false|both/GET /right sim shop false|both/third   false|both/third/GET /part/${n} sim shop false|GET /sides/${left}/${right}/${kept}/${many} sim shop false|GET /letter/${letter} sim shop false|GET /page?after=${next} sim shop false|GET /first sim shop false|call stock sim stock false|GET /fails sim shop false|GET /never sim shop false|HEAD /last sim shop false|DELETE /leave/${session} sim shop true|clear sim stock true"
	if got := strings.Join(rows, "|"); got != want {
		t.Errorf("the rows are\n%s\nwant\n%s", got, want)
	}
}

// A list of n at most k at a time takes ⌈n/k⌉ times as long as one, whatever the
// numbers; a repeat so many times.
func TestHowLongListsTake(t *testing.T) {
	for _, n := range []int{1, 2, 7} {
		for _, k := range []string{"1", "2", "3", "all"} {
			list := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(make([]int, n))), ","), "[]")
			c := carry(t, fmt.Appendf(nil, "target: shop\nshop: {delay: 1s}\nsteps: [{repeat: 3, steps: [{each: {i: [%s]}, concurrent: %s, steps: [{get: \"/${i}\"}]}]}]", list, k), 2, 4)
			at := map[string]int{"1": 1, "2": 2, "3": 3, "all": n}[k]
			want := time.Duration(3*((n+at-1)/at)) * time.Second
			if len(c.seen) != 4*3*n || c.Response.Min() != want || c.Response.Max() != want {
				t.Errorf("%d, %s at a time: the server saw %d, took %v to %v, want %v", n, k, len(c.seen), c.Response.Min(), c.Response.Max(), want)
			}
		}
	}
}

// A journey that is done in two places reads each time what was set there.
func TestAJourneyInTwoPlaces(t *testing.T) {
	c := carry(t, []byte(`
target: shop
shop: {answer: {json: {n: "${n}"}}, delay: 1s}
journeys:
  look: [{get: "/look/${what}", check: "json.n == ${want}"}]
steps:
  - {set: {what: a, want: 0}}
  - {journey: look}
  - {set: {what: b, want: 1}}
  - {steps: [{journey: look}], name: again}
`), 1, 1)
	same(t, c.seen, []string{"0s GET /look/a", "1s GET /look/b"})
	if c.OK != 1 || c.row(t, "GET /look/${what}").OK != 1 || c.row(t, "again/GET /look/${what}").OK != 1 {
		t.Errorf("%d ok: %v", c.OK, c.Errors)
	}
}

// Users enter with the rows that they keep.
func TestUsersEnterWithTheirRows(t *testing.T) {
	c := carry(t, []byte(`
target: shop
shop: {delay: 1s}
data: {who: {values: [ann, ben], pick: per-user}}
enter: [get: "/enter/${who}"]
steps: [get: "/do/${who}"]
leave: [get: "/leave/${who}"]
`), 2, 6)
	var all []string
	for _, s := range c.seen {
		all = append(all, regexp.MustCompile(`/.*`).FindString(s))
	}
	slices.Sort(all)
	same(t, all, []string{"/do/ann", "/do/ann", "/do/ann", "/do/ben", "/do/ben", "/do/ben", "/enter/ann", "/enter/ben", "/leave/ann", "/leave/ben"})
}
