package drive_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
	"plimsoll/target/workers"
)

// chain is the Markov chain of exponential producers (λ a second each) and
// consumers (μ each) around a queue: n items are with consumers, in the queue or
// with producers that wait for room, 0 ≤ n ≤ consumers + queue + producers.
type chain struct {
	producers, consumers, queue int
	lambda, mu                  float64
}

// solve gives what a second and the mean length are in the long run, how many
// producers wait and what share of the consumers has an item.
func (c chain) solve() (rate, length, blocked, busy float64) {
	states := c.consumers + c.queue + c.producers
	p, sum := make([]float64, states+1), 1.0
	p[0] = 1
	waits := func(n int) int { return max(0, n-c.consumers-c.queue) }
	for n := 1; n <= states; n++ { // detailed balance: what goes up from n−1 comes down from n
		up := float64(c.producers-waits(n-1)) * c.lambda
		down := float64(min(n, c.consumers)) * c.mu
		p[n] = p[n-1] * up / down
		sum += p[n]
	}
	for n, weight := range p {
		weight /= sum
		rate += weight * float64(min(n, c.consumers)) * c.mu
		length += weight * float64(min(c.queue, max(0, n-c.consumers)))
		blocked += weight * float64(waits(n))
		busy += weight * float64(min(n, c.consumers)) / float64(c.consumers)
	}
	return rate, length, blocked, busy
}

// By hand: one producer and one consumer, alike, with room for one: 0, 1, 2 or 3
// items, each as likely as any other.
func TestChainByHand(t *testing.T) {
	rate, length, blocked, busy := chain{1, 1, 1, 1, 1}.solve()
	if math.Abs(rate-0.75)+math.Abs(length-0.5)+math.Abs(blocked-0.25)+math.Abs(busy-0.75) > 1e-12 {
		t.Errorf("%v a second, %v wait, %v blocked, %v busy", rate, length, blocked, busy)
	}
}

// Producers and consumers are the closed network of queues that theory knows:
// throughput, mean length, time blocked and consumers busy to 1 %.
func TestFeedIsTheMarkovChain(t *testing.T) {
	for _, c := range []chain{
		{1, 1, 1, 1, 1},
		{2, 3, 10, 4, 2},
		{5, 2, 4, 1, 2.2},
		{3, 1, 20, 1, 2.4},
		{8, 4, 1, 4, 5},
	} {
		t.Run(fmt.Sprintf("%d-%d-%d", c.producers, c.queue, c.consumers), func(t *testing.T) {
			t.Parallel()
			rate, items, blocked, busy := c.solve()
			warm, length := 1000*time.Second, time.Duration(1_000_000/rate*1e9)
			streams := random.New(1, t.Name())
			rng := streams("produce")
			s := schedule.NewFeed(schedule.Feed{
				Bounds: schedule.Bounds{From: -warm, Until: length}, Producers: c.producers, Consumers: c.consumers, Queue: c.queue,
				Produce: func(uint32) time.Duration { return time.Duration(rng.ExpFloat64() * 1e9 / c.lambda) },
			}, schedule.StopOn{})
			recorder := drive.NewRecorder(length, nil)
			end := drive.Loop{
				Schedule: s, Clock: wait.NewVirtual(-warm), Carrier: sim.NewCarrier(sim.Settings{Delay: exponential(time.Duration(1e9 / c.mu))}, streams),
				Recorder: recorder, From: -warm, Until: length, Drain: time.Hour, Stop: &drive.Stop{},
			}.Run()
			within(t, "throughput", float64(recorder.InTime)/length.Seconds(), rate, 0.01)
			within(t, "length", end.Queue.LengthMean, items, 0.01)
			within(t, "blocked", end.Queue.Blocked.Seconds()/length.Seconds(), blocked, 0.01)
			within(t, "busy", end.Queue.Busy, busy, 0.01)
			// Little's law: who waits is in the queue.
			within(t, "held", recorder.Held.Mean()/1e9*rate, items, 0.01)
			windows := 0.0
			for _, mean := range recorder.Timeline.QueueLength() {
				windows += mean * recorder.Timeline.Width().Seconds()
			}
			within(t, "length of all windows", windows, end.Queue.LengthMean*length.Seconds(), 1e-4) // and what waits at the end
			if end.Queue.LengthMost != c.queue || recorder.Lateness.Max() != 0 {
				t.Errorf("up to %d of %d wait, up to %v late", end.Queue.LengthMost, c.queue, recorder.Lateness.Max())
			}
		})
	}
}

