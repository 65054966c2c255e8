package result

import (
	"errors"
	"fmt"
	"math"
	"reflect"
)

// Value is an estimate and its 95 % interval, Low ≤ Value ≤ High; Low and High
// are both 0 where there is no interval.
type Value struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Laws of scaling.
const (
	Amdahl = "amdahl"
	USL    = "usl" // the Universal Scalability Law
)

// LawName is a law for people.
func LawName(law string) string {
	if law == USL {
		return "the Universal Scalability Law"
	}
	return "Amdahl's law"
}

// What the intervals of a Scaling come from.
const (
	FromRepetitions = "repetitions" // leaving out one after the other
	FromResiduals   = "residuals"   // how far the points are from the curve
)

// Scaling is a law of scaling fitted to one mode's sweep: how much more gets
// done the more is asked for at once. X(N) = X1·N/(1 + σ(N−1) + κN(N−1)),
// where N counts the calls of a batch that are all made at once (axis
// "requests") or the callers of a closed loop (axis "concurrency").
type Scaling struct {
	Scenario string `json:"scenario"`
	Mode     string `json:"mode"`
	Axis     string `json:"axis"`   // AxisRequests, AxisConcurrency or AxisVary
	Points   int    `json:"points"` // how many N it is fitted to, Smallest … Largest
	Smallest int    `json:"smallest"`
	Largest  int    `json:"largest"`
	Law      string `json:"law"`    // Amdahl or USL
	Chosen   bool   `json:"chosen"` // whether it is the one that the data support
	// Serial is σ, from 0 to 1, and Crosstalk κ, from 0 on; that of Amdahl's
	// law is 0.
	Serial    Value `json:"serial"`
	Crosstalk Value `json:"crosstalk"`
	// Peak is the N from which on less gets done; nil where the data show
	// none. Then NoneBelow is where it lies at the earliest, if there is one:
	// the lower end of its interval (0: unknown).
	Peak      *Value  `json:"peak,omitempty"`
	NoneBelow float64 `json:"none_below,omitempty"`
	// AICc is Akaike's corrected criterion: the smaller, the better supported.
	AICc float64 `json:"aicc"`
	// Baseline is the mode of one call at a time that capacity is a multiple
	// of, so that X1 is 1. Without it capacity is the throughput, and X1 that
	// of one, per second.
	Baseline string `json:"baseline,omitempty"`
	X1       Value  `json:"x1"`
	// Basis is what the intervals come from; "" where there are none.
	Basis string `json:"basis,omitempty"`
	// Off is how far the curve misses the worst of the points, as a share.
	Off float64 `json:"off"`
	// Refused says why the law was not fitted; then there are no figures.
	Refused string `json:"refused,omitempty"`
	// Note says what else should be known, such as what was left out.
	Note string `json:"note,omitempty"`
}

// At is the law's capacity at N: a multiple of the baseline, or calls per
// second.
func (s *Scaling) At(n float64) float64 {
	return s.X1.Value * n / (1 + s.Serial.Value*(n-1) + s.Crosstalk.Value*n*(n-1))
}

func (s *Scaling) check() error {
	switch {
	case s.Scenario == "" || s.Mode == "":
		return errors.New("needs a scenario and a mode")
	case s.Axis != AxisRequests && s.Axis != AxisConcurrency && s.Axis != AxisVary:
		return fmt.Errorf("axis is %q: it must be %s, %s or %s", s.Axis, AxisRequests, AxisConcurrency, AxisVary)
	case s.Law != Amdahl && s.Law != USL:
		return fmt.Errorf("law is %q: it must be %s or %s", s.Law, Amdahl, USL)
	case s.Chosen && s.Refused != "":
		return errors.New("is chosen and refused at once")
	case math.IsNaN(s.AICc) || math.IsInf(s.AICc, 0):
		return fmt.Errorf("aicc is %v", s.AICc)
	}
	rest := *s
	rest.AICc = 0 // alone it may lie below zero
	if wrong := impossible(reflect.ValueOf(&rest)); wrong != "" {
		return errors.New(wrong)
	}
	if s.Serial.Value > 1 {
		return fmt.Errorf("serial is %v, more than all", s.Serial.Value)
	}
	for name, v := range map[string]*Value{"serial": &s.Serial, "crosstalk": &s.Crosstalk, "x1": &s.X1, "peak": s.Peak} {
		if err := v.check(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (v *Value) check() error {
	if v != nil && (v.Low > v.Value || v.High < v.Value && v.High != 0) {
		return fmt.Errorf("%v is outside its interval, %v to %v", v.Value, v.Low, v.High)
	}
	return nil
}
