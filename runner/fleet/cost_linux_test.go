package fleet

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/broker"
	"plimsoll/target/real"
)

// BenchmarkCoordinator has a coordinator gather so many agents, which are goroutines of
// another process, and merge what they record: what an interval of one agent costs, in
// this process alone; the most that it had resident; and how long after an interval was
// handed over it was merged.
//
//	go test -tags embedded ./runner/fleet -run - -bench Coordinator -benchtime 1x
//
// With the tag, the server of NATS is this process's own, as it is in plimsoll run.
func BenchmarkCoordinator(b *testing.B) {
	for _, n := range []int{1, 10, 30, 100, 300, 1000} {
		b.Run(fmt.Sprintf("agents=%d", n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				cost(b, n)
				b.StartTimer()
			}
		})
	}
}

// cost carries the costly plan out once.
func cost(b *testing.B, agents int) {
	plan, problems := scenario.Parse("s.yaml", []byte(costly), func(string) (string, bool) { return "", false }, ".")
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	talk := talking(b)
	at := gatherCrowd(b, talk.URL, agents)
	c, err := gather(b, talk, agents, func(o *Options) {
		o.Trials, o.Lost, o.Plan = plan.Trials(), Continue, Plan{Name: "s.yaml", Text: []byte(costly), Trials: 1}
	})
	if err != nil {
		b.Fatal(err)
	}
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the most is counted anew
	m := &metered{Coordinator: c, at: at.at, taken: make([]int, agents)}
	run, err := runner.Run(b.Context(), b.Context(), runner.Options{Plan: plan, Version: "test", Fleet: m, AllowLost: true, AllowLate: true, Save: func(*result.Run) error { return nil }})
	if err != nil || len(run.Trials) != 1 || len(m.lags) == 0 {
		b.Fatalf("nothing came of it: %v, %+v", err, run)
	}
	lost := 0
	for _, a := range run.Trials[0].Agents {
		if a.Lost != "" {
			lost++
			b.Logf("agent %s is lost: %s", a.Name, a.Lost)
		}
	}
	m.report(b, lost)
	c.Close()
	at.stop()
}

// talking is a server of NATS: this process's own, if it may have one.
func talking(b *testing.B) Talk {
	if !broker.Embedded {
		return newServer(b).talk(token)
	}
	access, err := (Token{token}).Access()
	if err != nil {
		b.Fatal(err)
	}
	access.TLS = nil
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string), make(chan error, 1)
	go func() { ended <- broker.Talk(ctx, real.Address(b), access, func(at string) { ready <- at }) }()
	b.Cleanup(func() { cancel(); <-ended })
	return Talk{URL: "nats://" + <-ready, Token: Token{token}, Program: "test"}
}

// throng is a process of agents, and when each of their pieces is due.
type throng struct {
	process *exec.Cmd
	at      []time.Duration
}

func gatherCrowd(b *testing.B, url string, agents int) *throng {
	p := exec.CommandContext(b.Context(), os.Args[0], "-test.run", "-")
	p.Env = append(os.Environ(), ofCrowd+"="+strconv.Itoa(agents)+" "+url)
	out, err := p.StdoutPipe()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	t := &throng{process: p}
	var line string
	for _, err = fmt.Fscanln(out, &line); err == nil && line != "ready"; _, err = fmt.Fscanln(out, &line) {
		due, err := time.ParseDuration(line)
		if err != nil {
			b.Fatal(line)
		}
		t.at = append(t.at, due)
	}
	go func() { _, _ = io.Copy(os.Stdout, out) }()
	return t
}

func (t *throng) stop() { _ = t.process.Process.Signal(os.Interrupt); _ = t.process.Wait() }

// metered is a fleet whose cost is measured from the beginning of a trial's load to the
// last word of its agents.
type metered struct {
	*Coordinator
	to    runner.Gatherer
	at    []time.Duration
	began time.Time
	taken []int // by share
	bytes int
	lags  []time.Duration
	used  use
}

func (m *metered) Carry(ctx, atOnce context.Context, o runner.Order, to runner.Gatherer) ([]runner.Carried, error) {
	m.to, m.used = to, used()
	carried, err := m.Coordinator.Carry(ctx, atOnce, o, m)
	m.used = used().less(m.used)
	return carried, err
}

func (m *metered) Begins(at time.Time) {
	m.began = at
	m.to.Begins(at)
}

func (m *metered) Take(share int, piece []byte) error {
	err := m.to.Take(share, piece)
	m.lags = append(m.lags, time.Since(m.began)-m.at[m.taken[share]]-turn(share, m.Agents))
	m.taken[share]++
	m.bytes += len(piece)
	return err
}

func (m *metered) report(b *testing.B, lost int) {
	n := float64(len(m.lags))
	slices.Sort(m.lags)
	b.ReportMetric(m.used.cpu.Seconds()*1e6/n, "cpu-µs/interval")
	b.ReportMetric(float64(m.used.allocated)/n/1024, "alloc-KB/interval")
	b.ReportMetric(float64(m.bytes)/n/1024, "KB/interval")
	b.ReportMetric(resident(b), "MB-resident")
	b.ReportMetric(m.lags[len(m.lags)/2].Seconds()*1e3, "lag-p50-ms")
	b.ReportMetric(m.lags[len(m.lags)-1].Seconds()*1e3, "lag-max-ms")
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(0, "ns/op")
}

// use is what this process took.
type use struct {
	cpu       time.Duration
	allocated uint64
}

func used() (u use) {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	u.cpu = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.allocated = m.TotalAlloc
	return u
}

func (u use) less(o use) use { return use{u.cpu - o.cpu, u.allocated - o.allocated} }

// resident is the most that this process had in memory, in MB.
func resident(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), "VmHWM:")
	kb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	n, _ := strconv.ParseFloat(kb, 64)
	return n / 1024
}
