package fleet

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// keptTrial is what a file holds of a trial.
type keptTrial struct {
	order     string
	intervals []string
	end       keptEnd
}

// readKept reads a file that was kept.
func readKept(t *testing.T, path string) (Kept, []keptTrial) {
	t.Helper()
	k, err := openKept(path)
	if err != nil {
		t.Fatal(err)
	}
	defer k.file.Close()
	var all []keptTrial
	for order := range k.orders {
		one := keptTrial{order: order}
		for from := k.of([]byte(order)); ; {
			about, body, ok := from.next()
			if !ok || about == ordersTrial {
				break
			}
			if about == endsTrial {
				if err := json.Unmarshal(body, &one.end); err != nil {
					t.Fatal(err)
				}
				break
			}
			one.intervals = append(one.intervals, string(body))
		}
		all = append(all, one)
	}
	return k.Kept, all
}

var (
	thePlan = Plan{Name: "p.yaml", Text: []byte("text")}
	theRun  = Kept{
		Format: keptFormat, Agent: "a", Session: "session", Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Program: "test", File: "p.yaml", Plan: thePlan.sum(), Shares: 2, Machine: result.ThisMachine(),
	}
)

// keeps writes a file that an agent might have kept, of trials, each so many intervals
// long.
func keeps(t *testing.T, folder string, k Kept, trials ...keptTrial) string {
	t.Helper()
	s, err := newSpool(folder, k)
	if err != nil {
		t.Fatal(err)
	}
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range trials {
		check(s.add(ordersTrial, []byte(one.order)))
		for _, interval := range one.intervals {
			check(s.add(recordsMore, []byte(interval)))
		}
		if one.end.Body != nil || one.end.Why != "" || one.end.Cut != "" {
			check(s.end(one.end))
		}
	}
	return s.seal()
}

func with(share int, agent string) Kept {
	k := theRun
	k.Share, k.Agent = share, agent
	return k
}

