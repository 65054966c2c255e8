package runner

import (
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// What is taken between two looks is in the difference: garbage collections
// with their pauses, processor time, and the time without a processor.
func TestUseOfTheMachine(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8 * runtime.NumCPU()))
	before := use()
	runtime.GC()
	runtime.GC()
	var threads sync.WaitGroup
	for range 8 * runtime.NumCPU() { // more than there are processors
		threads.Go(func() {
			for until := time.Now().Add(50 * time.Millisecond); time.Now().Before(until); {
			}
		})
	}
	threads.Wait()
	used := use().since(before)
	if used.GCs < 2 || used.GCPauseS <= 0 || used.GCPauseMaxS <= 0 || used.GCPauseMaxS > used.GCPauseS {
		t.Errorf("%d collections, longest pause %v of %v s", used.GCs, used.GCPauseMaxS, used.GCPauseS)
	}
	if used.WallS < 0.05 || used.WallS > 30 {
		t.Errorf("took %v s", used.WallS)
	}
	if runtime.GOOS != "windows" && (used.CPUS <= 0.01 || used.CPUS > 1.1*used.WallS*float64(runtime.NumCPU())) {
		t.Errorf("processor time %v s in %v s", used.CPUS, used.WallS)
	}
	if runtime.GOOS == "linux" && used.CPUWaitS < 0.05 {
		t.Errorf("8 threads a processor waited for %v s in %v s", used.CPUWaitS, used.WallS)
	}
	if idle := use(); idle.since(idle).GCPauseMaxS != 0 {
		t.Error("a pause where there was no collection")
	}
}

// Of more collections than the runtime remembers, the remembered ones count.
func TestLongestPause(t *testing.T) {
	u := &usage{}
	u.mem.NumGC = 300
	for i := range u.mem.PauseNs {
		u.mem.PauseNs[i] = uint64(i) // that of collection i+1, and after 256 again
	}
	for after, want := range map[uint32]time.Duration{300: 0, 299: 43, 298: 43, 257: 43, 256: 43, 255: 255, 200: 255, 0: 255} {
		if got := u.longestPause(after); got != want {
			t.Errorf("after %d of 300: %d, want %d", after, got, want)
		}
	}
}

func TestLatenessIsExplained(t *testing.T) {
	late := 4 * time.Millisecond
	for name, c := range map[string]struct {
		use  result.MachineUse
		says []string // nothing else
	}{
		"nothing":           {result.MachineUse{WallS: 10, CPUS: 1}, nil},
		"a short pause":     {result.MachineUse{WallS: 10, GCPauseMaxS: 0.0019, CPUWaitS: 0.09}, nil},
		"a long pause":      {result.MachineUse{WallS: 10, GCPauseMaxS: 0.0021}, []string{"collection of plimsoll's own took 2.1ms"}},
		"a starved machine": {result.MachineUse{WallS: 10, CPUS: 2 * float64(runtime.NumCPU()), CPUWaitS: 1.2}, []string{"waited for one for 1.2s in 10s, using 20%"}},
		"both":              {result.MachineUse{WallS: 10, GCPauseMaxS: 1, CPUWaitS: 1}, []string{"took 1s", "waited for one for 1s"}},
		"unknown":           {result.MachineUse{}, nil},
	} {
		got := explain(&c.use, late)
		if (got == "") != (c.says == nil) || strings.Count(got, ";") != len(c.says) {
			t.Errorf("%s: %q", name, got)
		}
		for _, want := range c.says {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not say %q", name, got, want)
			}
		}
	}
	if got := explain(nil, math.MaxInt64); got != "" {
		t.Errorf("nobody looked: %q", got)
	}
}
