package setting

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"

	"plimsoll/target/quantity"
)

// Parsed is a single value that parse makes of its text.
func Parsed[T any](want string, parse func(string) (T, error), schema func() *jsonschema.Schema) Shape[T] {
	return Shape[T]{
		Want: want,
		Read: func(r *Reader, n *yaml.Node) (T, bool) {
			var none T
			text, ok := r.scalar(n, want)
			if !ok {
				return none, false
			}
			v, err := parse(text)
			if err != nil {
				r.Problem(place(n), "%v", err)
				return none, false
			}
			return v, true
		},
		Schema: func() *jsonschema.Schema {
			s := schema()
			if s.Pattern != "" {
				// VS Code shows this instead of the regular expression.
				s.Extra = map[string]any{"patternErrorMessage": "expected " + want}
			}
			return s
		},
	}
}

// short clips what it hands on: no quantity is that long, and the error
// would repeat all of it.
func short[T any](parse func(string) (T, error)) func(string) (T, error) {
	return func(text string) (T, error) { return parse(clip(text)) }
}

// clip shortens a text that is quoted in a message.
func clip(text string) string {
	const longest = 60
	if utf8.RuneCountInString(text) <= longest {
		return text
	}
	return string([]rune(text)[:longest]) + "…"
}

// Duration is a duration of zero or more.
func Duration() Shape[time.Duration] {
	return Parsed("a duration such as 1.5s or 200ms", short(quantity.ParseDuration), func() *jsonschema.Schema {
		s := Spelled(quantity.DurationPattern, "integer")
		s.Minimum, s.Maximum = new(0.0), new(0.0)
		return s
	})
}

// LongerThanZero is a duration above zero.
func LongerThanZero() Shape[time.Duration] {
	return Parsed("a duration such as 1.5s or 200ms", short(ParseLongerThanZero), func() *jsonschema.Schema {
		return Spelled(quantity.DurationPattern)
	})
}

// ParseLongerThanZero reads a duration above zero.
func ParseLongerThanZero(text string) (time.Duration, error) {
	d, err := quantity.ParseDuration(text)
	positive, negative := strings.CutPrefix(strings.TrimSpace(text), "-")
	if _, wrong := quantity.ParseDuration(positive); err == nil && d == 0 || negative && wrong == nil {
		return 0, fmt.Errorf("the duration %q must be above zero", text)
	}
	return d, err
}

// ParseRate is quantity.ParseRate for people who leave the time out, or write
// it as other tools do.
func ParseRate(text string) (quantity.Rate, error) {
	rate, err := quantity.ParseRate(text)
	if count := timeless.FindStringSubmatch(strings.TrimSpace(text)); count != nil {
		if _, wrong := quantity.ParseRate(count[1] + "/s"); wrong != nil {
			return rate, wrong
		}
		err = fmt.Errorf("%q is not a rate: write %s/s", text, count[1])
	}
	return rate, err
}

var timeless = regexp.MustCompile(`^(-?[0-9]*\.?[0-9]+[kM]?)\s*(?i:rps|qps|req/s|r/s)?$`)

// Rate is a rate above zero.
func Rate() Shape[quantity.Rate] {
	return Parsed("a rate such as 500/s, 5/2s or 300/min", short(ParseRate), func() *jsonschema.Schema {
		return Spelled(quantity.RatePattern)
	})
}

// Percent is a percentage from zero to a million, as a share of 1.
func Percent() Shape[float64] {
	shape := Parsed("a percentage such as 0.1%", short(quantity.ParsePercent), func() *jsonschema.Schema {
		return Spelled(quantity.PercentPattern)
	})
	return Where(shape, func(v float64) error {
		if v > 1e4 {
			return fmt.Errorf("%.6g%% is out of range: a million percent are the limit", v*100)
		}
		return nil
	})
}

