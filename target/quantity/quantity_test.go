package quantity

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseRate(t *testing.T) {
	good := map[string]Rate{
		"500/s":     {500, time.Second},
		"5/2s":      {5, 2 * time.Second},
		"300/min":   {300, time.Minute},
		"300/m":     {300, time.Minute},
		"3/2min":    {3, 2 * time.Minute},
		"1/100ms":   {1, 100 * time.Millisecond},
		"10k/s":     {10_000, time.Second},
		"1.5M/h":    {1_500_000, time.Hour},
		"7/1m30s":   {7, 90 * time.Second},
		"1/µs":      {1, time.Microsecond},
		" 5 / 2s ":  {5, 2 * time.Second},
		"100M/s":    {100_000_000, time.Second},
		"0.4/s":     {2, 5 * time.Second},
		"2.5/s":     {5, 2 * time.Second},
		"0.5/min":   {1, 2 * time.Minute},
		"0.1/s":     {1, 10 * time.Second},
		"33.333/s":  {33_333, 1000 * time.Second},
		"1.5/2s":    {3, 4 * time.Second},
		"2.50/s":    {5, 2 * time.Second},
		"3.0/s":     {3, time.Second},
		"1.2345k/s": {2469, 2 * time.Second},
		"5e-1/s":    {1, 2 * time.Second},
		".25/100ms": {1, 400 * time.Millisecond},
		"1/876000h": {1, Longest},
		"1e3/500us": {1000, 500 * time.Microsecond},
		"1/1.5h":    {1, 90 * time.Minute},
		"100M/1s":   {100_000_000, time.Second},
		"1/+1s":     {1, time.Second},
		"1/.5s":     {1, 500 * time.Millisecond},
		"100000k/s": {100_000_000, time.Second},
	}
	for text, want := range good {
		if got, err := ParseRate(text); err != nil || got != want {
			t.Errorf("ParseRate(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	bad := map[string]string{
		"":                        "not a rate",
		"5":                       "not a rate",
		"5/":                      "after the slash",
		"/s":                      "before the slash",
		"-0.5/s":                  "above zero",
		"0.0/s":                   "above zero",
		"-10/s":                   "above zero",
		"1e9/s":                   "too high to be meant",
		"1000M/s":                 "too high to be meant",
		"1e-10/s":                 "too slow",
		"1e-99999999/s":           "too slow",
		"0.3333333333333333333/s": "too many digits",
		"1e99999999/s":            "before the slash",
		"0/s":                     "above zero",
		"-1/s":                    "above zero",
		"5/0s":                    "above zero",
		"5/-2s":                   "above zero",
		"5/parsec":                "after the slash",
		"5/2":                     "after the slash",
		"1001M/s":                 "too high",
		"1/877000h":               "too slow",
		"1/9e9h":                  "after the slash",
		"inf/s":                   "before the slash",
	}
	for text, want := range bad {
		if got, err := ParseRate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseRate(%q) = %v, %v; want an error with %q", text, got, err, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	good := map[string]time.Duration{
		"1.5s": 1500 * time.Millisecond, "200ms": 200 * time.Millisecond, "0": 0, "0s": 0, " 1m30s ": 90 * time.Second,
		"876000h": Longest, "1µs": time.Microsecond, "1us": time.Microsecond, "+1s": time.Second,
	}
	for text, want := range good {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	bad := map[string]string{
		"": "not a duration", "5": "write 5s or 5ms", "1.5": "no unit", "-1s": "negative", "five": "not a duration",
		"876001h": "too long", "99999999999h": "too long", "-99999999999h": "negative", "1 s": "not a duration", "1d": "not a duration", "1min": "write 1m", "0x5": "not a duration",
	}
	for text, want := range bad {
		if got, err := ParseDuration(text); err == nil || got != 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseDuration(%q) = %v, %v; want an error with %q", text, got, err, want)
		}
	}
}

func TestParsePercent(t *testing.T) {
	good := map[string]float64{"5%": 0.05, "0.1%": 0.001, "0%": 0, "250%": 2.5, "1e-3 %": 0.00001}
	for text, want := range good {
		if got, err := ParsePercent(text); err != nil || got != want {
			t.Errorf("ParsePercent(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	bad := map[string]string{"": "not a percentage", "5": "write 5%", "-1%": "negative", "inf%": "not a percentage", "NaN%": "not a percentage", "%": "not a percentage", "1e999%": "not a percentage", "5%%": "not a percentage"}
	for text, want := range bad {
		if got, err := ParsePercent(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParsePercent(%q) = %v, %v; want an error with %q", text, got, err, want)
		}
	}
}

func TestParseCount(t *testing.T) {
	good := map[string]int64{"0": 0, "100": 100, "10k": 10_000, "1.5M": 1_500_000, "1.005M": 1_005_000, "0.001k": 1, "1e3": 1000, "1000000000000000": 1e15}
	for text, want := range good {
		if got, err := ParseCount(text); err != nil || got != want {
			t.Errorf("ParseCount(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	bad := map[string]string{
		"": "not a count", "ten": "not a count", "k": "not a count", "1.5": "whole number", "1e-9": "whole number", "-1": "whole number",
		"1.0005k": "whole number", "1e16": "10^15", "inf": "not a count", "nan": "not a count", "0x10": "not a count", "1_000": "not a count", "1kk": "not a count",
	}
	for text, want := range bad {
		if got, err := ParseCount(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseCount(%q) = %v, %v; want an error with %q", text, got, err, want)
		}
	}
}

func TestParsePerSecond(t *testing.T) {
	good := map[string]float64{"480/s": 480, "480.5/s": 480.5, "30/min": 0.5, "5/2s": 2.5, "0/s": 0}
	for text, want := range good {
		if got, err := ParsePerSecond(text); err != nil || got != want {
			t.Errorf("ParsePerSecond(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "480", "480/", "x/s", "-1/s", "1/0s", "1/-1s", "1e300/s", "1/2"} {
		if got, err := ParsePerSecond(text); err == nil {
			t.Errorf("ParsePerSecond(%q) = %v; want an error", text, got)
		}
	}
}

// A share of one is as exact as it was written: as many events in as long a
// time, to the nanosecond.
func TestFractionsOfARateAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.IntRange(1, 6).Draw(t, "digits")
		n := rapid.Int64Range(1, 1e7).Draw(t, "n")
		unit := rapid.SampledFrom([]string{"s", "min", "2s", "100ms"}).Draw(t, "per")
		tens := int64(math.Pow10(digits))
		text := fmt.Sprintf("%d.%0*d/%s", n/tens, digits, n%tens, unit)
		got, err := ParseRate(text)
		if err != nil {
			t.Fatal(err)
		}
		per, _ := parsePer(unit)
		// got.N / got.Per = n / (tens·per), crosswise.
		left := new(big.Int).Mul(big.NewInt(got.N), new(big.Int).Mul(big.NewInt(tens), big.NewInt(int64(per))))
		right := new(big.Int).Mul(big.NewInt(n), big.NewInt(int64(got.Per)))
		if left.Cmp(right) != 0 {
			t.Fatalf("%s is read as %v", text, got)
		}
	})
}

// A bare number between 0 and 1 may be a share or a percentage: a hundredth of
// the one is the other, so neither is suggested alone.
func TestBareShares(t *testing.T) {
	for text, want := range map[string]string{
		"0.05": "did you mean 5% or 0.05%?", "0.01": "did you mean 1% or 0.01%?", "1": "did you mean 100% or 1%?", "0.07": "did you mean 7% or 0.07%?",
		"5": "write 5%", "0": "write 0%", "99.9": "write 99.9%",
	} {
		if _, err := ParsePercent(text); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// What is printed reads back as what it was.
func TestRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(Longest)).Draw(t, "duration"))
		if rapid.Bool().Draw(t, "whole") {
			unit := rapid.SampledFrom([]time.Duration{time.Microsecond, time.Millisecond, time.Second, time.Minute, time.Hour}).Draw(t, "unit")
			d = d.Truncate(unit)
		}
		if got, err := ParseDuration(Duration(d)); err != nil || got != d {
			t.Errorf("%d ns is printed as %q and read as %v, %v", d, Duration(d), got, err)
		}
		rate := Rate{N: rapid.Int64Range(1, 1000).Draw(t, "n"), Per: max(d, 10*time.Microsecond)}
		if got, err := ParseRate(rate.String()); err != nil || got != rate {
			t.Errorf("%#v is printed as %q and read as %v, %v", rate, rate, got, err)
		}
		n := rapid.Int64Range(0, 1e9).Draw(t, "count")
		if got, err := ParseCount(Count(n)); err != nil || got != n {
			t.Errorf("%d is printed as %q and read as %v, %v", n, Count(n), got, err)
		}
	})
}

func TestDurationIsShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Hour: "1h", 10 * time.Hour: "10h", 90 * time.Minute: "1h30m", time.Minute: "1m", 20 * time.Minute: "20m", time.Hour + time.Second: "1h0m1s",
		1500 * time.Millisecond: "1.5s", 0: "0s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d) = %q, want %q", d, got, want)
		}
	}
}

