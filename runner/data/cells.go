package data

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"plimsoll/target/value"
)

// cells are the rows of a CSV file. All of them are one text, in which each
// field has its length before it; of each row it is known where it begins. So a
// million rows are two pieces of memory, of about the file's size and four bytes
// a row.
type cells struct {
	names  []string
	text   string
	starts []uint32
}

func (c *cells) rows() uint64      { return uint64(len(c.starts)) }
func (c *cells) columns() []string { return c.names }

func (c *cells) cell(n uint64, column int) value.Value {
	rest := c.text[c.starts[n]:]
	for range column {
		_, rest = field(rest)
	}
	text, _ := field(rest)
	return value.Of(text)
}

func (c *cells) row(n uint64) value.Value {
	json, rest := []byte{'{'}, c.text[c.starts[n]:]
	for i, name := range c.names {
		if i > 0 {
			json = append(json, ',')
		}
		json = append(value.Of(name).AppendJSON(json), ':')
		var text string
		text, rest = field(rest)
		json = value.Of(text).AppendJSON(json)
	}
	return value.Value{Kind: value.Object, Text: string(append(json, '}'))}
}

func (c *cells) sum() string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(fmt.Sprintf("%q", c.names)+c.text)))[:shownSum]
}

// shownSum is how many digits of a sum are enough to tell two workloads apart.
const shownSum = 16

// field is the first field of a text, and what stands behind it.
func field(text string) (first, rest string) {
	length, size, shift := 0, 0, 0
	for more := true; more; size++ {
		length |= int(text[size]&0x7f) << shift
		more = text[size] >= 0x80
		shift += 7
	}
	return text[size : size+length], text[size+length:]
}

// putField appends a field.
func putField(text *strings.Builder, field string) {
	length := uint(len(field))
	for ; length >= 0x80; length >>= 7 {
		text.WriteByte(byte(length) | 0x80)
	}
	text.WriteByte(byte(length))
	text.WriteString(field)
}
