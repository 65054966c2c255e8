package serve

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

// latenesses are how late things were.
type latenesses struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latenesses) add(more ...time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, more...)
}

// String is p50, p99 and the maximum in microseconds.
func (l *latenesses) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Sort(l.all)
	if len(l.all) == 0 {
		return "0 0 0"
	}
	at := func(q float64) int64 { return l.all[int(q*float64(len(l.all)-1))].Microseconds() }
	return fmt.Sprint(at(0.5), at(0.99), at(1))
}

// stamped notes when the events of answers are written, against when they are due.
type stamped struct {
	nethttp.Handler
	first, gap time.Duration
	written    latenesses
}

func (s *stamped) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	stamps := &stamps{ResponseWriter: w, of: s, arrived: time.Now()}
	s.Handler.ServeHTTP(stamps, r)
	s.written.add(stamps.late...)
}

type stamps struct {
	nethttp.ResponseWriter
	of      *stamped
	arrived time.Time
	late    []time.Duration
}

func (s *stamps) Unwrap() nethttp.ResponseWriter { return s.ResponseWriter }

func (s *stamps) Write(b []byte) (int, error) {
	now := time.Now()
	for range bytes.Count(b, []byte(`"content":"`)) {
		s.late = append(s.late, now.Sub(s.arrived)-s.of.first-time.Duration(len(s.late))*s.of.gap)
	}
	return s.ResponseWriter.Write(b)
}

// stream300 is the model of the benchmark: the first event after 300 ms.
func stream300(gap time.Duration, events int) sim.Settings {
	return sim.Settings{Stream: &sim.Stream{First: delay.Of(300 * time.Millisecond), Gap: delay.Of(gap), Events: sim.Number{Low: events, High: events}}}
}

// beStamped is a server in a process of its own that says in its end how late it
// wrote.
func beStamped(gap time.Duration, events int) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := stream300(gap, events)
	h := &stamped{first: 300 * time.Millisecond, gap: gap}
	h.Handler = &handler{settings: s, pacer: newPacer(wait.DefaultSpin), began: time.Now(), patience: usual, model: sim.New(s, random.New(1))}
	server := newServer(&handler{patience: usual}, context.Background())
	server.Handler = h
	go func() { _ = server.Serve(listener) }()
	fmt.Println(listener.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	fmt.Println(h.written.String())
	return err
}

// beIdle does nothing but sleep for a millisecond, again and again, and says in its
// end how late it was then: on this machine nobody can be more punctual.
func beIdle() error {
	stdin := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		stdin <- err
	}()
	fmt.Println("asleep")
	var late latenesses
	w := wait.New(wait.DefaultSpin)
	for {
		due := time.Now().Add(time.Millisecond)
		w.Wait(due)
		late.add(time.Since(due))
		select {
		case err := <-stdin:
			fmt.Println(late.String())
			return err
		default:
		}
	}
}

// process is another one of this program, which says something first, and
// something in its end.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   io.ReadCloser
}

func begin(b *testing.B, first any, as string, args ...any) *process {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), role+"="+as, "PLIMSOLL_TEST_STREAM="+fmt.Sprintln(args...)), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Fscanln(out, first); err != nil {
		b.Fatal(err)
	}
	return &process{cmd, in, out}
}

// end is how long it has had a processor.
func (p *process) end(b *testing.B, last ...any) time.Duration {
	b.Helper()
	_ = p.stdin.Close()
	if _, err := fmt.Fscanln(p.out, last...); err != nil {
		b.Error(err)
	}
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// BenchmarkStreams tells how late a server writes events, against when they are
// due, at so many streams and events a second in all; how late raw clients get
// them; and beside that how late this machine is by itself.
func BenchmarkStreams(b *testing.B) {
	const lasts = 2 * time.Second
	for _, c := range []struct{ streams, rate int }{{1, 50}, {1, 10_000}, {100, 10_000}, {500, 1_000}, {500, 10_000}} {
		b.Run(fmt.Sprintf("%d/%s", c.streams, quantity.Count(int64(c.rate))), func(b *testing.B) {
			gap := time.Second * time.Duration(c.streams) / time.Duration(c.rate)
			events := int(lasts / gap)
			var address, word string
			server, idle := begin(b, &address, "stamped", int64(gap), events), begin(b, &word, "idle")
			var got latenesses
			for b.Loop() {
				var all sync.WaitGroup
				for range c.streams {
					time.Sleep(min(gap/time.Duration(c.streams), time.Millisecond))
					conn, err := net.Dial("tcp", address)
					if err != nil {
						b.Fatal(err)
					}
					all.Go(func() { follow(b, conn, gap, events, &got) })
				}
				all.Wait()
			}
			var written, asleep [3]float64
			processor := server.end(b, &written[0], &written[1], &written[2])
			idle.end(b, &asleep[0], &asleep[1], &asleep[2])
			var client [3]float64
			_, _ = fmt.Sscan(got.String(), &client[0], &client[1], &client[2])
			for i, p := range []string{"p50", "p99", "max"} {
				b.ReportMetric(written[i], "written-"+p+"-us")
				b.ReportMetric(client[i], "got-"+p+"-us")
				b.ReportMetric(asleep[i], "idle-"+p+"-us")
			}
			b.ReportMetric(float64(processor.Microseconds())/float64(len(got.all)), "cpu-us/event")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// follow reads a stream over a connection, and notes how late its events are.
func follow(b *testing.B, conn net.Conn, gap time.Duration, events int, late *latenesses) {
	defer conn.Close()
	sent := time.Now()
	_, got, err := listen(conn, asking(""))
	if err != nil || len(got) < events {
		b.Errorf("%d events, %v", len(got), err)
		return
	}
	for n, e := range got[:events] {
		late.add(e.at.Sub(sent) - 300*time.Millisecond - time.Duration(n)*gap)
	}
}
