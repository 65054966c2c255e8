// Package look is about what check, extract, until and record look at in an
// answer. An Operand is looked for where the answer lies, over buffers that are
// used again, so what is found is a copy of no more than that.
package look

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"plimsoll/target/setting"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Operand is one place in an answer.
type Operand struct {
	text string
	at   place
	name string // of a header, a cookie, a column
	path path   // in JSON
}

// place is where in an answer an operand is.
type place uint8

const (
	status place = iota
	body
	bytesOf
	inJSON
	header
	cookie
	field // of the kind's own
)

// arguments say what follows the word of an operand.
type argument uint8

const (
	nothing argument = iota
	named            // a name: header.NAME
	pathed           // perhaps a path: json.PATH
)

// operands are all there are, by their words. A kind's own are fields.
var operands = []struct {
	word  string
	at    place
	takes argument
	like  string // an example
}{
	{"status", status, nothing, "status"},
	{"body", body, nothing, "body"},
	{"bytes", bytesOf, nothing, "bytes"},
	{"json", inJSON, pathed, "json.hits.0.id"},
	{"header", header, named, "header.Location"},
	{"cookie", cookie, named, "cookie.session"},
	{"rows", field, nothing, "rows"},
	{"row", field, named, "row.total"},
	{"stdout", field, nothing, "stdout"},
	{"exit_code", field, nothing, "exit_code"},
	{"message", field, nothing, "message"},
}

// OfHTTP are the words of those that answers of HTTP have, and those of simulated
// servers.
func OfHTTP() []string { return []string{"status", "body", "bytes", "json", "header", "cookie"} }

// Words are the first words of all operands, which no variable may have for a
// name.
func Words() []string {
	words := make([]string, len(operands))
	for i, o := range operands {
		words[i] = o.word
	}
	return words
}

// Word is the first word of a text: all before its first dot.
func Word(text string) string {
	word, _, _ := strings.Cut(text, ".")
	return word
}

// Parse reads an operand as journeys write it.
func Parse(text string) (Operand, error) {
	word, rest, dotted := strings.Cut(text, ".")
	for _, o := range operands {
		if o.word != word {
			continue
		}
		found := Operand{text: text, at: o.at}
		var err error
		switch {
		case o.takes == nothing && dotted:
			return found, fmt.Errorf("%s has no parts: write %s alone", word, word)
		case o.takes == named && !dotted:
			return found, fmt.Errorf("%s needs a name: write it as in %s", word, o.like)
		case o.takes == named:
			found.name, err = name(text, rest)
		case dotted:
			found.path, err = parsePath(text, rest)
		}
		return found, err
	}
	if path, isJSONPath := strings.CutPrefix(text, "$."); isJSONPath {
		return Operand{}, fmt.Errorf("%q is how others spell it: write json.%s, names and numbers joined by dots, and * for each", text, strings.NewReplacer("[*]", ".*", "[", ".", "]", "").Replace(path))
	}
	return Operand{}, fmt.Errorf("%q is nothing of an answer%s", text, setting.Suggest(word, Words()))
}

// name reads the only name behind the dot, in quotes or as it is.
func name(text, rest string) (string, error) {
	if strings.HasPrefix(rest, `"`) {
		path, err := template.SplitPath(rest)
		if err != nil {
			return "", fmt.Errorf("%s %w", text, err)
		}
		if len(path) == 1 {
			return path[0], nil
		}
	}
	if rest == "" || strings.ContainsAny(rest, "\" \t") {
		return "", fmt.Errorf("%s needs one name behind %s", text, Word(text))
	}
	return rest, nil
}

// String is the operand as it was written.
func (o Operand) String() string { return o.text }

// Word is the operand's first word, which says whether a kind of call has it.
func (o Operand) Word() string { return Word(o.text) }

// Needs tells what of an answer must be kept until Find.
func (o Operand) Needs() (head, wholeBody bool) {
	switch o.at {
	case header, cookie:
		return true, false
	case body, bytesOf, inJSON:
		return false, true
	}
	return false, false
}

// Answer is what came back of a call. Head are the lines of a header as they
// came, without the status line; Body is decoded.
type Answer struct {
	Status int
	Head   []byte
	Body   []byte
	Fields Fields // what a kind has of its own; nil: nothing
}

// Fields are what answers of a kind have besides: rows, row.COLUMN, stdout.
type Fields interface {
	// Field is the one of that word, and of that name where the word has one.
	// It is the reader's to keep.
	Field(word, name string) (value.Value, bool)
}

// MostShown is how many characters of an answer are shown at most.
const MostShown = 200

// Shown is how an answer begins, for people to see what was there. Secrets are
// taken out by scrub, unless that is nil, before it is cut: none is cut in two.
func Shown(body []byte, scrub func(string) string) string {
	const enough = 2 * utf8.UTFMax * MostShown
	text := strings.ToValidUTF8(string(body[:min(len(body), enough)]), "\uFFFD")
	if scrub != nil {
		text = scrub(text)
	}
	runes := []rune(text)
	return string(runes[:min(len(runes), MostShown)])
}
