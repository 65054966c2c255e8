package data

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target/random"
)

// ways are all of them, as they would be written.
func ways() []Pick {
	return []Pick{{Way: Next}, {Way: Shuffle}, {Way: Random}, {Way: Zipf, Exponent: 1.1}, {Way: PerUser}, {Way: Leased}, {Way: Once}}
}

func aKey(t *rapid.T) random.Key { return random.Key(rapid.Uint64().Draw(t, "key")) }

// sigmas is how far chi squared is from what it should be, in its standard
// deviations.
func sigmas(counts, want []float64) float64 {
	off := 0.0
	for i := range counts {
		off += (counts[i] - want[i]) * (counts[i] - want[i]) / want[i]
	}
	free := float64(len(counts) - 1)
	return (off - free) / math.Sqrt(2*free)
}

// evenly are n counts of the same size.
func evenly(n int, count float64) []float64 { return slices.Repeat([]float64{count}, n) }

// A way that is divisible gives an iteration its row whoever deals, and however
// many deal beside; one that is not does not.
func TestRowsAreTheSameHoweverIterationsAreShared(t *testing.T) {
	for _, pick := range ways() {
		differed := false
		rapid.Check(t, func(t *rapid.T) {
			key, rows := aKey(t), rapid.Uint64Range(40, 300).Draw(t, "rows")
			alone, loops := pick.dealer(rows, key), make([]Dealer, rapid.IntRange(2, 4).Draw(t, "loops"))
			for i := range loops {
				loops[i] = pick.dealer(rows, key)
			}
			for i := range uint64(40) {
				turn := Turn{Iteration: i, User: i % 7}
				want, _, _ := alone.Deal(turn)
				got, _, ok := rapid.SampledFrom(loops).Draw(t, "loop").Deal(turn)
				if pick.Divisible() && (!ok || got != want) {
					t.Fatalf("%v: iteration %d has row %d, and row %d where it was shared", pick, i, want, got)
				}
				differed = differed || got != want
			}
		})
		if !pick.Divisible() && !differed {
			t.Errorf("%v is the same however it is shared", pick)
		}
	}
}

// Rows are there, whatever their number.
func TestRowsAreThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pick := rapid.SampledFrom(ways()).Draw(t, "pick")
		if pick.Way == Zipf {
			pick.Exponent = rapid.Float64Range(0.01, steepest).Draw(t, "exponent")
		}
		rows := rapid.OneOf(rapid.Uint64Range(1, 40), rapid.Uint64Range(1, 2*furthest+1)).Draw(t, "rows")
		deal := pick.dealer(rows, aKey(t))
		for range 20 {
			turn := Turn{Iteration: rapid.Uint64().Draw(t, "iteration"), User: rapid.Uint64Range(0, rows-1).Draw(t, "user"), Due: 7}
			row, ready, ok := deal.Deal(turn)
			if ok && (row >= rows || ready != 7) {
				t.Fatalf("row %d of %d, ready at %d", row, rows, ready)
			}
			if taken := pick.Way == Leased || pick.Way == Once; !ok && !taken {
				t.Fatal("no row")
			}
		}
	})
}

func TestNextGoesThroughTheRows(t *testing.T) {
	deal := Pick{}.dealer(3, 1)
	for i, want := range []uint64{0, 1, 2, 0, 1} {
		if row, _, _ := deal.Deal(Turn{Iteration: uint64(i)}); row != want {
			t.Errorf("iteration %d has row %d, want %d", i, row, want)
		}
	}
}

func TestShuffleHasEveryRowOnceARound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.Uint64Range(1, 300).Draw(t, "rows")
		s, round := newShuffle(aKey(t), rows), rapid.Uint64Range(0, 1<<40).Draw(t, "round")
		seen := make([]bool, rows)
		for i := range rows {
			row := s.row(round*rows + i)
			if row >= rows || seen[row] {
				t.Fatalf("row %d of %d comes twice in round %d", row, rows, round)
			}
			seen[row] = true
		}
	})
}

