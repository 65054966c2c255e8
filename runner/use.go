package runner

import (
	"fmt"
	"runtime"
	"time"

	"plimsoll/runner/result"
	"plimsoll/target/host"
)

// usage is what this process has taken so far.
type usage struct {
	at      time.Time
	cpu     time.Duration
	cpuWait time.Duration
	rss     int64

	throttled time.Duration
	mem       runtime.MemStats
}

func use() *usage {
	u := &usage{at: time.Now(), cpu: cpuTime(), rss: residentBytes(), throttled: host.Throttled()}
	for _, waited := range threadWaits() {
		u.cpuWait += waited
	}
	runtime.ReadMemStats(&u.mem)
	return u
}

func (u *usage) since(before *usage) result.MachineUse {
	return result.MachineUse{
		CPUS:        (u.cpu - before.cpu).Seconds(),
		WallS:       u.at.Sub(before.at).Seconds(),
		CPUWaitS:    max(0, u.cpuWait-before.cpuWait).Seconds(), // threads that ended take theirs along
		GCPauseS:    time.Duration(u.mem.PauseTotalNs - before.mem.PauseTotalNs).Seconds(),
		GCPauseMaxS: u.longestPause(before.mem.NumGC).Seconds(),
		GCs:         int64(u.mem.NumGC - before.mem.NumGC),
		RSSBytes:    u.rss, PeakRSSBytes: peakBytes(),
		ThrottledS: (u.throttled - before.throttled).Seconds(),
	}
}

// longestPause is that of the garbage collections after the first so many, as
// far as the runtime remembers them: the last 256.
func (u *usage) longestPause(after uint32) (longest time.Duration) {
	remembered := uint32(len(u.mem.PauseNs))
	for gc := u.mem.NumGC; gc > after && u.mem.NumGC-gc < remembered; gc-- {
		longest = max(longest, time.Duration(u.mem.PauseNs[(gc+remembered-1)%remembered]))
	}
	return longest
}

// explain names what of the machine explains that calls were so late: a pause
// of at least half as long, or threads that had no processor for 1 % of the
// time, so that one call in a hundred may have met it. "" where nothing does.
func explain(use *result.MachineUse, late time.Duration) (why string) {
	if use == nil {
		return ""
	}
	if use.GCPauseMaxS >= late.Seconds()/2 {
		why += fmt.Sprintf("; a garbage collection of plimsoll's own took %v", rounded(use.GCPauseMaxS))
	}
	if use.CPUWaitS > 0 && use.CPUWaitS >= use.WallS/100 {
		own := 100 * use.CPUS / use.WallS / float64(host.Processors())
		why += fmt.Sprintf("; the processors were busy: plimsoll's threads waited for one for %v in %v, using %.0f%% of them itself",
			rounded(use.CPUWaitS), rounded(use.WallS), own)
	}
	return why
}

func rounded(seconds float64) time.Duration {
	d := time.Duration(seconds * 1e9)
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}
