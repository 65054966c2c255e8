package journey

import (
	"slices"

	"plimsoll/target/setting"
	"plimsoll/target/value"
)

// Scrub takes out of what is told of a strand's call what nobody is to see, however
// it is spelled: the values of secret variables and rows that the strand has, and
// those that the call's answer would have set. It is slow, for one text of many.
func (c *Crew) Scrub(id uint32, told string) string {
	p := c.Program
	if told == "" || !p.secretive() {
		return told
	}
	var known setting.Secrets
	learn := func(name string, texts []string) {
		for _, text := range texts {
			known.Add(name, text)
		}
	}
	s := &c.strands[id]
	for _, n := range p.Secrets {
		learn(p.Names[n], s.values[n].Value.Texts())
	}
	if s.call != nil {
		for _, a := range c.secretly(s.call, s.found) {
			learn(a.Name, a.Value.Texts())
		}
	}
	for _, source := range p.Sources {
		if row := s.values[source.Variable].Row; source.Secret && row != nil {
			learn(source.Name, row.Texts())
		}
	}
	return known.Scrub(told)
}

// secretive tells whether there is anything that nobody is to see.
func (p *Program) secretive() bool {
	return len(p.Secrets) > 0 || slices.ContainsFunc(p.Sources, func(s Source) bool { return s.Secret })
}

func (p *Program) secret(variable int) bool { return slices.Contains(p.Secrets, variable) }

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
