//go:build linux

package main

import (
	"cmp"
	"context"
	"debug/buildinfo"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// client is a load generator. Its command lines have {c} connections, {r}
// calls a second in all, {w} calls a second of each connection, {s} seconds,
// {url}, and programs of ours in them.
type client struct {
	name  string
	full  string                              // as fast as it can; empty: not asked
	paced string                              // at a rate; empty: it cannot
	read  func(output string) (saying, error) // what it says of a paced load

	// Of plimsoll's own, whose paced loads are scenario files.
	engine, spin string
	named        bool // it is measured only where -clients names it
}

// saying is what a client says of its load.
type saying struct {
	calls, warmup int64
	p50, p90, p99 time.Duration
	more          *more // nil: it does not tell
}

// more is what only those tell that know when each call was due.
type more struct {
	service50, lateness50, lateness99 time.Duration
	spin                              time.Duration
	late                              string // why it fell behind, where it did
}

// peers are the others, the one that costs are compared with first.
var peers = []client{
	{name: "wrk", full: "wrk -t1 -c{c} -d{s}s {url}"},
	{name: "ab", full: "ab -q -k -c {c} -t {s} -n 100000000 {url}"},
	{name: "h2load", full: "h2load --h1 -t1 -c{c} -D {s} {url}"},
	{name: "hey", full: "hey -c {c} -z {s}s {url}", paced: "hey -c {c} -q {w} -z {s}s {url}", read: readHey},
	{name: "fortio", full: "fortio load -quiet -qps 0 -c {c} -t {s}s {url}",
		paced: "fortio load -quiet -qps {r} -uniform -c {c} -t {s}s -r 0.00001 -p 50,90,99 {url}", read: readFortio},
	{name: "bombardier", full: "bombardier -q -c {c} -d {s}s {url}",
		paced: "bombardier -c {c} -r {r} -d {s}s -l -p r -o json {url}", read: readBombardier},
	{name: "k6", full: "k6 run -q -e URL={url} -e CONNECTIONS={c} -e SECONDS={s} {k6.js}",
		paced: "k6 run -q -e URL={url} -e CONNECTIONS={c} -e SECONDS={s} -e RATE={r} {k6.js}", read: readK6},
}

//go:embed k6.js
var k6Script []byte

// load is what a client is to do.
type load struct {
	url                        string
	connections, rate, seconds int
}

// words fill a client's command line in.
func (l *lab) words(line string, o load) ([]string, error) {
	script := filepath.Join(l.dir, "k6.js")
	if strings.Contains(line, "{k6.js}") {
		if err := os.WriteFile(script, k6Script, 0o666); err != nil {
			return nil, err
		}
	}
	each := 0.0
	if o.connections > 0 {
		each = float64(o.rate) / float64(o.connections)
	}
	line = strings.NewReplacer("{c}", strconv.Itoa(o.connections), "{r}", strconv.Itoa(o.rate),
		"{w}", strconv.FormatFloat(each, 'f', -1, 64), "{s}", strconv.Itoa(o.seconds), "{url}", o.url, "{k6.js}", script,
		"{plimsoll}", l.plimsoll, "{self}", l.self).Replace(line)
	return strings.Fields(line), nil
}

// present leaves out who is not wanted, and who is not there, and says so.
func (l *lab) present(ctx context.Context, all []client) (here []client) {
	for _, c := range all {
		if !l.wanted(c) {
			continue
		}
		if err := l.works(ctx, c); err != nil {
			l.say("%s is left out: %v", c.name, err)
			continue
		}
		here = append(here, c)
	}
	return here
}

// wanted tells whether a client is among those that were asked for.
func (l *lab) wanted(c client) bool {
	return len(l.clients) == 0 && !c.named || slices.ContainsFunc(l.clients, func(pattern string) bool {
		matches, _ := path.Match(pattern, c.name)
		return matches
	})
}

func (l *lab) works(ctx context.Context, c client) error {
	words, err := l.words(c.line(), load{})
	if err == nil {
		_, err = exec.LookPath(words[0])
	}
	if err == nil && c.engine != "" && c.engine != virtual {
		err = l.hasEngine(ctx, c.engine)
	}
	return err
}

// line is any of the client's command lines.
func (c client) line() string { return cmp.Or(c.full, c.paced) }

// versions are the names and versions of programs that are not ours.
func versions(server string, clients []client) (list []string) {
	names := []string{server}
	for _, c := range clients {
		if program := strings.Fields(c.line())[0]; !strings.HasPrefix(program, "{") {
			names = append(names, program)
		}
	}
	for _, name := range names {
		if file, err := exec.LookPath(name); err == nil {
			list = append(list, strings.TrimSpace(name+" "+version(file)))
		}
	}
	return list
}

var dotted = regexp.MustCompile(`\d+\.[\d.]*\d`)

// version is what a program was built from, or the first number of that kind
// that it prints when it is asked in one of the usual ways.
func version(file string) string {
	if info, err := buildinfo.ReadFile(file); err == nil {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	for _, flag := range []string{"--version", "-V", "-v"} {
		out, _ := exec.Command(file, flag).CombinedOutput()
		first, _, _ := strings.Cut(string(out), "\n")
		if found := dotted.FindString(first); found != "" {
			return found
		}
	}
	return ""
}

func readHey(output string) (s saying, err error) {
	get := reader{output, &err}
	s.p50 = get.seconds(`50%+ in ([\d.]+) secs`)
	s.p90 = get.seconds(`90%+ in ([\d.]+) secs`)
	s.p99 = get.seconds(`99%+ in ([\d.]+) secs`)
	s.calls = get.count(`\[200\]\s+(\d+) responses`)
	return s, err
}

func readFortio(output string) (s saying, err error) {
	get := reader{output, &err}
	s.p50 = get.seconds(`target 50% ([\d.e+-]+)`)
	s.p90 = get.seconds(`target 90% ([\d.e+-]+)`)
	s.p99 = get.seconds(`target 99% ([\d.e+-]+)`)
	s.calls = get.count(`All done (\d+) calls`)
	s.warmup = get.count(`\(plus (\d+) warmup\)`)
	return s, err
}

// reader takes figures out of a text, and keeps the first error.
type reader struct {
	text string
	err  *error
}

func (r reader) find(pattern string) string {
	match := regexp.MustCompile(pattern).FindStringSubmatch(r.text)
	if match == nil {
		if *r.err == nil {
			*r.err = fmt.Errorf("there is no %q in its output:\n%s", pattern, r.text)
		}
		return "0"
	}
	return match[1]
}

func (r reader) seconds(pattern string) time.Duration {
	value, err := strconv.ParseFloat(r.find(pattern), 64)
	if err != nil && *r.err == nil {
		*r.err = err
	}
	return inSeconds(value)
}

func (r reader) count(pattern string) int64 {
	value, err := strconv.ParseInt(r.find(pattern), 10, 64)
	if err != nil && *r.err == nil {
		*r.err = err
	}
	return value
}

func inSeconds(s float64) time.Duration { return time.Duration(math.Round(s * float64(time.Second))) }

func readBombardier(output string) (saying, error) {
	var report struct {
		Result struct {
			OK      int64 `json:"req2xx"`
			Latency struct {
				Percentiles map[string]float64 // microseconds
			}
		}
	}
	err := decode(output, &report)
	of := func(p string) time.Duration { return inSeconds(report.Result.Latency.Percentiles[p] / 1e6) }
	return saying{calls: report.Result.OK, p50: of("50"), p90: of("90"), p99: of("99")}, err
}

func readK6(output string) (saying, error) {
	var metrics map[string]struct{ Values map[string]float64 }
	err := decode(output, &metrics)
	of := func(p string) time.Duration { return inSeconds(metrics["http_req_duration"].Values[p] / 1e3) }
	return saying{calls: int64(metrics["http_reqs"].Values["count"]), p50: of("med"), p90: of("p(90)"), p99: of("p(99)")}, err
}

// decode reads the line of JSON that may have other texts around it.
func decode(output string, into any) error {
	for line := range strings.Lines(output) {
		if at := strings.Index(line, "{\""); at >= 0 {
			return json.NewDecoder(strings.NewReader(line[at:])).Decode(into)
		}
	}
	return fmt.Errorf("there is no JSON in its output:\n%s", output)
}
