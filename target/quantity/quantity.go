// Package quantity reads and prints the quantities of the scenario language:
// durations, rates, percentages and counts. Inside the program time is whole
// nanoseconds and a share is a fraction of 1; units live only here, at the
// edge.
package quantity

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Longest is the longest duration that is taken: 100 years.
const Longest = 100 * 365 * 24 * time.Hour

// How the quantities are spelled, as regular expressions for JSON Schemas. A
// spelling may still stand for a value out of range.
const (
	DurationPattern = `\+?(` + numberPattern + unitPattern + `)+|\+?0`
	PercentPattern  = `\+?` + scientificPattern + `\s*%`
	CountPattern    = `\+?` + scientificPattern + `\s*[kM]?`
	RatePattern     = CountPattern + `\s*/\s*(` + unitPattern + `|min|\+?(` + numberPattern + `(` + unitPattern + `|min))+)`

	numberPattern     = `([0-9]+\.?[0-9]*|\.[0-9]+)`
	scientificPattern = numberPattern + `([eE][+-]?[0-9]+)?`
	unitPattern       = `(ns|us|µs|μs|ms|s|m|h)`
)

var duration = regexp.MustCompile(`^-?(` + DurationPattern + `)$`)

// fastest is the highest rate that is taken, in events a second: nothing can
// start so many, and who writes a higher one means something else.
const fastest = 100_000_000

// Rate is N every Per: 5/2s is not 2.5/s where windows and bursts are meant.
// The zero Rate stands for "no rate given".
type Rate struct {
	N   int64
	Per time.Duration
}

// PerSecond is the rate in events per second.
func (r Rate) PerSecond() float64 {
	if r.Per <= 0 {
		return 0
	}
	return float64(r.N) / r.Per.Seconds()
}

// IsZero tells whether no rate was given.
func (r Rate) IsZero() bool { return r == Rate{} }

// String prints the rate as a scenario file spells it.
func (r Rate) String() string {
	per := map[time.Duration]string{time.Second: "s", time.Minute: "min", time.Hour: "h"}[r.Per]
	if per == "" {
		per = Duration(r.Per)
	}
	return fmt.Sprintf("%d/%s", r.N, per)
}

// ParseRate reads "500/s", "5/2s", "300/min", "1/100ms", "10k/s", and shares
// of one, which become whole numbers of a longer time: "2.5/s" is 5/2s, and
// "0.4/s" is 2/5s, exactly. Both the count and the time must be above zero.
func ParseRate(s string) (Rate, error) {
	count, per, found := strings.Cut(strings.TrimSpace(s), "/")
	if !found {
		return Rate{}, fmt.Errorf("%q is not a rate: write a count and a time, such as 500/s, 2.5/s or 300/min", s)
	}
	n, parts, err := parseFraction(count)
	if err != nil {
		return Rate{}, fmt.Errorf("%q is not a rate: before the slash comes a number, such as 500/s, 5/2s or 2.5/s", s)
	}
	d, err := parsePer(strings.TrimSpace(per))
	if err != nil {
		return Rate{}, fmt.Errorf("%q is not a rate: after the slash comes a time such as s, min, 2s or 100ms", s)
	}
	switch {
	case n.Sign() <= 0 || d <= 0:
		return Rate{}, fmt.Errorf("the rate %q must be above zero", s)
	case n.Cmp(big.NewInt(mostOfARate)) > 0:
		return Rate{}, fmt.Errorf("the rate %q has too many digits: %d are the limit, such as 33.333/s", s, len(strconv.FormatInt(mostOfARate, 10))-1)
	case parts.Cmp(big.NewInt(int64(Longest/d))) > 0:
		return Rate{}, fmt.Errorf("the rate %q is too slow: there must be one in 100 years at least", s)
	}
	rate := Rate{N: n.Int64(), Per: d * time.Duration(parts.Int64())}
	if rate.PerSecond() > fastest {
		return Rate{}, fmt.Errorf("the rate %q is too high to be meant: %s/s, one every 10ns, is the limit, and more than anything can start", s, Count(fastest))
	}
	return rate, nil
}

// mostOfARate is the highest count that a rate may have.
const mostOfARate = 1_000_000_000_000_000

// parseFraction reads a number, which k or M may follow, as a fraction in its
// lowest terms.
func parseFraction(s string) (n, parts *big.Int, err error) {
	number, factor := splitFactor(s)
	f, err := parseNumber(number)
	switch { // what is exact is only spelled out where it cannot fill the memory
	case err != nil:
		return nil, nil, err
	case f == 0 && !strings.ContainsAny(number[:len(number)-len(exponentOf(number))], "123456789"):
		return new(big.Int), big.NewInt(1), nil
	case math.Abs(f) < 1e-18:
		return big.NewInt(1), big.NewInt(math.MaxInt64), nil
	}
	v, ok := new(big.Rat).SetString(strings.TrimSpace(number))
	if !ok {
		return nil, nil, strconv.ErrSyntax
	}
	v.Mul(v, new(big.Rat).SetInt64(factor))
	return v.Num(), v.Denom(), nil
}

// exponentOf is a number's e and what follows; "" without.
func exponentOf(number string) string {
	if at := strings.IndexAny(number, "eE"); at >= 0 {
		return number[at:]
	}
	return ""
}

// splitFactor takes the k or M off a number, which stand for a thousand and a
// million.
func splitFactor(s string) (number string, factor int64) {
	number = strings.TrimSpace(s)
	if n, ok := strings.CutSuffix(number, "k"); ok {
		return n, 1e3
	}
	if n, ok := strings.CutSuffix(number, "M"); ok {
		return n, 1e6
	}
	return number, 1
}

