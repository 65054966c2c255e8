// Package step is about how a scenario file spells what users do, and makes the
// program of it that package journey carries out.
//
//	YAML ─▶ Shape ─▶ []Step (what was written, and where) ─▶ Compile ─▶ journey.Program
//
// A Step keeps the place of every value, so that each check can point at the one
// that is wrong.
package step

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"

	"plimsoll/runner/condition"
	"plimsoll/target/delay"
	"plimsoll/target/httpcall"
	"plimsoll/target/kind"
	"plimsoll/target/kinds"
	"plimsoll/target/retry"
	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// Step is one step as it was written: a map with one action, and modifiers.
type Step struct {
	pos  setting.Pos
	http httpcall.Written
	// asked is what targets of other kinds are.
	asked kind.Written

	call     setting.At[string]
	think    setting.At[delay.Delay]
	steps    setting.At[[]Step]
	parallel setting.At[[]Step]
	each     setting.At[member]
	repeat   setting.At[int]
	journey  setting.At[string]
	mix      setting.At[Mix]
	set      setting.At[[]setting.Entry[template.Template]]

	name, target, onError setting.At[string]
	timeout, within       setting.At[time.Duration]
	retry                 setting.At[retry.Settings]
	every                 setting.At[delay.Delay]
	concurrent            setting.At[int]
	extract               setting.At[[]setting.Entry[source]]
	record                setting.At[[]setting.Entry[source]]
	check, onlyIf         setting.At[[]condition.Condition]
	until, failIf         setting.At[[]condition.Condition]
}

// mostPasses is how often steps can be repeated.
const mostPasses = 1_000_000

// Shape is a list of steps.
func Shape() setting.Shape[[]Step] {
	return list("steps", one())
}

func list(name string, shape setting.Shape[Step]) setting.Shape[[]Step] {
	return setting.List(name, "begin each step with a dash, `- get: /items`", shape)
}

// Journeys are lists of steps by name.
func Journeys() setting.Shape[[]setting.Entry[[]Step]] {
	return setting.Map("journeys by name", Shape())
}

// one is a step.
func one() setting.Shape[Step] {
	return setting.Define("step", func(self setting.Shape[Step]) setting.Shape[Step] {
		fields := slices.Concat(httpcall.Fields(func(s *Step) *httpcall.Written { return &s.http }), kind.Fields(func(s *Step) *kind.Written { return &s.asked }, kinds.Actions()...), actionFields(self), modifierFields(), elsewhere())
		shape := setting.Object("a step", fields...)
		return setting.Shape[Step]{
			Want: shape.Want,
			Read: func(r *setting.Reader, n *yaml.Node) (Step, bool) {
				s, ok := shape.Read(r, n)
				s.pos = setting.Pos{Line: n.Line, Column: n.Column}
				if n.Kind != yaml.MappingNode {
					return s, false
				}
				return s, s.judge(r, ok) && ok
			},
			Schema: func() *jsonschema.Schema {
				schema := shape.Schema()
				for _, a := range actionWords() {
					schema.AnyOf = append(schema.AnyOf, &jsonschema.Schema{Required: []string{a}})
				}
				return schema
			},
		}
	})
}

func actionFields(self setting.Shape[Step]) []setting.Field[Step] {
	return []setting.Field[Step]{
		setting.Key("call", "The target whose own call is made, of any kind.", setting.Located(setting.Text("the name of a target")), func(s *Step) *setting.At[string] { return &s.call }),
		setting.Key("think_time", "A pause: a duration or a distribution.", setting.Located(delay.Shape()), func(s *Step) *setting.At[delay.Delay] { return &s.think }),
		setting.Key("steps", "Steps one after another; with a name they have a row of their own.", setting.Located(list("steps", self)), func(s *Step) *setting.At[[]Step] { return &s.steps }),
		setting.Key("parallel", "Steps all at once; it ends when all have ended.", setting.Located(list("parallel", self)), func(s *Step) *setting.At[[]Step] { return &s.parallel }),
		setting.Key("each", "A name and the list whose members it holds, one after another: the steps are for every member.", setting.Located(each()), func(s *Step) *setting.At[member] { return &s.each }),
		setting.Key("repeat", "How many times the steps are done.", setting.Located(setting.Count(1, mostPasses)), func(s *Step) *setting.At[int] { return &s.repeat }),
		setting.Key("journey", "The journey whose steps are done here.", setting.Located(setting.Text("the name of a journey")), func(s *Step) *setting.At[string] { return &s.journey }),
		setting.Key("mix", "One of several journeys, drawn by their shares.", setting.Located(MixShape()), func(s *Step) *setting.At[Mix] { return &s.mix }),
		setting.Key("set", "Variables, and what they are set to.", setting.Located(setting.Map("variables", template.JSON())), func(s *Step) *setting.At[[]setting.Entry[template.Template]] { return &s.set }),
	}
}