// Two producers of 1 s an item, one consumer of 2 s, room for one: of each item
// when it was put in, taken and done.
func TestFeedItemByItem(t *testing.T) {
	var got [][3]float64
	s := schedule.NewFeed(schedule.Feed{
		Bounds: schedule.Bounds{Until: schedule.Never, Requests: 6}, Producers: 2, Consumers: 1, Queue: 1,
		Produce: func(uint32) time.Duration { return time.Second },
	}, schedule.StopOn{})
	recorder := drive.NewRecorder(schedule.Never, func(c *drive.Call) {
		if c.Ready != c.Start {
			t.Errorf("ready at %v, started at %v", c.Ready, c.Start)
		}
		got = append(got, [3]float64{c.Intended.Seconds(), c.Start.Seconds(), c.End.Seconds()})
	})
	end := drive.Loop{
		Schedule: s, Clock: wait.NewVirtual(0), Carrier: sim.NewCarrier(sim.Settings{Delay: delay.Of(2 * time.Second)}, random.New(1)),
		Recorder: recorder, Until: schedule.Never, Stop: &drive.Stop{},
	}.Run()
	want := [][3]float64{{1, 1, 3}, {1, 3, 5}, {3, 5, 7}, {5, 7, 9}, {7, 9, 11}, {9, 11, 13}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	if *end.Queue != (schedule.Queue{LengthMean: 10. / 13, LengthMost: 1, Blocked: 10 * time.Second, Busy: 12. / 13}) {
		t.Errorf("%+v", *end.Queue)
	}
	if held := recorder.Held; held.Count() != 6 || held.Max() != 2*time.Second || recorder.HeldCalls != 5 {
		t.Errorf("%d held, up to %v, %d of them at all", held.Count(), held.Max(), recorder.HeldCalls)
	}
}

// consumed is a server that counts by itself.
type consumed struct {
	sync.Mutex
	under, most, served int
}

func (c *consumed) Call(context.Context, *target.Request) target.Outcome {
	c.count(1)
	time.Sleep(2 * time.Millisecond)
	c.count(-1)
	return target.Outcome{}
}

func (c *consumed) count(by int) {
	c.Lock()
	defer c.Unlock()
	c.under += by
	c.most = max(c.most, c.under)
	c.served += max(0, -by)
}

// In real time, too, no more calls are under way than there are consumers, and
// each item makes one.
func TestFeedInRealTime(t *testing.T) {
	server, clock := &consumed{}, wait.NewDoze(wait.DefaultSpin)
	carrier := workers.New(server, clock)
	defer clock.Close()
	defer carrier.Close()
	s := schedule.NewFeed(schedule.Feed{
		Bounds: schedule.Bounds{Until: schedule.Never, Requests: 300}, Producers: 4, Consumers: 3, Queue: 2,
		Produce: func(uint32) time.Duration { return time.Millisecond },
	}, schedule.StopOn{})
	wrong := 0
	recorder := drive.NewRecorder(schedule.Never, func(c *drive.Call) {
		if c.Intended > c.Ready || c.Ready > c.Start || c.Start > c.End {
			wrong++
		}
	})
	clock.Align(time.Now())
	end := drive.Loop{Schedule: s, Clock: clock, Carrier: carrier, Recorder: recorder, Until: schedule.Never, Stop: &drive.Stop{}}.Run()
	if end.Err != nil || server.served != 300 || recorder.OK != 300 || wrong > 0 {
		t.Fatalf("%+v: served %d of 300, recorded %d, %d out of order", end, server.served, recorder.OK, wrong)
	}
	if most := server.most; most > 3 {
		t.Errorf("the server saw %d at once, and there are 3 consumers", most)
	}
	// The consumers are slower than the producers, so that items wait.
	if q := end.Queue; q.LengthMost != 2 || q.Blocked == 0 || q.Busy < 0.5 {
		t.Errorf("%+v", *q)
	}
}
