package quantity

import (
	"fmt"
	"math"
	"strings"
)

// SizePattern is how sizes are spelled.
const SizePattern = `\+?` + numberPattern + `\s*[kKMG]?i?B`

// units of sizes, the largest first; those of 1024 come before those whose
// names end theirs.
var units = []struct {
	name  string
	bytes float64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"kiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"kB", 1e3}, {"B", 1},
}

// ParseSize reads a number of bytes, "64KB" or "1.5MiB": KB, MB and GB are
// thousands, KiB, MiB and GiB powers of 1024.
func ParseSize(s string) (int64, error) {
	text := strings.TrimSpace(s)
	if _, err := parseNumber(text); err == nil {
		return 0, fmt.Errorf("%q has no unit: write %sB, %[2]sKB or %[2]sMB", s, text)
	}
	for _, unit := range units {
		number, found := strings.CutSuffix(text, unit.name)
		if !found {
			continue
		}
		v, err := parseNumber(number)
		if err != nil {
			break
		}
		if math.Signbit(v) || v*unit.bytes > 1e15 {
			return 0, fmt.Errorf("the size %q must be from 0 to a million GB", s)
		}
		return int64(math.Round(v * unit.bytes)), nil
	}
	return 0, fmt.Errorf("%q is not a size: write a number and a unit, such as 64KB, 1MB or 1MiB", s)
}

// Size prints a size as short as it can be without losing anything: 64KB.
func Size(n int64) string {
	for _, unit := range units {
		if size := int64(unit.bytes); n != 0 && n%size == 0 && unit.name != "B" {
			return fmt.Sprintf("%d%s", n/size, unit.name)
		}
	}
	return fmt.Sprintf("%dB", n)
}
