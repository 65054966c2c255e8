//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	nethttp "net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/http"
	"plimsoll/target/kind"
	"plimsoll/target/setting"
	"plimsoll/target/wait"
)

// streamClient is the first argument that makes this program plimsoll's loop with
// nothing before and behind it: the base of URLs, streams, events and the gap
// follow. It says how far off what it recorded is from what the server wrote.
const streamClient = "stream-client"

// offs are how far events were off, in nanoseconds: the first of each stream from
// when the server wrote it, and gaps from the server's.
type offs struct{ First, Gap []int64 }

func streamClientMain(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("the client of streams is for this program's own use: %s URL STREAMS EVENTS GAP", streamClient)
	}
	streams, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	heard, err := hear(args[0], streams, args[2], args[3])
	if err != nil {
		return err
	}
	var all offs
	for n, arrivals := range heard {
		stamps, err := stampsOf(args[0], n)
		if err != nil {
			return err
		}
		if len(stamps) != len(arrivals) || fmt.Sprint(len(stamps)) != args[2] {
			return fmt.Errorf("stream %d: %d events were heard, the server wrote %d", n, len(arrivals), len(stamps))
		}
		all.add(arrivals, stamps)
	}
	return json.NewEncoder(os.Stdout).Encode(all)
}

func (o *offs) add(arrivals, stamps []int64) {
	o.First = append(o.First, arrivals[0]-stamps[0])
	for i := 1; i < len(stamps); i++ {
		gap := arrivals[i] - arrivals[i-1] - (stamps[i] - stamps[i-1])
		o.Gap = append(o.Gap, max(gap, -gap))
	}
}

// hear has plimsoll's loop call for streams all at once, and tells when each of
// their events came, by the monotonic clock.
func hear(base string, streams int, events, gap string) ([][]int64, error) {
	var file strings.Builder
	fmt.Fprintf(&file, "{url: %q, timeout: 30s, calls: [", base)
	for n := range streams {
		fmt.Fprintf(&file, "{url: /stream/%d/%s/%s, stream: sse, content: json.t},\n", n, events, gap)
	}
	file.WriteString("]}")
	r := setting.NewReader(os.LookupEnv, ".")
	settings, ok := http.Shape().Read(r, r.Load([]byte(file.String())))
	if !ok {
		return nil, fmt.Errorf("the target: %v", r.Problems())
	}
	opened, err := settings.Open(context.Background(), kind.Site{})
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	clock, err := wait.NewPoll(wait.DefaultSpin)
	if err != nil {
		return nil, err
	}
	defer clock.Close()
	carrier, err := opened.Carrier(clock)
	if err != nil {
		return nil, err
	}
	defer carrier.Close()
	zero := monotonic() - int64(clock.Now())
	heard := make([][]int64, streams)
	failed := ""
	recorder := drive.NewRecorder(schedule.Never, func(c *drive.Call) {
		if !c.OK() || c.Parts.Stream == nil {
			failed = c.Class + " " + c.Example
			return
		}
		heard[c.Number] = arrivals(c.Parts.Stream, zero+int64(c.End))
	})
	end := drive.Loop{
		Schedule: schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: schedule.Never, Requests: int64(streams)}, Users: streams}, schedule.StopOn{}),
		Clock:    clock, Carrier: carrier, Recorder: recorder, Until: schedule.Never, Stop: new(drive.Stop),
	}.Run()
	switch {
	case end.Err != nil:
		return nil, end.Err
	case failed != "":
		return nil, fmt.Errorf("a stream failed: %s", failed)
	}
	return heard, nil
}

// arrivals are when the events of a stream came whose call ended then.
func arrivals(s *target.Stream, ended int64) []int64 {
	all := []int64{ended - int64(s.Rest)}
	for _, g := range s.Gaps {
		for range g.Count {
			all = append(all, all[len(all)-1]+int64(g.Length))
		}
	}
	return all
}

// stampsOf are the server's.
func stampsOf(base string, n int) (stamps []int64, err error) {
	answer, err := nethttp.Get(fmt.Sprintf("%s/stamps/%d", base, n))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	return stamps, json.Unmarshal(text, &stamps)
}

// at is a quantile of values, nearest rank.
func at(values []int64, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return time.Duration(sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)])
}
