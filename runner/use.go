package runner

import (
	"runtime"
	"time"

	"plimsoll/runner/result"
)

// usage is what this process has taken so far.
type usage struct {
	cpu     time.Duration
	gcPause time.Duration
	gcs     uint32
	rss     int64
}

func use() usage {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	return usage{cpu: cpuTime(), gcPause: time.Duration(mem.PauseTotalNs), gcs: mem.NumGC, rss: residentBytes()}
}

func (u usage) since(before usage) result.MachineUse {
	return result.MachineUse{
		CPUS:     (u.cpu - before.cpu).Seconds(),
		GCPauseS: (u.gcPause - before.gcPause).Seconds(),
		GCs:      int64(u.gcs - before.gcs),
		RSSBytes: u.rss,
	}
}
