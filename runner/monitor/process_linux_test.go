package monitor

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/runner/result"
	"plimsoll/target/busy"
)

// beMonitored is the process that tests watch: told to by a line, it does what it is
// for, for as long as that line says, and says what it took by its own account.
func beMonitored(what string) {
	if command, is := strings.CutPrefix(what, "watch "); is {
		Begin(context.Background(), []*Settings{{Interval: time.Hour, Command: []string{"sh", "-c", command}}}, 0, time.Hour)
		select {}
	}
	runtime.GOMAXPROCS(1)
	if at, is := strings.CutPrefix(what, "listen "); is {
		l, err := net.Listen("tcp", at)
		if err != nil {
			panic(err)
		}
		fmt.Println(l.Addr())
		what = "burn"
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		d, err := time.ParseDuration(lines.Text())
		if err != nil {
			panic(err)
		}
		before := taken()
		for end := time.Now().Add(d); time.Now().Before(end); {
			if what != "fork" {
				continue
			}
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), "MONITORED=burn")
			child.Stdin = strings.NewReader("30ms\n")
			if err := child.Run(); err != nil {
				panic(err)
			}
		}
		fmt.Println((taken() - before).Seconds())
	}
}

// taken is what this process took of processors, and what its children did that have
// ended.
func taken() (sum time.Duration) {
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var use unix.Rusage
		if err := unix.Getrusage(who, &use); err != nil {
			panic(err)
		}
		sum += time.Duration(use.Utime.Nano() + use.Stime.Nano())
	}
	return sum
}

// other is a process to be watched.
type other struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

func start(t *testing.T, what string) *other {
	t.Helper()
	o := &other{t: t, cmd: exec.Command(os.Args[0])}
	o.cmd.Env, o.cmd.Stderr = append(os.Environ(), "MONITORED="+what), os.Stderr
	in, err := o.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := o.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o.in, o.lines = in, bufio.NewScanner(out)
	t.Cleanup(o.end)
	return o
}

func (o *other) end() {
	o.in.Close()
	_ = o.cmd.Wait()
}

func (o *other) says() string {
	o.t.Helper()
	if !o.lines.Scan() {
		o.t.Fatal("the process that is watched has ended")
	}
	return o.lines.Text()
}

// works has it work for some time, and tells what it took by its own account.
func (o *other) works(d time.Duration) (seconds float64) {
	o.t.Helper()
	fmt.Fprintln(o.in, d)
	seconds, err := strconv.ParseFloat(o.says(), 64)
	if err != nil {
		o.t.Fatal(err)
	}
	return seconds
}

// seen is what a monitor saw of a process meanwhile, by the names of its series; and
// for how many seconds it took processors, all in all.
func seen(t *testing.T, s *Settings, meanwhile func()) (all map[string]result.Series, took float64) {
	t.Helper()
	s.Name, s.Interval = "m", 250*time.Millisecond
	w := Begin(t.Context(), []*Settings{s}, 0, time.Hour)
	for began := time.Now(); w.lookouts[0].looks.Load() == 0 && time.Since(began) < 10*time.Second; {
		time.Sleep(time.Millisecond)
	}
	meanwhile()
	all = map[string]result.Series{}
	for _, series := range w.End()() {
		all[series.Series] = series
	}
	if cores := all[Cores]; cores.Seen() {
		first := cores.Points[0][0] - 0.25
		if s := all[Threads]; s.Seen() { // a gauge has a point at the first look
			first = s.Points[0][0]
		}
		took = cores.Mean * (cores.Points[len(cores.Points)-1][0] - first)
	}
	return all, took
}

// slow tells whether this machine is so busy that looks took too long, and what was
// there to see was not.
func slow(all map[string]result.Series) bool {
	return strings.HasPrefix(all[""].Problem, "a look took longer than") || strings.HasPrefix(all[Cores].Problem, "it was seen for")
}

// tried carries something out until nothing is wrong with it, a few times at most: a
// busy machine keeps a look from its processor between what it reads and the time that
// it notes. What is wrong by itself is so every time. Where blind tells that the machine
// was too busy to see anything of it, that is no try.
func tried(t *testing.T, once func() (wrong string, blind bool)) {
	t.Helper()
	wrong, times := "", 0
	for range 6 {
		var blind bool
		if wrong, blind = once(); wrong == "" {
			return
		}
		t.Log(wrong)
		if !blind {
			times++
		}
		if times == 3 {
			t.Error(wrong)
			return
		}
	}
	busy.Skip(t, wrong)
}

// A server that burns a core is seen to, by its own account of itself: to 3 %.
func TestACoreThatBurns(t *testing.T) {
	for _, what := range []string{"burn", "fork"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := start(t, what)
			o.works(time.Millisecond) // it has begun
			tried(t, func() (string, bool) { return o.burns(what) })
		})
	}
}