// So do rows that nobody could walk through, as far as one looks.
func TestShuffleOfManyRows(t *testing.T) {
	const rows = 1_000_000_007
	s, seen := newShuffle(5, rows), map[uint64]bool{}
	for n := range uint64(100_000) {
		seen[s.row(n)] = true
	}
	if len(seen) != 100_000 {
		t.Errorf("%d rows of 100,000 are different", len(seen))
	}
}

// Of a few rows every order is as likely as any other.
func TestShuffleOfFewRowsHasAllOrders(t *testing.T) {
	const each = 300
	for rows, orders := range map[uint64]int{2: 2, 3: 6, 4: 24, 5: 120} {
		s, met := newShuffle(random.Key(rows), rows), map[string]float64{}
		for round := range uint64(each * orders) {
			order := make([]byte, rows)
			for i := range order {
				order[i] = 'a' + byte(s.row(round*rows+uint64(i)))
			}
			met[string(order)]++
		}
		var counts []float64
		for _, count := range met {
			counts = append(counts, count)
		}
		if off := sigmas(counts, evenly(len(counts), each)); len(counts) != orders || math.Abs(off) > 5 {
			t.Errorf("%d rows: %d orders of %d, off by %.1f standard deviations", rows, len(counts), orders, off)
		}
	}
}

// Every row comes equally often at every place, and behind every other one.
func TestShuffleLeavesNoTraceOfTheOrder(t *testing.T) {
	for _, rows := range []int{16, 17, 32, 61} {
		rounds := 100 * rows
		places, pairs := make([]float64, rows*rows), make([]float64, rows*rows)
		s := newShuffle(random.Key(100+rows), uint64(rows))
		for round := range rounds {
			before := -1
			for place := range rows {
				row := int(s.row(uint64(round*rows + place)))
				places[place*rows+row]++
				if before >= 0 {
					pairs[before*rows+row]++
				}
				before = row
			}
		}
		pairs = slices.DeleteFunc(pairs, func(count float64) bool { return count == 0 }) // a row behind itself
		if off := sigmas(places, evenly(rows*rows, 100)); math.Abs(off) > 5 {
			t.Errorf("%d rows: places are off by %.1f standard deviations", rows, off)
		}
		if off := sigmas(pairs, evenly(rows*(rows-1), 100)); len(pairs) != rows*(rows-1) || math.Abs(off) > 5 {
			t.Errorf("%d rows: pairs are off by %.1f standard deviations", rows, off)
		}
	}
}

func TestRandomIsEven(t *testing.T) {
	const rows, each = 50, 1000
	counts, deal := make([]float64, rows), Pick{Way: Random}.dealer(rows, 3)
	for i := range uint64(rows * each) {
		row, _, _ := deal.Deal(Turn{Iteration: i})
		counts[row]++
	}
	if off := sigmas(counts, evenly(rows, each)); math.Abs(off) > 4 {
		t.Errorf("rows are off by %.1f standard deviations", off)
	}
}

// Row k comes in proportion to 1/(k+1)^s.
func TestZipfFollowsTheFormula(t *testing.T) {
	const draws = 100_000
	for _, c := range []struct {
		s    float64
		rows int
	}{{0.2, 30}, {0.5, 30}, {1, 30}, {1.1, 1000}, {2, 12}, {3.5, 4}, {1, 1_000_000}, {1.1, 1_000_000}} {
		// What is beyond the first hundred rows is one count.
		bins := min(c.rows, 100)
		want, total := make([]float64, bins), 0.0
		for k := range c.rows {
			weight := math.Pow(float64(k+1), -c.s)
			want[min(k, bins-1)] += weight
			total += weight
		}
		for i := range want {
			want[i] *= draws / total
		}
		counts, z := make([]float64, bins), newZipf(random.Key(c.rows), uint64(c.rows), c.s)
		for n := range uint64(draws) {
			counts[min(int(z.row(n)), bins-1)]++
		}
		if off := sigmas(counts, want); math.Abs(off) > 5 {
			t.Errorf("zipf %g of %d rows is off by %.1f standard deviations", c.s, c.rows, off)
		}
	}
}

