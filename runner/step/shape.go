package step

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/runner/condition"
	"plimsoll/target/look"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// member is a name and the list whose members it holds.
type member struct {
	name setting.Entry[listing]
}

// listing is a list: a variable's, or as it was written.
type listing struct {
	ref  template.Ref
	pos  setting.Pos
	list *value.Value
}

func each() setting.Shape[member] {
	const like = "the name of a list, such as ids"
	named := setting.Convert(setting.Located(template.Shape(like)), func(r *setting.Reader, at setting.Pos, t setting.At[template.Template]) (listing, bool) {
		if hole, whole := t.Value.Whole(); whole {
			return listing{ref: t.Value.Refs()[hole], pos: at}, true
		}
		text, _ := t.Value.Constant()
		ref, err := template.ParseName(text)
		if err != nil {
			r.Problem(at, "%.60q is no list: write the name of one, such as ids or order.items", t.Text)
		}
		return listing{ref: ref, pos: at}, err == nil
	})
	written := setting.Convert(template.JSON(), func(r *setting.Reader, at setting.Pos, t template.Template) (listing, bool) {
		text, ok := t.Constant()
		if !ok {
			r.Problem(at, "a list that is written out is the same for all iterations: put its members into set, and name that here")
		}
		list := value.JSON(text)
		return listing{pos: at, list: &list}, ok
	})
	lists := setting.Either(like+", or a list", setting.Forms[listing]{Scalar: named, List: written})
	return setting.Convert(setting.Map("a name and its list", lists), func(r *setting.Reader, _ setting.Pos, all []setting.Entry[listing]) (member, bool) {
		if len(all) > 1 {
			r.Problem(all[1].Pos, "each goes through one list, and here is a second one: put another each into its steps")
			return member{}, false
		}
		return member{all[0]}, true
	})
}

// Mix is journeys by name, each with its share.
type Mix []Share

// Share is one journey of a mix.
type Share struct {
	Name   string
	Pos    setting.Pos
	Weight float64
}

// share is a percentage, or a weight.
type share struct {
	value   float64
	percent bool
}

// MixShape is how a mix is written, in a step or in a scenario.
func MixShape() setting.Shape[Mix] {
	return setting.Convert(setting.Map("journeys with their shares", shareShape()), func(r *setting.Reader, at setting.Pos, all []setting.Entry[share]) (mix Mix, ok bool) {
		sum, percents := 0.0, 0
		for _, e := range all {
			mix = append(mix, Share{e.Key, e.Pos, e.Value.value})
			if e.Value.percent {
				percents++
			}
			sum += e.Value.value
		}
		switch {
		case percents == 0 && sum == 0:
			r.Problem(at, "all shares of the mix are 0: give one of them more")
		case percents == 0:
			return mix, true
		case percents < len(all):
			r.Problem(at, "some shares of the mix are percentages and some are weights: write either for all")
		case sum < 100-1e-6 || sum > 100+1e-6:
			r.Problem(at, "the shares of the mix make %s%%, and not 100%%: change them, or write plain numbers, which are weights", strconv.FormatFloat(sum, 'g', 6, 64))
		default:
			return mix, true
		}
		return nil, false
	})
}

func shareShape() setting.Shape[share] {
	const most = 1e9
	read := func(text string) (share, error) {
		if strings.Contains(text, "%") {
			p, err := quantity.ParsePercent(text)
			if err == nil && p > 1 {
				err = fmt.Errorf("%.60s is more than 100%%, which is all there is", text)
			}
			return share{p * 100, true}, err
		}
		w, err := strconv.ParseFloat(text, 64)
		if err != nil || !(w >= 0 && w <= most) {
			return share{}, fmt.Errorf("%.60q is no share: write a percentage such as 90%%, or a weight such as 9", text)
		}
		return share{w, false}, nil
	}
	return setting.Parsed("a share such as 90%, or a weight such as 9", read, func() *jsonschema.Schema {
		return setting.Spelled(quantity.PercentPattern+`|[0-9.]+`, "number")
	})
}

// source is what is taken from an answer.
type source struct {
	operand  setting.At[look.Operand]
	matches  *regexp.Regexp
	fallback *value.Value
}

// operand is a source that is nothing more.
func operand() setting.Shape[source] {
	read := setting.Parsed("something of an answer, such as json.id", look.Parse, func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string"}
	})
	return setting.Complete(setting.Located(read), func(_ *setting.Reader, _ setting.Pos, o setting.At[look.Operand]) (source, bool) {
		return source{operand: o}, true
	})
}

// extracted is how a source of a variable is written.
func extracted() setting.Shape[source] {
	simple := operand()
	type written struct {
		from     source
		matches  *regexp.Regexp
		fallback *value.Value
	}
	whole := setting.Object("what is extracted",
		setting.Key("from", "What of the answer.", simple, func(w *written) *source { return &w.from }).Required(),
		setting.Key("matches", "A regular expression, of which the first group is kept.", pattern(), func(w *written) **regexp.Regexp { return &w.matches }),
		setting.Key("default", "The value where nothing is found.", constant(), func(w *written) **value.Value { return &w.fallback }),
	)
	return setting.Either("something of an answer, such as json.id or {from: body, matches: 'id=([0-9]+)'}", setting.Forms[source]{
		Scalar: simple,
		Map: setting.Convert(whole, func(_ *setting.Reader, _ setting.Pos, w written) (source, bool) {
			w.from.matches, w.from.fallback = w.matches, w.fallback
			return w.from, true
		}),
	})
}

// constant is any value without variables.
func constant() setting.Shape[*value.Value] {
	return setting.Convert(template.JSON(), func(r *setting.Reader, at setting.Pos, t template.Template) (*value.Value, bool) {
		text, ok := t.Constant()
		if !ok {
			r.Problem(at, "a default is the same for all iterations, and a variable is not: write a value without ${…}")
		}
		v := value.JSON(text)
		return &v, ok
	})
}

func pattern() setting.Shape[*regexp.Regexp] {
	read := func(text string) (*regexp.Regexp, error) {
		p, err := regexp.Compile(text)
		switch {
		case err != nil:
			return nil, condition.Pattern(text, err)
		case p.NumSubexp() == 0:
			return nil, fmt.Errorf("the regular expression %.60q has no group: put what is to be kept in ( )", text)
		case p.NumSubexp() > 1:
			return nil, fmt.Errorf("the regular expression %.60q has %d groups, and one is kept: write the others as (?: )", text, p.NumSubexp())
		}
		return p, nil
	}
	return setting.Parsed("a regular expression with a group, such as 'id=([0-9]+)'", read, func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string"}
	})
}

// Mixed are the steps of a scenario that has a mix instead.
func Mixed(mix setting.At[Mix]) []Step {
	return []Step{{pos: mix.Pos, mix: mix}}
}
