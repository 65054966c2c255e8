package journey

import (
	"slices"
	"strings"

	"plimsoll/target/value"
)

// Scrub takes out of what is told of a strand's call what nobody is to see: the
// values of secret variables and rows that the strand has, and those that the
// call's answer would have set.
func (c *Crew) Scrub(id uint32, told string) string {
	p := c.Program
	if told == "" || !p.secretive() {
		return told
	}
	s := &c.strands[id]
	for _, n := range p.Secrets {
		told = without(told, s.values[n].Value, p.Names[n])
	}
	if s.call != nil {
		for _, e := range s.call.Extract {
			if p.secret(e.Variable) && e.Found < len(s.found) {
				v, _ := e.from(s.found[e.Found])
				told = without(told, v, p.Names[e.Variable])
			}
		}
	}
	for _, source := range p.Sources {
		if row := s.values[source.Variable].Row; source.Secret && row != nil {
			for _, text := range row.Texts() {
				told = hidden(told, text, source.Name)
			}
		}
	}
	return told
}

// secretive tells whether there is anything that nobody is to see.
func (p *Program) secretive() bool {
	for _, s := range p.Sources {
		if s.Secret {
			return true
		}
	}
	return len(p.Secrets) > 0
}

func (p *Program) secret(variable int) bool {
	for _, n := range p.Secrets {
		if n == variable {
			return true
		}
	}
	return false
}

// without is a text without a value, or the members of a list.
func without(told string, v value.Value, name string) string {
	if v.Kind == value.List {
		for _, member := range v.Members() {
			told = without(told, member, name)
		}
	}
	if v.Kind == value.None || v.Kind == value.Null {
		return told
	}
	return hidden(told, v.Text, name)
}

// hidden puts a variable's name in the place of a text; one of a character or two
// says nothing, and would be found everywhere.
func hidden(told, text, name string) string {
	if len(text) < 3 {
		return told
	}
	return strings.ReplaceAll(told, text, "${"+name+"}")
}

// Masked are the arguments of a call, those that nobody is to see as ${name}.
func (p *Program) Masked(call *Call, args []value.Value) []value.Value {
	if !p.secretive() || len(args) != len(call.Args) {
		return args
	}
	masked := slices.Clone(args)
	for i, ref := range call.Args {
		secret := ref.Kind == Variable && (p.secret(ref.Variable) || slices.ContainsFunc(p.Sources, func(s Source) bool { return s.Secret && s.Variable == ref.Variable }))
		if secret {
			masked[i] = value.Of("${" + ref.Text + "}")
		}
	}
	return masked
}