// A user keeps its row, and one beyond the last has none.
func TestPerUser(t *testing.T) {
	deal := Pick{Way: PerUser}.dealer(2, 1)
	for _, turn := range []Turn{{0, 1, 0}, {5, 1, 0}, {6, 0, 0}} {
		if row, _, ok := deal.Deal(turn); row != turn.User || !ok {
			t.Errorf("%+v has row %d, %v", turn, row, ok)
		}
	}
	if _, _, ok := deal.Deal(Turn{User: 2}); ok {
		t.Error("a third user has a row of two")
	}
}

func TestOnceEnds(t *testing.T) {
	deal := Pick{Way: Once}.dealer(2, 1)
	for i, turn := range []Turn{{7, 3, 0}, {9, 3, 0}} {
		if row, _, ok := deal.Deal(turn); deal.Spent() != (i == 1) || row != uint64(i) || !ok {
			t.Errorf("%+v has row %d, %v, spent %v", turn, row, ok, deal.Spent())
		}
		deal.Return(0, 1) // is not taken back
	}
	if _, _, ok := deal.Deal(Turn{10, 3, 0}); ok {
		t.Error("there is a third row of two")
	}
}

// Beside a model that is a plain list: no row is dealt that somebody has, the one
// free for longest comes first, and it was to be had from when it came back.
func TestLeased(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.Uint64Range(1, 12).Draw(t, "rows")
		deal := Pick{Way: Leased}.dealer(rows, 1)
		var free, out []returned
		for i := range rows {
			free = append(free, returned{row: i, at: math.MinInt64})
		}
		now := time.Duration(0)
		t.Repeat(map[string]func(*rapid.T){
			"deal": func(t *rapid.T) {
				due := now - rapid.SampledFrom([]time.Duration{0, 1, 20}).Draw(t, "waited")
				row, ready, ok := deal.Deal(Turn{Due: due})
				if ok != (len(free) > 0) || deal.Spent() {
					t.Fatalf("dealt %v, %d are free", ok, len(free))
				}
				if !ok {
					return
				}
				if row != free[0].row || ready != max(due, free[0].at) {
					t.Fatalf("row %d, ready at %d; want %+v, due at %d", row, ready, free[0], due)
				}
				out, free = append(out, free[0]), free[1:]
			},
			"return": func(t *rapid.T) {
				if len(out) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(out)-1).Draw(t, "which")
				now++
				deal.Return(out[i].row, now)
				free, out = append(free, returned{out[i].row, now}), slices.Delete(out, i, i+1)
			},
		})
	})
}

// Dealing allocates nothing, whichever way.
func TestDealingAllocatesNothing(t *testing.T) {
	for _, pick := range ways() {
		deal, turn := pick.dealer(1_000_000, 1), Turn{}
		if n := testing.AllocsPerRun(1000, func() {
			deal.Deal(turn)
			turn.Iteration++
		}); n != 0 {
			t.Errorf("%v: %v allocations", pick, n)
		}
	}
}

func BenchmarkDeal(b *testing.B) {
	for _, rows := range []uint64{16, 1_000_000} {
		for _, pick := range ways() {
			b.Run(fmt.Sprintf("way-%d/%d", pick.Way, rows), func(b *testing.B) {
				deal, turn := pick.dealer(rows, 1), Turn{}
				for b.Loop() {
					row, _, ok := deal.Deal(turn)
					if ok && pick.Way == Leased {
						deal.Return(row, 0)
					}
					turn.Iteration++
				}
			})
		}
	}
}
