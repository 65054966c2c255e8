package file

import (
	"plimsoll/target/look"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Show is what is done, and with which file where the call names one.
func (c *Call) Show(args []value.Value) (line string, _, _ []byte, _ error) {
	if c.named {
		return c.Do + " " + string(c.Path.Append(nil, args, template.AsIs)), nil, nil, nil
	}
	return c.Do, nil, nil, nil
}

// tellSent and tellAnswered show a call to whoever watches, if anybody does.
func (t *task) tellSent(c *Call) {
	if t.observer != nil {
		t.observer.Sent(t.number, c.Do+" "+t.path, nil, nil)
	}
}

func (t *task) tellAnswered() {
	if t.observer != nil && t.out.OK() {
		t.observer.Answered(t.number, &look.Answer{Body: t.kept}, nil)
	}
}
