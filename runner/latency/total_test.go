package latency

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTotalsDoNotOverflow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a, b Total
		exact := new(big.Int)
		for _, v := range rapid.SliceOfN(rapid.Int64Range(0, int64(Highest)), 0, 50).Draw(t, "durations") {
			exact.Add(exact, big.NewInt(v))
			if rapid.Bool().Draw(t, "to the other") {
				b.Add(time.Duration(v))
			} else {
				a.Add(time.Duration(v))
			}
		}
		a.Merge(b)
		want, _ := new(big.Float).SetInt(exact).Float64()
		near(t, "total", a.Seconds(), want/1e9, 1e-12*want/1e9)
	})
}
