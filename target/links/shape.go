package links

import (
	"fmt"
	"regexp"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/look"
	"plimsoll/target/setting"
)

const inHTML = "html"

// Shape is how a scenario file spells where links stand: html, json.PATH, or
// {matches: RE}.
func Shape() setting.Shape[*Reading] {
	read := func(text string) (*Reading, error) {
		if text == inHTML {
			return HTML(), nil
		}
		if look.Word(text) != "json" {
			return nil, fmt.Errorf("%q is nowhere that links stand: write html, a place in JSON such as json.links, or {matches: EXPRESSION}", text)
		}
		o, err := look.Parse(text)
		if err != nil {
			return nil, err
		}
		return JSON(o), nil
	}
	word := setting.Parsed("html, or a place in JSON such as json.links", read, func() *jsonschema.Schema {
		return setting.Spelled(inHTML + `|json(\..+)?`)
	})
	type written struct{ matches *regexp.Regexp }
	full := setting.Object("where links stand",
		setting.Key("matches", "A regular expression: its first group is a link, or the whole match where it has none.", Expression(), func(w *written) **regexp.Regexp { return &w.matches }).Required(),
	)
	return setting.Either("html, json.PATH, or {matches: EXPRESSION}", setting.Forms[*Reading]{
		Scalar: word,
		Map: setting.Convert(full, func(_ *setting.Reader, _ setting.Pos, w written) (*Reading, bool) {
			return Matching(w.matches), true
		}),
	})
}

// Expression is a regular expression in a scenario file.
func Expression() setting.Shape[*regexp.Regexp] {
	return setting.Parsed("a regular expression", func(text string) (*regexp.Regexp, error) {
		e, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no regular expression: %w", text, err)
		}
		return e, nil
	}, func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} })
}
