package dialog

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"

	"plimsoll/target/kind"
	"plimsoll/target/plain"
	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// Word is the key of the action.
const Word = "send"

// Action is how a connection is talked over.
func Action() kind.Action {
	return kind.Action{
		Word: Word, Sort: "a message",
		Doc:   "The message to send: a text, {hex: \"48 69 0a\"} or {file: NAME}.",
		Shape: kind.Untyped(messageShape()),
		Keys:  []kind.Key{kind.Keyed("receive", "What ends the answer: {bytes: N}, {until: TEXT}, {matches: EXPRESSION}, {close: true}, or none where there is no answer. Default: over udp and websocket the first message that comes.", receiveShape())},
		Call: func(r *setting.Reader, w *kind.Written) (kind.Call, bool) {
			said := w.At(Word)
			m := kind.Value[message](w, Word)
			c := &Call{Receive: kind.Value[Receive](w, "receive"), pos: said.Pos, name: m.name, fixed: m.fixed, binary: m.binary}
			c.text = c.holes.Add(m.text)
			c.fix()
			return c, true
		},
	}
}

// messageShape is a text, or a map that says where bytes are.
func messageShape() setting.Shape[message] {
	text := setting.Convert(template.Shape("a message"), func(_ *setting.Reader, _ setting.Pos, t template.Template) (message, bool) {
		return message{name: named(t.String()), text: t}, true
	})
	type written struct{ digits, file setting.At[string] }
	read := setting.Object("a message",
		setting.Key("hex", "Its bytes in hexadecimal, such as \"48 69 0a\".", setting.Located(verbatim("bytes in hexadecimal")), func(w *written) *setting.At[string] { return &w.digits }),
		setting.Key("file", "The file that holds it.", setting.Located(setting.Text("the name of a file")), func(w *written) *setting.At[string] { return &w.file }),
	)
	bytes := setting.Convert(read, func(r *setting.Reader, at setting.Pos, w written) (message, bool) {
		if w.digits.Given == w.file.Given {
			r.Problem(at, "a message is a text, {hex: DIGITS} or {file: NAME}: write one of them")
			return message{}, false
		}
		if w.file.Given {
			text, ok := r.File(w.file.Pos, w.file.Value)
			return message{name: named("file: " + w.file.Value), fixed: append([]byte{}, text...), binary: !utf8.Valid(text)}, ok
		}
		b, err := readHex(w.digits.Value)
		if err != nil {
			r.Problem(w.digits.Pos, "%v", err)
		}
		return message{name: named("hex: " + w.digits.Value), fixed: b, binary: true}, err == nil
	})
	return setting.Either("a message: a text, {hex: DIGITS} or {file: NAME}", setting.Forms[message]{Scalar: text, Map: bytes})
}

// named makes a name of what is written.
func named(text string) string {
	if name := plain.Clip(text, longestName); name != "" {
		return name
	}
	return "(nothing)"
}

// verbatim is a text as it stands there.
func verbatim(want string) setting.Shape[string] {
	return setting.Shape[string]{
		Want: want,
		Read: func(r *setting.Reader, n *yaml.Node) (string, bool) {
			if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
				return setting.Text(want).Read(r, n)
			}
			return n.Value, true
		},
		Schema: setting.Text(want).Schema,
	}
}

// receiveShape is what ends an answer.
func receiveShape() setting.Shape[Receive] {
	type written struct {
		bytes   setting.At[int]
		until   setting.At[[]byte]
		matches setting.At[*regexp.Regexp]
		close   setting.At[bool]
	}
	read := setting.Object("receive",
		setting.Key("bytes", "The answer has so many bytes.", setting.Located(setting.Count(1, mostKept)), func(w *written) *setting.At[int] { return &w.bytes }),
		setting.Key("until", "The answer ends with this text, or {hex: DIGITS}.", setting.Located(endShape()), func(w *written) *setting.At[[]byte] { return &w.until }),
		setting.Key("matches", "The answer is what has come when it matches this regular expression (RE2); of messages the first that does.", setting.Located(expression()), func(w *written) *setting.At[*regexp.Regexp] { return &w.matches }),
		setting.Key("close", "The answer ends where the other side closes the connection.", setting.Located(setting.Bool()), func(w *written) *setting.At[bool] { return &w.close }),
	)
	full := setting.Convert(read, func(r *setting.Reader, at setting.Pos, w written) (Receive, bool) {
		given := 0
		for _, g := range []bool{w.bytes.Given, w.until.Given, w.matches.Given, w.close.Given} {
			if g {
				given++
			}
		}
		switch {
		case given != 1:
			r.Problem(at, "receive says one thing that ends the answer: {bytes: N}, {until: TEXT}, {matches: EXPRESSION} or {close: true}")
			return Receive{}, false
		case w.close.Given && !w.close.Value:
			r.Problem(w.close.Pos, "close: false ends no answer: say what does, such as {until: \"\\n\"}")
			return Receive{}, false
		case w.close.Given:
			return Receive{How: Close}, true
		case w.until.Given:
			return Receive{How: Until, Until: w.until.Value}, true
		case w.matches.Given:
			return Receive{How: Matches, RE: w.matches.Value}, true
		}
		return Receive{How: Bytes, Bytes: w.bytes.Value}, true
	})
	none := setting.Convert(setting.Word("what ends an answer", "none"), func(*setting.Reader, setting.Pos, string) (Receive, bool) {
		return Receive{How: None}, true
	})
	return setting.Either("none, or a map such as {until: \"\\n\"}", setting.Forms[Receive]{Scalar: none, Map: full})
}

// endShape is what an answer ends with.
func endShape() setting.Shape[[]byte] {
	text := setting.Convert(setting.Text("a text"), func(_ *setting.Reader, _ setting.Pos, t string) ([]byte, bool) { return []byte(t), true })
	digits := setting.Convert(setting.Object("what an answer ends with",
		setting.Key("hex", "Bytes in hexadecimal.", setting.Located(verbatim("bytes in hexadecimal")), func(w *setting.At[string]) *setting.At[string] { return w }).Required(),
	), func(r *setting.Reader, _ setting.Pos, w setting.At[string]) ([]byte, bool) {
		b, err := readHex(w.Value)
		if err != nil {
			r.Problem(w.Pos, "%v", err)
		}
		return b, err == nil
	})
	return setting.Where(setting.Either("a text, or {hex: DIGITS}", setting.Forms[[]byte]{Scalar: text, Map: digits}), func(end []byte) error {
		switch {
		case len(end) == 0:
			return errors.New("an answer cannot end with nothing: write what comes last, such as \"\\n\"")
		case bytes.Equal(end, []byte(`\n`)), bytes.Equal(end, []byte(`\r\n`)):
			return fmt.Errorf("this is a backslash and letters: write \"%s\" in double quotes for the end of a line", end)
		}
		return nil
	})
}

// expression is a regular expression. It matches across lines: an answer is no
// text of one.
func expression() setting.Shape[*regexp.Regexp] {
	read := func(text string) (*regexp.Regexp, error) {
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no regular expression: %s", plain.Clip(text, longestName), strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		return re, nil
	}
	return setting.Parsed("a regular expression", read, func() *jsonschema.Schema {
		return &jsonschema.Schema{Types: []string{"string", "number", "boolean"}}
	})
}
