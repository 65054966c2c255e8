package wire

import "plimsoll/target"

// seated are the connections that carry calls, by the slots of these. An entry
// may be out of date.
type seated[C any] []*C

// sit notes on which connection an exchange is.
func (s *seated[C]) sit(x *Exchange, c *C) {
	slot := int(x.ID.Slot())
	for slot >= len(*s) {
		*s = append(*s, nil)
	}
	(*s)[slot] = c
}

// of is where a call was put last; nil: that is not known.
func (s seated[C]) of(id target.ID) *C {
	if slot := int(id.Slot()); slot < len(s) {
		return s[slot]
	}
	return nil
}

// carries tells whether the connection carries that call.
func (c *seat) carries(id target.ID) bool { return c.x != nil && c.x.ID == id }
