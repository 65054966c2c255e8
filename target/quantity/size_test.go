package quantity

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSizes(t *testing.T) {
	pattern := regexp.MustCompile("^(" + SizePattern + ")$")
	for text, want := range map[string]int64{
		"1MB": 1_000_000, "64KB": 64_000, "64kB": 64_000, "1MiB": 1 << 20, "0.5KiB": 512, "200B": 200, "1.5 MB": 1_500_000, "2GB": 2e9, "0B": 0,
	} {
		if got, err := ParseSize(text); err != nil || got != want || !pattern.MatchString(text) {
			t.Errorf("%s: %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"64": "write 64B, 64KB or 64MB", "": "is not a size", "1 mb": "is not a size", "MB": "is not a size", "-1MB": "from 0 to", "1e300GB": "from 0 to", "xKB": "is not a size", "64k": "is not a size",
	} {
		if got, err := ParseSize(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %d, %v; want %q", text, got, err, want)
		}
	}
}

func TestSizesPrintAsTheyAreRead(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.Int64Range(0, 1e15).Draw(r, "bytes")
		if got, err := ParseSize(Size(n)); err != nil || got != n {
			t.Fatalf("%d prints as %s, which reads as %d, %v", n, Size(n), got, err)
		}
	})
}
