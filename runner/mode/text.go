package mode

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	"plimsoll/target/delay"
	"plimsoll/target/quantity"
)

// text is a mode as results have it: "name: value", one after the other.
type text []string

func (t *text) put(name string, value any) {
	if value := fmt.Sprint(value); value != "" {
		*t = append(*t, name+": "+value)
	}
}

func (t text) String() string { return strings.Join(t, ", ") }

// thinking is a distribution as a short text.
func thinking(d delay.Delay) string {
	switch {
	case d.IsZero():
		return ""
	case d.Kind == delay.Constant:
		return quantity.Duration(d.A)
	}
	data, err := json.Marshal(d)
	if err != nil {
		return string(d.Kind) // cannot be: a Delay is plain numbers
	}
	if len(data) > 200 { // many samples: equal ones have equal sums
		return fmt.Sprintf("%s %x", d.Kind, sha256.Sum256(data))
	}
	return string(data)
}