// counts are so many intervals, as the fakes count them.
func counts(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

func order(n int) (fakeOrder, string) {
	o := fakeOrder{Intervals: n}
	text, _ := json.Marshal(o)
	return o, string(text)
}

var over = keptEnd{Body: []byte("over")}

// recovers starts what hands over what lies in a folder.
func recovers(t *testing.T, talk Talk, folder string) *hired {
	ctx, stop := context.WithCancel(context.Background())
	h := &hired{stop: stop, ended: make(chan error, 1)}
	a := Agent{Talk: talk, Keep: folder, Index: -1}
	a.Note = h.note
	gone := make(chan struct{})
	go func() { defer close(gone); h.ended <- a.Recover(ctx) }()
	t.Cleanup(func() { stop(); <-gone })
	return h
}

func recoverer(o *Options) { o.Recover, o.Plan = true, thePlan }

// What was kept is handed over, share by share: of one who has kept its end all of it,
// of one who has not what there is, and it is told to be lost. A trial of which nobody
// has anything was not carried out. The files stay until the result is written.
func TestRecover(t *testing.T) {
	s := newServer(t)
	one, other := t.TempDir(), t.TempDir()
	first, firstText := order(5)
	second, secondText := order(7)
	third, _ := order(9)
	half, halfText := order(3)
	file := keeps(t, one, with(0, "a"), keptTrial{firstText, counts(5), over}, keptTrial{secondText, counts(7), keptEnd{Body: []byte("interrupted"), Cut: "no word"}})
	torn := keeps(t, other, with(1, "b"), keptTrial{firstText, counts(5), over}, keptTrial{halfText, counts(3), over}, keptTrial{secondText, counts(4), keptEnd{}})
	text, _ := os.ReadFile(torn)
	if err := os.WriteFile(torn, text[:len(text)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, saved := range []bool{false, true} {
		a, b := recovers(t, s.talk(token), one), recovers(t, s.talk(token), other)
		c, err := gather(t, s.talk(token), 2, recoverer)
		if err != nil {
			t.Fatal(err)
		}
		if c.Size() != 2 || !c.Began().Equal(theRun.Began) {
			t.Errorf("%d shares of a run that began at %v", c.Size(), c.Began())
		}
		sums, out := carried(c, first, false, nil)
		if out.Err != nil || sums[0] != 5 || sums[1] != 5 || out.Shares[0].Agent.Lost+out.Shares[1].Agent.Lost != "" || string(out.Shares[1].End) != "over" {
			t.Errorf("the first: %v, %+v", sums, out)
		}
		sums, out = carried(c, second, false, nil)
		if out.Err != nil || sums[0] != 7 || sums[1] != 3 || out.Shares[0].Agent.Lost != "no word" || string(out.Shares[0].End) != "interrupted" || out.Shares[1].Agent.Lost != "how its share ended was not kept" {
			t.Errorf("the second: %v, %+v", sums, out)
		}
		sums, out = carried(c, half, false, nil)
		if out.Err != nil || sums[0] != 0 || sums[1] != 3 || out.Shares[0].Agent.Lost != "nothing is kept of its share" || out.Shares[1].Agent.Lost != "" {
			t.Errorf("what one has: %v, %+v", sums, out)
		}
		if _, out = carried(c, third, false, nil); out.Err == nil || !strings.Contains(out.Err.Error(), "not carried out") {
			t.Errorf("the third: %+v", out)
		}
		if !there(file) || !there(torn) {
			t.Fatal("what was kept is gone before there is a result")
		}
		if saved {
			c.Saved()
		}
		c.Close()
		for _, h := range []*hired{a, b} {
			if err := <-h.ended; err != nil {
				t.Error(err)
			}
		}
		if there(file) == saved || there(torn) == saved {
			t.Errorf("that the result is written is %v, and of the files %v and %v are there", saved, there(file), there(torn))
		}
	}
}

func there(path string) bool { _, err := os.Stat(path); return err == nil }

// Where fewer come than there were, the others' shares are lost.
func TestRecoverWithoutAll(t *testing.T) {
	s := newServer(t)
	folder := t.TempDir()
	first, text := order(5)
	keeps(t, folder, with(1, "b"), keptTrial{text, counts(5), over})
	recovers(t, s.talk(token), folder)
	c, err := gather(t, s.talk(token), 1, recoverer)
	if err != nil {
		t.Fatal(err)
	}
	sums, out := carried(c, first, false, nil)
	if out.Err != nil || len(out.Shares) != 2 || sums[1] != 5 || out.Shares[0].Agent.Lost == "" || out.Shares[0].Agent.Name != "share 0" || out.Shares[1].Agent.Lost != "" {
		t.Errorf("%v, %+v", sums, out)
	}
	c.ask(func() { // of one that comes late
		k := with(0, "a")
		body, _ := json.Marshal(introduction{Name: "a", Kept: &k})
		_, no := c.judge(letter{frame: frame{head: head{Kind: join, Protocol: Protocol, Program: "test"}, body: body}})
		if no.Why != "all 1 agents are there" {
			t.Errorf("one more is told %+v", no)
		}
	})
}

// What belongs to another plan, run or version is not taken, and both sides are told why;
// neither does an agent that loads join, nor one that recovers a coordinator that does
// not.
func TestRecoverRefuses(t *testing.T) {
	s := newServer(t)
	_, text := order(5)
	for name, k := range map[string]Kept{
		"of another plan than this p.yaml": func() Kept { k := with(0, "c"); k.Plan = "other"; return k }(),
		"recorded by version old":          func() Kept { k := with(0, "c"); k.Program = "old"; return k }(),
		"so no 3 agents can":               with(0, "c"),
	} {
		folder := t.TempDir()
		file := keeps(t, folder, k, keptTrial{text, counts(5), over})
		h := recovers(t, s.talk(token), folder)
		ctx, cancel := context.WithCancel(context.Background())
		told := make(chan string, 100)
		ended := make(chan error)
		talk := s.talk(token)
		talk.Note = func(text string) { told <- text }
		go func() {
			_, err := Gather(ctx, Options{Talk: talk, Agents: 3, Lost: Stop, Plan: thePlan, Recover: true})
			ended <- err
		}()
		wait(t, func() bool { return strings.Contains(h.noted(), name) })
		if text := <-told; !strings.Contains(text, name) {
			t.Errorf("the coordinator's user is told %q", text)
		}
		cancel()
		<-ended
		h.stop()
		if !there(file) {
			t.Error("what was refused is gone")
		}
	}
	folder := t.TempDir()
	keeps(t, folder, with(0, "c"), keptTrial{text, counts(5), over})
	h, loads := recovers(t, s.talk(token), folder), hire(t, s.talk(token), "d", nil)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = Gather(ctx, Options{Talk: s.talk(token), Agents: 2, Lost: Stop, Plan: thePlan})
	}()
	wait(t, func() bool { return strings.Contains(h.noted(), "run --recover") })
	cancel()
	<-ended
	ctx, cancel = context.WithCancel(context.Background())
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = Gather(ctx, Options{Talk: s.talk(token), Agents: 2, Lost: Stop, Plan: thePlan, Recover: true})
	}()
	wait(t, func() bool { return strings.Contains(loads.noted(), "agent --recover") })
	cancel()
	<-ended
}

// A file that is somebody's work, or torn anywhere, is read as far as it makes sense.
func TestHostileKeptFiles(t *testing.T) {
	folder := t.TempDir()
	_, text := order(3)
	whole, err := os.ReadFile(keeps(t, folder, with(1, "a"), keptTrial{text, counts(3), over}))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x"+suffix)
	opens := func(text []byte) (*keptFile, error) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return openKept(path)
	}
	head := strings.Index(string(whole), "\n") + 1
	for cut := range whole {
		k, err := opens(whole[:cut])
		if (err == nil) != (cut >= head) {
			t.Fatalf("cut after %d of %d bytes: %v", cut, len(whole), err)
		}
		if err != nil {
			continue
		}
		n := 0
		for from := k.of([]byte(text)); from != nil; n++ {
			if _, _, ok := from.next(); !ok {
				break
			}
		}
		if n > 3 {
			t.Errorf("cut after %d of %d bytes it has %d records", cut, len(whole), n)
		}
		_ = k.file.Close()
	}
	for at := head; at < len(whole); at++ {
		spoilt := append([]byte(nil), whole...)
		spoilt[at] ^= 0x55
		k, err := opens(spoilt)
		if err != nil {
			t.Fatal(err)
		}
		if from := k.of([]byte(text)); from != nil {
			for i := range 4 {
				about, body, ok := from.next()
				if ok && about == recordsMore && string(body) != fmt.Sprint(i) {
					t.Errorf("with byte %d spoilt record %d is %q", at, i, body)
				}
			}
		}
		_ = k.file.Close()
	}
	for _, change := range []func(*Kept){
		func(k *Kept) { k.Format = 2 }, func(k *Kept) { k.Share = 2 }, func(k *Kept) { k.Share = -1 }, func(k *Kept) { k.Shares = 1 << 40 },
		func(k *Kept) { k.Agent = "\x1b[2J" }, func(k *Kept) { k.Session = "" }, func(k *Kept) { k.Session = strings.Repeat("s", 100) },
		func(k *Kept) { k.Began = time.Time{} }, func(k *Kept) { k.Plan = strings.Repeat("p", 1000) }, func(k *Kept) { k.Machine.CPUs = -1 },
	} {
		k := with(1, "a")
		change(&k)
		line, _ := json.Marshal(k)
		if _, err := opens(append(line, '\n')); err == nil {
			t.Errorf("it is taken for a file that was kept: %s", line)
		}
	}
	long := binary.LittleEndian.AppendUint32(append([]byte(nil), whole[:head]...), 1<<31)
	if k, err := opens(append(long, 0, 0, 0, 0, 'o')); err != nil || len(k.orders) != 0 {
		t.Errorf("%v", err)
	} else {
		_ = k.file.Close()
	}
}

// A coordinator that names itself like a path keeps nothing elsewhere, and no file that
// is there is written over; one that is being recorded into is not handed over.
func TestKeptWhereItBelongs(t *testing.T) {
	folder := t.TempDir()
	k := with(0, "a")
	k.Session = "../../elsewhere"
	s, err := newSpool(folder, k)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(s.path) != folder {
		t.Errorf("it is kept in %s", s.path)
	}
	if _, err := newSpool(folder, k); err == nil {
		t.Error("a second one writes over the first")
	}
	if _, err := openKept(s.path); err == nil || !strings.Contains(err.Error(), "still records") {
		t.Errorf("one that is being written is handed over: %v", err)
	}
	if s.add(recordsMore, []byte("x")) != nil || s.seal() == "" {
		t.Error("it is not kept")
	}
	if k, err := openKept(s.path); err != nil {
		t.Error(err)
	} else {
		_ = k.file.Close()
	}
	empty, err := newSpool(t.TempDir(), k)
	if err != nil || empty.seal() != "" || there(empty.path) {
		t.Errorf("a file with nothing stays: %v", err)
	}
}
