package verdict

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"plimsoll/runner/exposition"
	"plimsoll/runner/result"
	"plimsoll/target/quantity"
)

// Monitored is the family of what monitors see: monitor.NAME.SERIES, its mean, or
// with .max behind it the highest.
const Monitored = "monitor"

// monitored reads NAME.SERIES, behind `monitor.`.
func (rule *Rule) monitored(text string) error {
	name, series, dotted := strings.Cut(text, ".")
	rule.Family, rule.Stat = Monitored, "mean"
	for _, stat := range []string{"max", "mean"} {
		if of, said := strings.CutSuffix(series, "."+stat); said {
			series, rule.Stat = of, stat
			break
		}
	}
	if !dotted || name == "" || series == "" || series == "max" {
		return fmt.Errorf("monitor.%s does not say which series of the monitor is meant: write monitor.server.cores, or monitor.server.cores.max for the highest", text)
	}
	if s, err := exposition.ParseSelector(series); err == nil {
		series = s.String() // in the spelling that results have
	}
	rule.Monitor, rule.Series = name, series
	return nil
}

// parseMonitored reads a number, in no unit, in bytes, or a second.
func (rule *Rule) parseMonitored(text string) error {
	if v, err := strconv.ParseFloat(text, 64); err == nil && v >= 0 && !math.IsInf(v, 0) {
		rule.Value = v
		return nil
	}
	amount, perSecond := strings.CutSuffix(text, "/s")
	if n, err := quantity.ParseSize(amount); err == nil {
		rule.Value, rule.Unit = float64(n), "B"
		if perSecond {
			rule.Unit = "B/s"
		}
		return nil
	}
	if v, err := quantity.ParsePerSecond(text); err == nil && perSecond {
		rule.Value, rule.Unit = v, "/s"
		return nil
	}
	return fmt.Errorf("%q is no value of a series: write a number from zero on, such as 1.5, a size such as 500MB, or either a second, 100/s", text)
}

// Fits tells why the rule's value cannot be one of a series with such a unit; "": it
// can, or the unit is not known.
func (r Rule) Fits(unit string, known bool) string {
	switch _, _, value, _ := Cut(r.Text); {
	case !known || unit == r.Unit:
		return ""
	case unit == "":
		return fmt.Sprintf("%s.%s is a number without a unit, and %s has one", r.Monitor, r.Series, value)
	case unit == "B":
		return fmt.Sprintf("%s is memory in bytes: write a size, such as 500MB, and not %s", r.Series, value)
	default:
		return fmt.Sprintf("%s is bytes a second: write %s < 10MB/s, for example, and not %s", r.Series, r.Series, value)
	}
}

// monitoredOf is a figure of what a monitor saw.
func monitoredOf(g *result.Group, r Rule) figure {
	var others string
	for _, s := range g.Monitored() {
		switch {
		case s.Name != r.Monitor:
		case s.Series == r.Series && s.Seen() && r.Stat == "max":
			return exactly(s.Max)
		case s.Series == r.Series && s.Seen():
			return exactly(s.Mean)
		case s.Problem != "" && (s.Series == r.Series || s.Series == ""):
			return missing("the monitor saw nothing of it: " + s.Problem)
		default:
			others += ", " + s.Series
		}
	}
	if others != "" {
		return missing("the monitor saw no series " + r.Series + ", only " + others[2:])
	}
	return missing("no monitor watched it")
}