// Whatever a reader takes, its pattern admits: an editor that checks against
// the schema never marks a good value.
func TestPatternsAdmitWhatIsRead(t *testing.T) {
	number := `[-+]?[0-9]{1,2}(\.[0-9])?`
	for _, c := range []struct {
		pattern, likely string
		read            func(string) error
	}{
		{DurationPattern, number + `(us|µs|ms|s|m|h)`, func(s string) error { _, err := ParseDuration(s); return err }},
		{RatePattern, `[1-9][0-9]?[kM]? ?/ ?[1-9]?(ms|s|m|min|h)`, func(s string) error { _, err := ParseRate(s); return err }},
		{PercentPattern, number + ` ?%`, func(s string) error { _, err := ParsePercent(s); return err }},
		{CountPattern, `[+]?[0-9]{1,2}([eE][0-9]|\.[05])?[kM]?`, func(s string) error { _, err := ParseCount(s); return err }},
	} {
		admits := regexp.MustCompile(`^\s*(` + c.pattern + `)\s*$`)
		text := rapid.OneOf(rapid.StringMatching(c.likely), rapid.StringMatching(c.pattern), rapid.StringMatching(`[-+0-9.eEkM /nusµmih%]{0,8}`))
		taken, refused := 0, 0
		rapid.Check(t, func(t *rapid.T) {
			s := text.Draw(t, "text")
			switch ok := c.read(s) == nil; {
			case ok && !admits.MatchString(s):
				t.Errorf("%q is read, but %q refuses it", s, c.pattern)
			case ok:
				taken++
			case !admits.MatchString(s):
				refused++
			}
		})
		if !testing.Short() && (taken < 3 || refused < 3) { // -short draws too few texts to tell
			t.Errorf("%q: %d texts were read and %d refused by both: the test shows nothing", c.pattern, taken, refused)
		}
	}
}

func TestPerSecond(t *testing.T) {
	if got := (Rate{5, 2 * time.Second}).PerSecond(); got != 2.5 {
		t.Errorf("5/2s is %v a second, want 2.5", got)
	}
	if got := (Rate{}).PerSecond(); got != 0 || !(Rate{}).IsZero() {
		t.Errorf("no rate is %v a second, want 0", got)
	}
	if math.IsInf((Rate{N: 1}).PerSecond(), 0) {
		t.Error("a rate without a time is infinite")
	}
}
