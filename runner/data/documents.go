package data

import (
	"crypto/sha256"
	"fmt"

	"plimsoll/target/value"
)

// documents are rows in JSON, without blanks, one behind the other in one text.
type documents struct {
	names  []string // of all fields that any row has
	text   string
	starts []uint32 // of the rows, and where the last one ends
}

func (d *documents) rows() uint64      { return uint64(len(d.starts) - 1) }
func (d *documents) columns() []string { return d.names }

func (d *documents) row(n uint64) value.Value {
	raw := d.text[d.starts[n]:d.starts[n+1]]
	if raw[0] == '{' {
		return value.Value{Kind: value.Object, Text: raw} // has been looked through before
	}
	return value.JSON(raw)
}

func (d *documents) cell(n uint64, column int) value.Value {
	v, _ := d.row(n).Reach(d.names[column])
	return v
}

func (d *documents) sum() string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(d.text)))[:shownSum]
}