func modifierFields() []setting.Field[Step] {
	conditions := func() setting.Shape[setting.At[[]condition.Condition]] { return setting.Located(condition.Shape()) }
	return []setting.Field[Step]{
		setting.Key("name", "What its row is called. Default: the action as it is written.", setting.Located(setting.Text("a name")), func(s *Step) *setting.At[string] { return &s.name }),
		setting.Key("target", "The target that is asked. Default: the scenario's.", setting.Located(setting.Text("the name of a target")), func(s *Step) *setting.At[string] { return &s.target }),
		setting.Key("timeout", "How long each try may take.", setting.Located(setting.LongerThanZero()), func(s *Step) *setting.At[time.Duration] { return &s.timeout }),
		setting.Key("retry", "What is tried again, and how.", setting.Located(retry.Shape()), func(s *Step) *setting.At[retry.Settings] { return &s.retry }),
		setting.Key("check", "What must hold of the answer.", conditions(), func(s *Step) *setting.At[[]condition.Condition] { return &s.check }),
		setting.Key("extract", "Variables, and where in the answer their values are.", setting.Located(setting.Map("variables", extracted())), func(s *Step) *setting.At[[]setting.Entry[source]] { return &s.extract }),
		setting.Key("record", "Names, and where in the answer the numbers are whose distributions are kept under them.", setting.Located(setting.Map("names", operand())), func(s *Step) *setting.At[[]setting.Entry[source]] { return &s.record }),
		setting.Key("if", "What must hold, or the step is left out.", conditions(), func(s *Step) *setting.At[[]condition.Condition] { return &s.onlyIf }),
		setting.Key("until", "What the call is made again for until it holds, or the steps of a repeat.", conditions(), func(s *Step) *setting.At[[]condition.Condition] { return &s.until }),
		setting.Key("every", "The pause between two calls of a poll. Default 1s.", setting.Located(delay.Shape()), func(s *Step) *setting.At[delay.Delay] { return &s.every }),
		setting.Key("within", "How long a poll may take in all.", setting.Located(setting.LongerThanZero()), func(s *Step) *setting.At[time.Duration] { return &s.within }),
		setting.Key("fail_if", "What fails the call at once where it holds.", conditions(), func(s *Step) *setting.At[[]condition.Condition] { return &s.failIf }),
		setting.Key("on_error", "What a failure does: end (default) ends the iteration, continue nothing more (of a block, it ends the block), stop ends the trial.", setting.Located(setting.Word("what to do on an error", "end", "continue", "stop")), func(s *Step) *setting.At[string] { return &s.onError }),
		setting.Key("concurrent", "How many members of each are under way at once: a number, or all. Default 1.", setting.Located(concurrent()), func(s *Step) *setting.At[int] { return &s.concurrent }),
	}
}

// elsewhere are the keys that other tools have for what is called otherwise here.
func elsewhere() (fields []setting.Field[Step]) {
	for _, other := range [][2]string{
		{"think_time", "think sleep wait pause delay"}, {"check", "assert assertions expect validate test"}, {"extract", "capture captures save store"},
		{"each", "foreach for_each items over"}, {"repeat", "loop loops times count"}, {"query", "params qs"}, {"if", "when ifTrue"},
		{"name", "label id"}, {"get, post or another method", "url request method http flow"}, {"json, form or body", "data payload"},
	} {
		for _, word := range strings.Fields(other[1]) {
			fields = append(fields, setting.Refused[Step](word, "is no key of a step: what it is elsewhere is "+other[0]+" here"))
		}
	}
	return fields
}

// concurrent is 0 for all.
func concurrent() setting.Shape[int] {
	const most = 10_000
	read := func(text string) (int, error) {
		if text == "all" {
			return 0, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > most {
			return 0, fmt.Errorf("%.60q is not how many at once: write all, or a whole number from 1 to %d", text, most)
		}
		return n, nil
	}
	return setting.Parsed("all, or a whole number", read, func() *jsonschema.Schema {
		return setting.Spelled("all|[1-9][0-9]{0,4}", "integer")
	})
}
