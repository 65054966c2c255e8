package sim

import (
	"os"
	"reflect"
	"testing"
	"time"

	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

func TestShape(t *testing.T) {
	zero, after := 0, 5*time.Millisecond
	for text, want := range map[string]Settings{
		"{}":            {},
		"{delay: 50ms}": {Delay: delay.Of(50 * time.Millisecond)},
		"{errors: 1%}":  {Errors: Errors{Rate: 0.01, Kind: Status500}},
		"{servers: 8, queue: 0, errors: {rate: 100%, kind: reset, after: 5ms}}": {Servers: 8, Queue: &zero, Errors: Errors{Rate: 1, Kind: Reset, After: &after}},
		"{errors: {rate: 2%}, contention: {serial: 1.48%, crosstalk: 0.0118%}}": {Errors: Errors{Rate: 0.02, Kind: Status500}, Contention: Contention{0.0148, 0.000118}},
		"{errors: {rate: 1%, kind: status-404}}":                                {Errors: Errors{Rate: 0.01, Kind: "status-404"}},
		"{stall: {every: 5s, for: 1s, at: 2s}, quota: 5/2s}":                    {Stall: Stall{5 * time.Second, time.Second, 2 * time.Second}, Quota: quantity.Rate{N: 5, Per: 2 * time.Second}},
		"{stall: {for: 1s}, delay: {exponential: 1ms}}":                         {Stall: Stall{For: time.Second}, Delay: delay.Delay{Kind: delay.Exponential, A: time.Millisecond}},
	} {
		r := setting.NewReader(os.LookupEnv, ".")
		got, ok := Shape().Read(r, r.Load([]byte(text)))
		if !ok || len(r.Problems()) > 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as %+v, %v; want %+v", text, got, r.Problems(), want)
		}
	}
}