// Share is a percentage up to 100 %, as a share of 1.
func Share() Shape[float64] {
	return Where(Percent(), func(v float64) error {
		if v > 1 {
			return fmt.Errorf("%.6g%% is more than 100%%, which is all there is", v*100)
		}
		return nil
	})
}

// Count is a whole number between two bounds, both included.
func Count(from, to int) Shape[int] {
	bounds := fmt.Sprintf("from %s to %s", quantity.Count(int64(from)), quantity.Count(int64(to)))
	read := func(text string) (int, error) {
		n, err := ParseCount(text, int64(from), int64(to))
		return int(n), err
	}
	return Parsed("a whole number "+bounds, short(read), func() *jsonschema.Schema {
		s := Spelled(quantity.CountPattern, "integer")
		s.Minimum, s.Maximum = new(float64(from)), new(float64(to))
		return s
	})
}

// ParseCount reads a whole number between two bounds, both included; the upper
// one may be math.MaxInt64, for none. Whatever is wrong with it, the bounds that
// are named are these.
func ParseCount(text string, from, to int64) (int64, error) {
	bounds := fmt.Sprintf("write a whole number from %s to %s", quantity.Count(from), quantity.Count(to))
	if to == math.MaxInt64 {
		bounds = fmt.Sprintf("write a whole number from %s on", quantity.Count(from))
	}
	n, err := quantity.ParseCount(text)
	switch {
	case err == nil && from <= n && n <= to:
		return n, nil
	case err == nil || quantity.IsWhole(text):
		return 0, fmt.Errorf("%s is out of range: %s", text, bounds)
	case quantity.IsNumber(text):
		return 0, fmt.Errorf("%s is not whole: %s", text, bounds)
	}
	return 0, fmt.Errorf("%q is not a count: %s", text, bounds)
}

// Number is a number between two bounds; above excludes the lower one.
func Number(from, to float64, above bool) Shape[float64] {
	bounds := fmt.Sprintf("from %g to %g", from, to)
	if above {
		bounds = fmt.Sprintf("above %g, up to %g", from, to)
	}
	read := func(text string) (float64, error) {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a number: write one %s, such as 2.5", text, bounds)
		}
		if !(v >= from && v <= to) || above && v == from {
			return 0, fmt.Errorf("%s is out of range: write a number %s", text, bounds)
		}
		return v, nil
	}
	return Parsed("a number "+bounds, short(read), func() *jsonschema.Schema {
		s := Spelled(`\+?[0-9.]+([eE][+-]?[0-9]+)?`, "number")
		s.Maximum = &to
		if above {
			s.ExclusiveMinimum = &from
		} else {
			s.Minimum = &from
		}
		return s
	})
}

// Text is any text; numbers and true and false are taken as they are written.
func Text(want string) Shape[string] {
	return Parsed(want, func(text string) (string, error) { return text, nil }, func() *jsonschema.Schema {
		return &jsonschema.Schema{Types: []string{"string", "number", "boolean"}}
	})
}

// Bool is true or false.
func Bool() Shape[bool] {
	read := func(text string) (bool, error) {
		switch strings.ToLower(text) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return false, fmt.Errorf("%q is neither true nor false", text)
	}
	return Parsed("true or false", short(read), func() *jsonschema.Schema {
		return Spelled("[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]", "boolean")
	})
}

// Word is one of a few words; what names their kind ("a clock").
func Word(what string, words ...string) Shape[string] {
	read := func(text string) (string, error) {
		if !slices.Contains(words, text) {
			return "", fmt.Errorf("%q is not %s%s", text, what, Suggest(text, words))
		}
		return text, nil
	}
	return Parsed(what+": "+strings.Join(words, ", "), short(read), func() *jsonschema.Schema {
		var values []any
		for _, word := range words {
			values = append(values, word)
			if number, err := strconv.ParseFloat(word, 64); err == nil {
				values = append(values, number) // 1.1 is a number unless it is quoted
			}
		}
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Enum: values}, {Type: "string", Pattern: environment}}}
	})
}