// ParsePerSecond reads a throughput as events per second. Unlike a Rate it
// may be any share of one: "480.5/s", "0.2/min".
func ParsePerSecond(s string) (float64, error) {
	count, per, found := strings.Cut(strings.TrimSpace(s), "/")
	v, err := parseNumber(count)
	if err != nil || !found {
		return 0, fmt.Errorf("%q is not a throughput: write a number and a time, such as 480/s or 2.5/min", s)
	}
	d, err := parsePer(strings.TrimSpace(per))
	if err != nil || d <= 0 || d > Longest {
		return 0, fmt.Errorf("%q is not a throughput: after the slash comes a time such as s, min, 2s or 100ms", s)
	}
	if v < 0 || v/d.Seconds() > 1e15 {
		return 0, fmt.Errorf("the throughput %q must be from 0 to 10^15 a second", s)
	}
	return v / d.Seconds(), nil
}

// parsePer reads the time of a rate: a duration, or a unit alone for one of it.
func parsePer(s string) (time.Duration, error) {
	if n, ok := strings.CutSuffix(s, "min"); ok {
		s = n + "m"
	}
	if s != "" && !strings.ContainsAny(s[:1], "+-.0123456789") {
		s = "1" + s
	}
	return time.ParseDuration(s)
}

// ParseDuration reads Go's durations ("1.5s", "200ms"), from zero to Longest.
func ParseDuration(s string) (time.Duration, error) {
	text := strings.TrimSpace(s)
	d, err := time.ParseDuration(text)
	if err != nil {
		if _, number := parseNumber(text); number == nil {
			return 0, fmt.Errorf("%q has no unit: write %ss or %sms", s, text, text)
		}
		if minutes, found := strings.CutSuffix(text, "in"); found && duration.MatchString(minutes) {
			return 0, fmt.Errorf("%q is not a duration: write %s", s, minutes)
		}
		if !duration.MatchString(text) {
			return 0, fmt.Errorf("%q is not a duration: write a number and a unit, such as 1.5s or 200ms", s)
		}
		d = math.MaxInt64 // written well, but beyond what 64 bits of nanoseconds hold
	}
	if strings.HasPrefix(text, "-") {
		return 0, fmt.Errorf("the duration %q must not be negative", s)
	}
	if d > Longest {
		return 0, fmt.Errorf("the duration %q is too long: 100 years are the limit", s)
	}
	return d, nil
}

// Duration prints a duration with the fewest characters that lose nothing.
func Duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// ParsePercent reads "0.1%" as 0.001. A bare number is refused, because 5 may
// mean 5 % or 500 %.
func ParsePercent(s string) (float64, error) {
	number, found := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, err := parseNumber(number)
	if err != nil {
		return 0, fmt.Errorf("%q is not a percentage: write a number and a percent sign, such as 0.1%%", s)
	}
	if !found {
		return 0, withoutPercent(strings.TrimSpace(s), v)
	}
	if math.Signbit(v) {
		return 0, fmt.Errorf("the percentage %q must not be negative", s)
	}
	return v / 100, nil
}

// withoutPercent asks what a bare number means: 0.05 may be a share of 1, 5 %,
// or a percentage, 0.05 %.
func withoutPercent(s string, v float64) error {
	if !(v > 0 && v <= 1) {
		return fmt.Errorf("%q has no percent sign: write %s%%", s, s)
	}
	share := strconv.FormatFloat(v*100, 'g', 12, 64) // 0.07 × 100 is not quite 7
	return fmt.Errorf("%q has no percent sign: did you mean %s%% or %s%%?", s, share, s)
}

// ParseCount reads a whole number from 0 to 10^15; k and M stand for a
// thousand and a million ("10k", "1.5M").
func ParseCount(s string) (int64, error) {
	number, factor := splitFactor(s)
	v, err := parseNumber(number)
	if err != nil {
		return 0, fmt.Errorf("%q is not a count: write a whole number, such as 100, 10k or 1M", s)
	}
	// 1.005M is not quite whole in binary.
	v *= float64(factor)
	whole := math.Round(v)
	if math.Abs(v-whole) > 1e-12*whole || math.Signbit(whole) || whole > 1e15 {
		return 0, fmt.Errorf("%q must be a whole number from 0 to 10^15", s)
	}
	return int64(whole), nil
}

// IsNumber tells whether a text is a number, which k or M may follow; IsWhole,
// whether it is a whole one, however small or large.
func IsNumber(s string) bool {
	number, _ := splitFactor(s)
	_, err := parseNumber(number)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

func IsWhole(s string) bool {
	number, factor := splitFactor(s)
	v, err := parseNumber(number)
	return errors.Is(err, strconv.ErrRange) || err == nil && math.Trunc(v*float64(factor)) == v*float64(factor)
}

// parseNumber reads a decimal number; ParseFloat's words (inf, nan) and
// hexadecimal forms are none of a scenario file's.
func parseNumber(s string) (float64, error) {
	s = strings.TrimSpace(s)
	if strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s, 64)
}

// Count prints a count as short as it can be without losing anything: 10k.
func Count(n int64) string {
	switch {
	case n != 0 && n%1e6 == 0:
		return fmt.Sprintf("%dM", n/1e6)
	case n != 0 && n%1e3 == 0:
		return fmt.Sprintf("%dk", n/1e3)
	}
	return strconv.FormatInt(n, 10)
}
