package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"plimsoll/report/compare"
	"plimsoll/report/text"
	"plimsoll/report/view"
)

// KnownComparisonFormat tells whether Compare knows a format.
func KnownComparisonFormat(name string) bool {
	return slices.Contains([]string{Text, Markdown, JSON, JUnit}, name)
}

// Compare prints a comparison in one of the formats. Strict makes what cannot
// be told a failure, where the format has such.
func Compare(w io.Writer, c *compare.Comparison, format string, strict bool, o Options) error {
	switch format {
	case Text:
		return text.Terminal(w, view.NewComparison(c), o.text())
	case Markdown:
		return text.Markdown(w, view.NewComparison(c), nil)
	case JSON:
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		return e.Encode(c)
	case JUnit:
		return text.JUnit(w, "plimsoll compare", view.Checks(c, strict))
	}
	return fmt.Errorf("there is no format %q: use text, markdown, json or junit", format)
}
