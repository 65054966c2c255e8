package result

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Agent is one of the machines that carried a trial out together, a share each.
type Agent struct {
	Name string `json:"name"`
	// Share is its number, from 0: of n agents its calls are the Share-th of each n in a
	// row, or its users.
	Share   int     `json:"share"`
	Machine Machine `json:"machine"`

	// ClockOffsetS is how far its clock was ahead of the coordinator's when the trial
	// began, give or take ClockUncertaintyS; ClockDrift is by how much it gained on that
	// meanwhile, as a share of 1 (1e-6: a microsecond a second).
	ClockOffsetS      Signed  `json:"clock_offset_s"`
	ClockUncertaintyS float64 `json:"clock_uncertainty_s"`
	ClockDrift        Signed  `json:"clock_drift"`

	// What it had handed over counts, in the trial's figures and here.
	Started int64 `json:"started"`
	OK      int64 `json:"ok"`
	Errors  int64 `json:"errors"` // this machine's own among them

	ResponseP50S float64 `json:"response_p50_s"` // of its successes
	ResponseP99S float64 `json:"response_p99_s"`
	LatenessP99S float64 `json:"lateness_p99_s"` // of all that it started

	// Lost says how it was lost; "": it was not. UntilS is until when what it did is known,
	// on the trial's clock.
	Lost   string  `json:"lost,omitempty"`
	UntilS float64 `json:"until_s"`

	Ended  Ending `json:"ended"` // of its share; null where it was lost
	Reason string `json:"reason,omitempty"`
	Engine string `json:"engine,omitempty"`
	Loops  int    `json:"loops,omitempty"` // where it was not one
	Health
	// CPUS is the processor time that it took, and Use all else; real clock only.
	CPUS float64     `json:"cpu_s"`
	Use  *MachineUse `json:"machine_use,omitempty"`
}

// Signed is a number that may be below zero, as no other of a result may.
type Signed float64

// AgentsNot are how many of a trial's agents were lost, and of the others did not keep
// pace.
func (t *Trial) AgentsNot() (lost, behind int) {
	for i := range t.Agents {
		switch a := &t.Agents[i]; {
		case a.Lost != "":
			lost++
		case !a.KeptPace:
			behind++
		}
	}
	return lost, behind
}

// mostUsed bounds each number of a machine's use: seconds of millions of years, 256 TB.
// Sums of ten thousand of them still are numbers.
const mostUsed = 1 << 48

// Check tells which number cannot be what a machine took: it is below zero, not finite,
// or beyond all machines. The error begins with the number's name.
func (u *MachineUse) Check() error {
	all := reflect.ValueOf(u).Elem()
	if wrong := impossible(all); wrong != "" {
		return errors.New(wrong)
	}
	for i := range all.NumField() {
		f, x := all.Field(i), 0.0
		if f.CanInt() {
			x = float64(f.Int())
		} else {
			x = f.Float()
		}
		if x > mostUsed {
			name, _, _ := strings.Cut(all.Type().Field(i).Tag.Get("json"), ",")
			return fmt.Errorf(".%s is %v", name, x)
		}
	}
	return nil
}

// Add adds what another machine took at the same time. What is the longest of one stays
// the longest of all.
func (u *MachineUse) Add(o MachineUse) {
	u.CPUS += o.CPUS
	u.WallS = max(u.WallS, o.WallS)
	u.CPUWaitS += o.CPUWaitS
	u.GCPauseS += o.GCPauseS
	u.GCPauseMaxS = max(u.GCPauseMaxS, o.GCPauseMaxS)
	u.GCs += o.GCs
	u.SpinS += o.SpinS
	if o.StoodStillS > u.StoodStillS {
		u.StoodStillS, u.StoodStillAtS = o.StoodStillS, o.StoodStillAtS
	}
	u.ThrottledS += o.ThrottledS
	u.RSSBytes += o.RSSBytes
	u.PeakRSSBytes += o.PeakRSSBytes
}

// checkAgents tells which law the agents of a trial break.
func (t *Trial) checkAgents() error {
	if t.LostShare > 1 {
		return fmt.Errorf("lost_share is %v", t.LostShare)
	}
	if len(t.Agents) == 0 {
		if t.LostShare > 0 {
			return errors.New("there is a lost_share, and no agent that was lost")
		}
		return nil
	}
	var started, ok, failed int64
	for i := range t.Agents {
		a := &t.Agents[i]
		if a.Share != i || a.Name == "" {
			return fmt.Errorf("agent %d, %q, has the share %d", i, a.Name, a.Share)
		}
		started, ok, failed = started+a.Started, ok+a.OK, failed+a.Errors
	}
	if all := t.Failed() + t.Lacking(); started != t.Started || ok != t.OK || failed != all {
		return fmt.Errorf("agents started %d calls, %d of them ok and %d errors; the trial says %d, %d, %d", started, ok, failed, t.Started, t.OK, all)
	}
	return nil
}
