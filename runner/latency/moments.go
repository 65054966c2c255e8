package latency

import (
	"math"
	"math/big"
	"math/bits"
)

// moments are the sums of values and of their squares, exact: in whatever order
// values are added, and in how many parts they were recorded, leaves no trace.
// They never overflow: 2⁶³ squares of 2⁶³ are below 192 bits.
type moments struct {
	sum     [2]uint64 // Σv, the lowest word first
	squares [3]uint64 // Σv²
}

// small is the bound below which a square has 64 bits: 4.29 s.
const small = 1 << 32

// addSmall adds a value from 0 to below small. Carries are rare.
func (m *moments) addSmall(v uint64) {
	if m.sum[0] += v; m.sum[0] < v {
		m.sum[1]++
	}
	if m.squares[0] += v * v; m.squares[0] < v*v {
		m.carry()
	}
}

// carry adds 1 to the second word of the squares.
func (m *moments) carry() {
	if m.squares[1]++; m.squares[1] == 0 {
		m.squares[2]++
	}
}

// addMany adds a value n times.
func (m *moments) addMany(v, n uint64) {
	high, low := bits.Mul64(v, n)
	var carry uint64
	m.sum[0], carry = bits.Add64(m.sum[0], low, 0)
	m.sum[1] += high + carry
	high, low = bits.Mul64(v, v)
	second, first := bits.Mul64(low, n)
	m.squares[0], carry = bits.Add64(m.squares[0], first, 0)
	m.squares[1], carry = bits.Add64(m.squares[1], second, carry)
	m.squares[2] += carry
	if high > 0 {
		third, second := bits.Mul64(high, n)
		m.squares[1], carry = bits.Add64(m.squares[1], second, 0)
		m.squares[2] += third + carry
	}
}

func (m *moments) merge(o moments) {
	var carry uint64
	m.sum[0], carry = bits.Add64(m.sum[0], o.sum[0], 0)
	m.sum[1] += o.sum[1] + carry
	m.squares[0], carry = bits.Add64(m.squares[0], o.squares[0], 0)
	m.squares[1], carry = bits.Add64(m.squares[1], o.squares[1], carry)
	m.squares[2] += o.squares[2] + carry
}

// mean is that of n values.
func (m *moments) mean(n int64) float64 { return m.total() / float64(n) }

// total is the sum of the values.
func (m *moments) total() float64 { return float64(m.sum[1])*(1<<64) + float64(m.sum[0]) }

// stddev is the standard deviation of n values: √(n·Σv² − (Σv)²)/n.
func (m *moments) stddev(n int64) float64 {
	sum, squares := whole(m.sum[:]), whole(m.squares[:])
	squares.Mul(squares, big.NewInt(n))
	spread, _ := new(big.Float).SetInt(squares.Sub(squares, sum.Mul(sum, sum))).Float64()
	return math.Sqrt(max(0, spread)) / float64(n)
}

// momentsOf are the moments of n values of that mean and standard deviation.
func momentsOf(mean, stddev float64, n int64) (m moments) {
	exact := func(x float64) *big.Float { return new(big.Float).SetPrec(256).SetFloat64(x) }
	count := exact(0).SetInt64(n)
	sum := nearest(exact(mean).Mul(exact(mean), count))
	square := exact(0).SetInt(sum)
	square.Quo(square.Mul(square, square), count)
	spread := exact(stddev)
	spread.Mul(spread.Mul(spread, spread), count)
	words(m.sum[:], sum)
	words(m.squares[:], nearest(square.Add(square, spread)))
	return m
}

// nearest is the nearest integer of what is 0 or more.
func nearest(x *big.Float) *big.Int {
	n, _ := x.Add(x, big.NewFloat(0.5)).Int(nil)
	return n
}

// whole is the integer of words, the lowest first.
func whole(words []uint64) *big.Int {
	n := new(big.Int)
	for i := len(words) - 1; i >= 0; i-- {
		n.Or(n.Lsh(n, 64), new(big.Int).SetUint64(words[i]))
	}
	return n
}

// words puts an integer into words, the lowest first.
func words(into []uint64, n *big.Int) {
	n = new(big.Int).Set(n)
	for i := range into {
		into[i] = new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
		n.Rsh(n, 64)
	}
}
