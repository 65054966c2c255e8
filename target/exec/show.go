package exec

import (
	"strings"

	"plimsoll/target"
	"plimsoll/target/look"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Show is the command with these values, as one would type it, and what the program
// reads.
func (c *Call) Show(args []value.Value) (command string, _, stdin []byte, _ error) {
	words := c.argv(args, false)
	for i, word := range words {
		if word == "" || strings.ContainsAny(word, " \t\r\n\"'`$&|;<>()*?[]#~\\") {
			words[i] = string(template.InShell.Append(nil, word))
		}
	}
	return strings.Join(words, " "), nil, c.input(args), nil
}

// tellSent and tellAnswered show a run to whoever watches, if anybody does.
func (p *program) tellSent(r *target.Request, c *Call, args []value.Value) {
	if p.observer != nil {
		command, _, stdin, _ := c.Show(args)
		p.observer.Sent(r.Number, command, nil, stdin)
	}
}

func (p *program) tellAnswered(r *target.Request, run *run) {
	if p.observer != nil {
		p.observer.Answered(r.Number, &look.Answer{Body: run.stdout.kept}, nil)
	}
}
