package runner

import (
	"runtime"
	"time"

	"plimsoll/runner/result"
	"plimsoll/target/wait"
)

// usage is what this process has taken so far.
type usage struct {
	cpu     time.Duration
	gcPause time.Duration
	gcs     uint32
	spun    time.Duration
	rss     int64
}

func use(waiter *wait.Waiter) usage {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	u := usage{cpu: cpuTime(), gcPause: time.Duration(mem.PauseTotalNs), gcs: mem.NumGC, rss: residentBytes()}
	if waiter != nil {
		u.spun = waiter.Spun()
	}
	return u
}

func (u usage) since(before usage) result.MachineUse {
	return result.MachineUse{
		CPUS:     (u.cpu - before.cpu).Seconds(),
		GCPauseS: (u.gcPause - before.gcPause).Seconds(),
		GCs:      int64(u.gcs - before.gcs),
		SpinS:    (u.spun - before.spun).Seconds(),
		RSSBytes: u.rss,
	}
}
