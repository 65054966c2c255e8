package data

import (
	"fmt"
	"strconv"

	"plimsoll/target/value"
)

// span is the whole numbers from low to high, both included.
type span struct{ low, high int64 }

// furthest is how far from 0 a range may reach: whole numbers up to it are the
// same to whoever reads them as floating point.
const furthest = 1_000_000_000_000_000

func (s span) rows() uint64    { return uint64(s.high-s.low) + 1 }
func (span) columns() []string { return nil }
func (s span) row(n uint64) value.Value {
	return value.Value{Kind: value.Number, Text: strconv.FormatInt(s.low+int64(n), 10)}
}
func (s span) cell(uint64, int) value.Value { return value.Value{} }
func (s span) sum() string                  { return fmt.Sprintf("[%d, %d]", s.low, s.high) }
