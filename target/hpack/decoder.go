// Package hpack is HPACK (RFC 7541), the compression of HTTP/2's header fields:
// Decoder has the memory of one connection; what Append writes needs none, so that
// it is well on any connection, at any time.
package hpack

import (
	"bytes"
	"errors"
	"fmt"
)

// Decoder decodes the blocks of a connection, one after the other. It keeps what
// was said before in memory of its own, and allocates nothing in the steady state.
// Reset begins a connection; the zero value is of no use before.
type Decoder struct {
	table   table
	allowed int    // size of the table that the other side may ask for
	block   []byte // what is left of it
	begun   bool   // a field of the block has come
	text    []byte // strings that were coded

	last  []byte // the last block, if it can be said again
	added int    // entries that it put into the table
	plain bool   // it does so far mean the same whenever it is said
	quiet bool   // it left the table as it was so far
}

// longLast bounds the blocks that are kept.
const longLast = 512

// UsualTable is the size in bytes of a decoder's table unless its connection's
// settings say otherwise (RFC 9113, 6.5.2).
const UsualTable = 4096

// longText bounds what is kept of the memory of strings from one block to the
// next.
const longText = 16 << 10

// What can be wrong with a block. Its connection is of no use any more: the table
// is not what the other side thinks.
var (
	errCut     = errors.New("it ends within a field")
	errInteger = errors.New("an integer is too large")
	errHuffman = errors.New("a string is no Huffman coding")
	errResize  = errors.New("the table's size changes behind a field")
)

// Reset begins a new connection, on which the other side may use a table of that
// size in bytes.
func (d *Decoder) Reset(size int) {
	d.table.reset(size)
	d.allowed, d.block, d.last = size, nil, d.last[:0]
}

// Again takes in a block that, to the byte, is the last one, and tells whether it
// was that and means the same: it need not be decoded then. Servers mostly say the
// same for a second, until their date changes.
func (d *Decoder) Again(block []byte) bool {
	return len(d.last) > 0 && len(d.block) == 0 && (d.plain || d.quiet) && bytes.Equal(block, d.last) && d.table.repeat(d.added)
}

// Begin begins with a block, which must not change until it is decoded.
func (d *Decoder) Begin(block []byte) {
	d.block, d.begun = block, false
	d.added, d.plain, d.quiet = 0, true, true
	if d.last = d.last[:0]; len(block) <= longLast {
		d.last = append(d.last, block...)
	}
	if cap(d.text) > longText {
		d.text = nil
	}
}

// Next is the next field, valid until the next one is asked for; more tells that
// there was one. The error is the connection's: the block must be decoded to its
// end for those that follow.
func (d *Decoder) Next() (name, value []byte, more bool, err error) {
	for len(d.block) > 0 {
		first := d.block[0]
		switch {
		case first&0x80 != 0: // 6.1
			name, value, err = d.indexed()
		case first&0xc0 == 0x40: // 6.2.1
			name, value, err = d.literal(6)
			if err == nil {
				d.table.add(name, value)
				d.added, d.quiet = d.added+1, false
			}
		case first&0xe0 == 0x20: // 6.3
			d.plain, d.quiet = false, false
			if err = d.resize(); err != nil {
				return nil, nil, false, err
			}
			continue
		default: // 6.2.2, 6.2.3
			name, value, err = d.literal(4)
		}
		if d.begun = true; err != nil {
			d.last = d.last[:0]
		}
		return name, value, err == nil, err
	}
	return nil, nil, false, nil
}

func (d *Decoder) indexed() (name, value []byte, err error) {
	index, err := d.integer(7)
	if err != nil {
		return nil, nil, err
	}
	return d.at(index)
}

// at is the field of an index of both tables (RFC 7541, 2.3.3).
func (d *Decoder) at(index uint64) (name, value []byte, err error) {
	switch {
	case index == 0 || index >= uint64(len(known)+d.table.count):
		return nil, nil, fmt.Errorf("there is no field of index %d", index)
	case index < uint64(len(known)):
		return known[index].name, known[index].value, nil
	}
	d.plain = false
	name, value = d.table.at(int(index) - len(known))
	return name, value, nil
}

// literal reads a field whose name's index, if it has one, has so many bits. It
// does not lie in the table.
func (d *Decoder) literal(bits int) (name, value []byte, err error) {
	index, err := d.integer(bits)
	if err != nil {
		return nil, nil, err
	}
	d.text = d.text[:0]
	if index == 0 {
		name, err = d.string()
	} else if name, _, err = d.at(index); err == nil && index >= uint64(len(known)) {
		d.text = append(d.text, name...) // its entry may go when the field is put in
		name = d.text
	}
	if err != nil {
		return nil, nil, err
	}
	value, err = d.string()
	return name, value, err
}

// resize changes the size of the table (RFC 7541, 4.2).
func (d *Decoder) resize() error {
	size, err := d.integer(5)
	switch {
	case err != nil:
		return err
	case d.begun:
		return errResize
	case size > uint64(d.allowed):
		return fmt.Errorf("the table's size shall be %d, and at most %d is allowed", size, d.allowed)
	}
	d.table.resize(int(size))
	return nil
}

// integer reads a number that begins with so many bits (RFC 7541, 5.1).
func (d *Decoder) integer(bits int) (uint64, error) {
	if len(d.block) == 0 {
		return 0, errCut
	}
	most := uint64(1)<<bits - 1
	n := uint64(d.block[0]) & most
	d.block = d.block[1:]
	if n < most {
		return n, nil
	}
	for i, b := range d.block {
		if i == 9 { // far more than anything here can be
			return 0, errInteger
		}
		if n += uint64(b&0x7f) << (7 * i); b&0x80 == 0 {
			d.block = d.block[i+1:]
			return n, nil
		}
	}
	return 0, errCut
}

// string reads a string (RFC 7541, 5.2), which lies in the block or, where it was
// coded, behind those in text.
func (d *Decoder) string() ([]byte, error) {
	if len(d.block) == 0 {
		return nil, errCut
	}
	coded := d.block[0]&0x80 != 0
	length, err := d.integer(7)
	if err != nil {
		return nil, err
	}
	if length > uint64(len(d.block)) {
		return nil, errCut
	}
	text := d.block[:length:length]
	d.block = d.block[length:]
	if !coded {
		return text, nil
	}
	from, well := len(d.text), false
	if d.text, well = decode(d.text, text); !well {
		return nil, errHuffman
	}
	return d.text[from:len(d.text):len(d.text)], nil
}
