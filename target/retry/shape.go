package retry

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// Shape is how a scenario file spells them.
func Shape() setting.Shape[Settings] {
	type written struct {
		attempts int
		backoff  setting.At[time.Duration]
		factor   float64
		jitter   string
		budget   setting.At[float64]
		on       setting.Several[string]
	}
	read := setting.Object("retry",
		setting.Key("attempts", "The most attempts for one call, the first one too. Default 3.", setting.Count(1, 1000), func(w *written) *int { return &w.attempts }),
		setting.Key("backoff", "The pause before the second attempt. Default 1s.", setting.Located(setting.Duration()), func(w *written) *setting.At[time.Duration] { return &w.backoff }),
		setting.Key("factor", "By how much each pause is longer than the one before. Default 2.", setting.Number(1, 1000, false), func(w *written) *float64 { return &w.factor }),
		setting.Key("jitter", "full (default): each pause is drawn from 0 to its length; none: it is as long as that.", setting.Word("a jitter", "full", "none"), func(w *written) *string { return &w.jitter }),
		setting.Key("budget", "The most retries there may be, as a share of the calls so far, such as 10%. Default: no bound.", setting.Located(setting.Share()), func(w *written) *setting.At[float64] { return &w.budget }),
		setting.Key("on", "What is tried again: classes of errors and status codes. Default [timeout, connect, 5xx, 429].", setting.OneOrMore(cause()), func(w *written) *setting.Several[string] { return &w.on }),
	)
	return setting.Convert(read, func(r *setting.Reader, at setting.Pos, w written) (Settings, bool) {
		s := Settings{Attempts: cmp.Or(w.attempts, 3), Backoff: time.Second, Factor: cmp.Or(w.factor, 2), Jitter: w.jitter != "none", On: w.on.Values()}
		if w.budget.Given {
			s.Budget = &w.budget.Value
		}
		if w.backoff.Given {
			s.Backoff = w.backoff.Value
		}
		if len(s.On) == 0 {
			s.On = []string{"timeout", "connect", "5xx", "429"}
		}
		if last := float64(s.Backoff) * math.Pow(s.Factor, float64(s.Attempts-2)); last > float64(quantity.Longest) {
			r.Problem(at, "the pause before the last of %d attempts would be longer than 100 years: lower attempts, backoff or factor", s.Attempts)
			return s, false
		}
		return s, true
	})
}

var spelling = regexp.MustCompile(`^(timeout|connect|reset|tls|dns|body|rejected|throttled|[1-5]xx|[1-5][0-9]{2})$`)

func cause() setting.Shape[string] {
	read := func(text string) (string, error) {
		if !spelling.MatchString(text) && !ofFamily(text) {
			return "", fmt.Errorf("%q is nothing to retry on%s", text,
				setting.Suggest(text, []string{"timeout", "connect", "reset", "tls", "dns", "body", "rejected", "throttled", "5xx", "429", "any other status code"}))
		}
		return text, nil
	}
	return setting.Parsed("a class of errors such as timeout or 5xx", read, func() *jsonschema.Schema {
		return setting.Spelled(`timeout|connect|reset|tls|dns|body|rejected|throttled|[1-5]xx|[1-5][0-9]{2}|[a-z]+-\S+`, "integer")
	})
}

// ofFamily tells whether it is a class that some kind's answers name themselves,
// sql-40001; those of HTTP go by their codes.
func ofFamily(text string) bool {
	for _, f := range target.Families() {
		if strings.HasPrefix(text, f.Prefix) && f.Prefix != "status-" {
			return target.IsClass(text)
		}
	}
	return false
}