// burns has it burn for a while, and tells what is wrong with what is seen of that.
func (o *other) burns(what string) (wrong string, blind bool) {
	o.t.Helper()
	own, length := 0.0, time.Duration(0)
	all, took := seen(o.t, &Settings{PID: o.cmd.Process.Pid}, func() {
		began := time.Now()
		own = o.works(1500 * time.Millisecond)
		length = time.Since(began)
	})
	o.t.Logf("took %.3f s by our account, %.3f by its own, in %v: %.3f cores", took, own, length, own/length.Seconds())
	if _, there := all[Received]; there {
		o.t.Error("the whole machine's network was taken for its own")
	}
	counted := 5 * time.Millisecond
	if what == "fork" { // of children that have ended the system counts in ticks
		counted = 3 * tick
	}
	switch {
	case slow(all):
		return fmt.Sprintf("it was not seen: %+v", all), true
	case math.Abs(took-own) > 0.03*own+counted.Seconds():
		return fmt.Sprintf("it took %.3f s by its own account, and is seen to have taken %.3f", own, took), false
	case what == "burn" && own/length.Seconds() > 0.99 && math.Abs(all[Cores].Max-1) > 0.05:
		return fmt.Sprintf("it burnt a core, and the most that is seen are %v", all[Cores].Max), false
	case all[Memory].Mean < 1e6 || all[Threads].Mean < 1 || all[Descriptors].Mean < 3 || all[Memory].Unit != "B" || all[Cores].Unit != "cores":
		return fmt.Sprintf("%+v", all), false
	}
	return "", false
}

// The mean of a core that burns all the while is 1.00, to 3 %. What others kept from it
// by its own account, of two seconds, may all have been missing in the second and a half
// that is looked at.
func TestTheMeanOfACoreThatBurns(t *testing.T) {
	t.Parallel()
	o := start(t, "burn")
	o.works(time.Millisecond)
	tried(t, func() (string, bool) {
		own, cores := o.mean()
		t.Logf("%.4f cores, by its own account %.4f", cores.Mean, own)
		missing := max(0, 1-own) * 2 / 1.5
		if cores.Series != Cores || cores.Mean > 1.03 || cores.Mean < 0.97-missing {
			return fmt.Sprintf("%.3f cores by its own account, and %+v", own, cores), cores.Problem != ""
		}
		return "", false
	})
}

// mean is how many cores it took by its own account, and what is seen of them.
func (o *other) mean() (own float64, cores result.Series) {
	done := make(chan float64)
	go func() {
		fmt.Fprintln(o.in, 2*time.Second)
		o.lines.Scan()
		own, _ := strconv.ParseFloat(o.lines.Text(), 64)
		done <- own
	}()
	time.Sleep(50 * time.Millisecond)
	s := &Settings{Name: "m", Interval: 500 * time.Millisecond, PID: o.cmd.Process.Pid}
	w := Begin(o.t.Context(), []*Settings{s}, 0, 1500*time.Millisecond)
	own = <-done / 2
	return own, w.End()()[0]
}

// Whoever listens at an address is found, at that or at all of this machine's, and
// found again when another one does; so is a process by its name.
func TestProcessesAreFound(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"127.0.0.1:0", "[::]:0", "0.0.0.0:0"} {
		o := start(t, "listen "+at)
		_, port, err := net.SplitHostPort(o.says())
		if err != nil {
			t.Fatal(err)
		}
		o.works(time.Millisecond)
		tried(t, func() (string, bool) {
			own := 0.0
			all, took := seen(t, &Settings{Listening: "127.0.0.1:" + port}, func() { own = o.works(300 * time.Millisecond) })
			if slow(all) || math.Abs(took-own) > 0.05*own+0.01 {
				return fmt.Sprintf("%s: %.3f s by its own account, seen are %.3f: %+v", at, own, took, all[""]), slow(all)
			}
			return "", false
		})
		o.end()
		if all, _ := seen(t, &Settings{Listening: "127.0.0.1:" + port}, func() {}); all[""].Problem != "nobody on this machine listens at 127.0.0.1:"+port {
			t.Errorf("%+v", all)
		}
	}
	o := start(t, "burn")
	time.Sleep(2 * newborn)
	name, err := os.ReadFile(path(o.cmd.Process.Pid, "comm"))
	if err != nil {
		t.Fatal(err)
	}
	all, _ := seen(t, &Settings{Process: strings.TrimSpace(string(name))}, func() { o.works(100 * time.Millisecond) })
	if !(all[Memory].Mean > 0) || all[""].Problem != "" {
		t.Errorf("%q: %+v", name, all)
	}
	if all, _ := seen(t, &Settings{Process: "no-such-thing"}, func() {}); all[""].Problem != "no process is called no-such-thing" {
		t.Errorf("%+v", all)
	}
	if all, _ := seen(t, &Settings{PID: os.Getpid()}, func() {}); !strings.HasPrefix(all[""].Problem, "that is plimsoll itself") {
		t.Errorf("%+v", all)
	}
	ours, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	if all, _ := seen(t, &Settings{Listening: ours.Addr().String()}, func() {}); !strings.HasPrefix(all[""].Problem, "that is plimsoll itself") {
		t.Errorf("%+v", all)
	}
}

