package result

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

	// Lost says how it was lost; "": it was not. Then UntilS is until when what it did
	// is known, on the trial's clock.
	Lost   string  `json:"lost,omitempty"`
	UntilS float64 `json:"until_s,omitempty"`

	Ended  Ending `json:"ended"` // of its share; null where it was lost
	Reason string `json:"reason,omitempty"`
	Engine string `json:"engine,omitempty"`
	Loops  int    `json:"loops,omitempty"` // where it was not one
	Health
	*MachineUse // real clock only
}

// Signed is a number that may be below zero, as no other of a result may.
type Signed float64
