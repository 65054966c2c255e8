package setting

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

const (
	longestText = 4 << 20 // bytes of a scenario file
	deepest     = 50      // levels of lists and maps in it
)

// Load reads YAML text into a tree without aliases and merge keys, every key
// of a map once. It returns nil when there is nothing to go on with; what was
// wrong is among the Problems.
func (r *Reader) Load(text []byte) *yaml.Node {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	r.lines = splitLines(string(text))
	if !r.readable(text) {
		return nil
	}
	documents, err := parse(text)
	if err != nil {
		r.syntax(err)
		return nil
	}
	switch {
	case len(documents) == 0:
		r.Problem(Pos{1, 1}, "the file is empty, expected the keys targets and scenarios")
		return nil
	case len(documents) > 1:
		r.Problem(place(documents[1]), "a second document begins here, expected one: take the line --- away or make two files")
		return nil
	}
	root := documents[0].Content[0]
	if !newExpander(r).expand(root) {
		return nil
	}
	return root
}

// splitLines splits as YAML does, so that places agree.
func splitLines(text string) []string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text)
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// readable tells whether the text is text at all.
func (r *Reader) readable(text []byte) bool {
	if len(text) > longestText {
		r.Problem(Pos{1, 1}, "the file is larger than %d MiB, which no scenario file is: body_file and empirical name large data", longestText>>20)
		return false
	}
	for i, line := range r.lines {
		column := 0
		for rest := line; rest != ""; {
			c, size := utf8.DecodeRuneInString(rest)
			rest = rest[size:]
			column++
			switch {
			case c == utf8.RuneError && size == 1:
				r.Problem(Pos{i + 1, column}, "this is no UTF-8 text, save the file as UTF-8")
				return false
			case c < ' ' && c != '\t' || c == '\ufffe' || c == '\uffff':
				r.Problem(Pos{i + 1, column}, "the control character U+%04X cannot stand in YAML: take it away, or write it as \"\\u%04X\"", c, c)
				return false
			}
		}
	}
	return true
}

// parse reads all documents. The library's own panics on foreign bytes come
// back as errors.
func parse(text []byte) (documents []*yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	limits := loaderlimits.New(loaderlimits.DepthValue(deepest))
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithPlugin(limits))
	if err != nil {
		return nil, err
	}
	for {
		document := new(yaml.Node)
		err := loader.Load(document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return documents, err
		}
		if documents = append(documents, document); len(documents) > 1 {
			return documents, nil // one too many is enough to say so
		}
	}
}

// syntax reports what the YAML library could not read, in plainer words.
func (r *Reader) syntax(err error) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		r.Problem(Pos{1, 1}, "this is no YAML: %v", err)
		return
	}
	at, opened := Pos{load.Mark.Line, load.Mark.Column}, Pos{load.ContextMark.Line, load.ContextMark.Column}
	message := load.Message
	switch here := r.from(at); {
	case strings.HasPrefix(message, "did not find expected ','"):
		r.unclosed(at, opened, message)
	case strings.HasPrefix(here, "\t"):
		r.Problem(at, "a tab stands where the line is indented, YAML wants spaces")
	case message == "found character that cannot start any token":
		c, _ := utf8.DecodeRuneInString(here)
		r.Problem(at, "a value cannot begin with %q, put it in quotes", c)
	case message == "mapping values are not allowed in this context":
		r.Problem(at, "a ':' cannot stand here: indent the line like its neighbours, or put a value that holds ': ' in quotes")
	case message == "did not find expected key", message == "did not find expected '-' indicator":
		r.Problem(at, "this line does not belong to what begins in line %d: indent it like its neighbours", opened.Line)
	case strings.Contains(message, "end of stream") && opened.Line > 0:
		r.Problem(opened, "the quoted text that begins here is not closed")
	case strings.Contains(message, "could not find expected ':'"):
		r.Problem(opened, "expected a key and a ':' after it")
	case strings.HasPrefix(message, "unknown anchor"):
		r.Problem(at, "the alias %s has no anchor before it: write &NAME where the value stands first", here)
	case strings.HasPrefix(message, "exceeded max depth"):
		r.Problem(at, "lists and maps are nested more than %d deep here", deepest)
	default:
		r.Problem(at, "this is no YAML: %s", message)
	}
}

// unclosed reports a [ or { without its end; an unquoted ${NAME} in there is
// the likeliest cause, and then a bracket within a text.
func (r *Reader) unclosed(at, opened Pos, message string) {
	if before := (Pos{at.Line, at.Column - 1}); strings.HasPrefix(r.from(before), "${") {
		r.Problem(before, "${…} inside [ ] or { } must be quoted: write \"${NAME}\"")
		return
	}
	end := "]"
	if strings.Contains(message, "'}'") {
		end = "}"
	}
	here := r.from(at)
	before := strings.TrimRight(strings.TrimSuffix(r.from(Pos{at.Line, 1}), here), " \t")
	if (strings.HasPrefix(here, "[") || strings.HasPrefix(here, "{")) && strings.TrimRight(before, ",[{:") == before && strings.TrimSpace(before) != "" {
		r.Problem(at, "a text with %q in it needs single quotes inside [ ] or { }, such as 'status in [200, 201]'; else what begins in line %d, column %d is not closed", here[:1], opened.Line, opened.Column)
		return
	}
	r.Problem(at, "expected ',' or '%s': what begins in line %d, column %d is not closed", end, opened.Line, opened.Column)
}

// from is the text of a line from a place on.
func (r *Reader) from(at Pos) string {
	if at.Line < 1 || at.Line > len(r.lines) {
		return ""
	}
	line := []rune(r.lines[at.Line-1])
	return string(line[min(max(at.Column-1, 0), len(line)):])
}

// Find is where a text stands in the file, from a place on; that place where it
// is spelled otherwise there.
func (r *Reader) Find(from Pos, text string) Pos {
	at := from
	for ; at.Line <= len(r.lines); at = (Pos{at.Line + 1, 1}) {
		line := r.from(at)
		if before, _, found := strings.Cut(line, text); found {
			return Pos{at.Line, at.Column + utf8.RuneCountInString(before)}
		}
	}
	return from
}