// A server that begins anew is found again, and the time without it is none of its.
func TestAProcessThatBeginsAnew(t *testing.T) {
	t.Parallel()
	o := start(t, "listen 127.0.0.1:0")
	address := o.says()
	all, _ := seen(t, &Settings{Listening: address}, func() {
		o.works(300 * time.Millisecond)
		o.end()
		time.Sleep(300 * time.Millisecond)
		o = start(t, "listen "+address)
		o.says()
		o.works(1200 * time.Millisecond)
		time.Sleep(300 * time.Millisecond)
	})
	if slow(all) {
		return
	}
	if !strings.HasPrefix(all[""].Problem, "nobody ") || !strings.Contains(all[""].Problem, address) || !strings.Contains(all[""].Problem, "; so ended ") || all[Cores].Max > 1.2 || all[Cores].Mean < 0.01 {
		t.Errorf("%+v", all)
	}
}

// A process with a network of its own is told what went over that.
func TestANetworkOfItsOwn(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("unshare", "-n", "sleep", "10")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	time.Sleep(300 * time.Millisecond)
	theirs, err := os.Readlink(path(cmd.Process.Pid, "ns/net"))
	if ours, _ := os.Readlink("/proc/self/ns/net"); err != nil || theirs == ours {
		t.Skip("nobody lets us make a network: ", err)
	}
	all, _ := seen(t, &Settings{PID: cmd.Process.Pid}, func() { time.Sleep(300 * time.Millisecond) })
	if s, out := all[Received], all[Sent]; !s.Seen() || s.Mean != 0 || s.Unit != "B/s" || !out.Seen() {
		t.Errorf("%+v", all)
	}
}

func TestTraffic(t *testing.T) {
	const table = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 4563    79    0    0    0     0          0         0    4563    79    0    0    0     0       0          0
  eth0:1160527481 900 0    0    0     0          0         0    5000    12    0    0    0     0       0          0
  eth1: 19 900 0    0    0     0          0         0    1    12    0    0    0     0       0          0
`
	if in, out := traffic([]byte(table)); in != 1160527500 || out != 5001 {
		t.Errorf("%v in, %v out", in, out)
	}
}

func TestAddressesInHex(t *testing.T) {
	for text, want := range map[string]string{
		"0100007F:1F90": "127.0.0.1:8080", "00000000:0050": "0.0.0.0:80",
		"00000000000000000000000001000000:1F90": "[::1]:8080", "0000000000000000FFFF00000100007F:0001": "127.0.0.1:1",
	} {
		if at, ok := hexAddress([]byte(text)); !ok || at != netip.MustParseAddrPort(want) {
			t.Errorf("%s: %v, %v, want %s", text, at, ok, want)
		}
	}
}

func TestStat(t *testing.T) {
	const text = "4242 (a) b (c) S 17 4242 4242 0 -1 4194304 100 200 0 0 12 34 56 78 20 0 5 0 999 1000 25 18446744073709551615 1 1"
	s, err := parseStat([]byte(text))
	if want := (stat{name: "a) b (c", parent: 17, own: 460 * time.Millisecond, waited: 1340 * time.Millisecond, threads: 5, began: 999, pages: 25}); err != nil || s != want {
		t.Errorf("%+v, %v", s, err)
	}
	all, err := thisMachine().all(context.Background())
	if err != nil || len(all) == 0 || all[os.Getppid()].threads == 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

func FuzzProc(f *testing.F) {
	for _, name := range []string{"self/stat", "self/net/tcp", "self/net/tcp6", "self/net/dev"} {
		text, err := os.ReadFile("/proc/" + name)
		if err == nil {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := parseStat(text); err == nil && (s.own < 0 || s.waited < 0 || s.pages < 0) {
			t.Fatalf("%+v", s)
		}
		listeners(text, 8080, func(at netip.Addr, inode string) {
			if !at.IsValid() || !bytes.Contains(text, []byte(inode)) {
				t.Fatalf("%v, %q", at, inode)
			}
		})
		if in, out := traffic(text); math.IsNaN(in+out) && !bytes.Contains(bytes.ToLower(text), []byte("n")) {
			t.Fatal(in, out)
		}
	})
}
