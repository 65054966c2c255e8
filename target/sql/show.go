package sql

import (
	"bytes"
	"fmt"

	"plimsoll/target"
	"plimsoll/target/look"
	"plimsoll/target/value"
)

// Show is the statement, or the statements of a transaction, each with its values
// behind it.
func (c *Call) Show(args []value.Value) (line string, _, body []byte, _ error) {
	var text bytes.Buffer
	for i := range c.statements {
		s := &c.statements[i]
		text.WriteString(s.text)
		before := "\n-- with "
		for _, v := range s.values(args, true) {
			if v == nil {
				v = "null"
			}
			fmt.Fprint(&text, before, v)
			before = ", "
		}
		text.WriteString("\n")
	}
	if c.transaction {
		return "sql, one transaction", nil, text.Bytes(), nil
	}
	return "sql", nil, text.Bytes(), nil
}

// tellSent and tellAnswered show a call to whoever watches, if anybody does.
func (t *Target) tellSent(r *target.Request, c *Call, args []value.Value) {
	if t.observer != nil {
		line, _, body, _ := c.Show(args)
		t.observer.Sent(r.Number, line, nil, body)
	}
}

func (t *Target) tellAnswered(r *target.Request, a *answer) {
	if t.observer != nil {
		t.observer.Answered(r.Number, &look.Answer{Body: []byte(a.show())}, nil)
	}
}
