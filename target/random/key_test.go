package random

import (
	"math"
	"testing"
)

// The numbers are SplitMix64's, as its authors' own code prints them for the
// seed 1234567.
func TestKeyIsSplitMix64(t *testing.T) {
	for n, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		if got := Key(1234567).At(uint64(n)); got != want {
			t.Errorf("number %d is %d, want %d", n, got, want)
		}
	}
}

// Every number below a bound comes up as often as any other, by consecutive
// places and by the first places of sub-keys alike.
func TestKeyIsEven(t *testing.T) {
	const bound, each = 37, 2000
	key := New(1, "scenario").Key("data customer")
	for name, draw := range map[string]func(n uint64) uint64{
		"Below":     func(n uint64) uint64 { return key.Below(n, bound) },
		"Float":     func(n uint64) uint64 { return uint64(key.Float(n) * bound) },
		"Sub.Below": func(n uint64) uint64 { return key.Sub(n).Below(0, bound) },
	} {
		var counts [bound]float64
		for n := range uint64(bound * each) {
			counts[draw(n)]++
		}
		off := 0.0
		for _, count := range counts {
			off += (count - each) * (count - each) / each
		}
		if sigmas := (off - (bound - 1)) / math.Sqrt(2*(bound-1)); math.Abs(sigmas) > 4 {
			t.Errorf("%s is uneven by %.1f standard deviations of chi squared", name, sigmas)
		}
	}
}

func TestKeysDifferByPurposeAndSeed(t *testing.T) {
	seen := map[Key]bool{}
	for seed := range uint64(3) {
		for _, purpose := range []string{"data a", "data b"} {
			seen[New(seed).Key(purpose)] = true
			seen[New(seed, "scenario").Key(purpose)] = true
		}
	}
	if len(seen) != 12 {
		t.Errorf("%d keys of 12 are different", len(seen))
	}
}
