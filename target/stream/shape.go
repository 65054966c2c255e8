package stream

import (
	"fmt"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/look"
	"plimsoll/target/setting"
)

// Written is how a call is a stream, as it stands in a file.
type Written struct {
	format          setting.At[string]
	content, tokens setting.At[look.Operand]
}

// Fields are its keys, wherever T keeps it.
func Fields[T any](of func(*T) *Written) []setting.Field[T] {
	return []setting.Field[T]{
		setting.Key("stream", "The answer comes event by event: sse (Server-sent events), ndjson (a line each) or chunks (of the transfer coding). `timeout` bounds the first event and each gap then. Default: it is one whole.", setting.Located(setting.Word("a format of streams", Formats()...)), func(t *T) *setting.At[string] { return &of(t).format }),
		setting.Key("content", "Of a stream: what an event must have, and not empty, to count, such as json.choices.0.delta.content. Default: every event counts.", setting.Located(operand("json.choices.0.delta.content")), func(t *T) *setting.At[look.Operand] { return &of(t).content }),
		setting.Key("tokens", "Of a stream: where events tell how many tokens there have been, such as json.usage.completion_tokens. Default: nobody counts tokens.", setting.Located(operand("json.usage.completion_tokens")), func(t *T) *setting.At[look.Operand] { return &of(t).tokens }),
	}
}

// operand is a place in an event.
func operand(like string) setting.Shape[look.Operand] {
	words := []string{"json", "body", "bytes"}
	read := func(text string) (look.Operand, error) {
		o, err := look.Parse(text)
		if err == nil && !slices.Contains(words, o.Word()) {
			err = fmt.Errorf("events have no %s: write a place in their JSON, such as %s", o.Word(), like)
		}
		return o, err
	}
	return setting.Parsed("a place in an event such as "+like, read, func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string"}
	})
}

// Given is the first of the keys that is there.
func (w *Written) Given() (key string, at setting.Pos, given bool) {
	switch {
	case w.format.Given:
		return "stream", w.format.Pos, true
	case w.content.Given:
		return "content", w.content.Pos, true
	case w.tokens.Given:
		return "tokens", w.tokens.Pos, true
	}
	return "", setting.Pos{}, false
}

// Reading is how the answer to a request of that method is read; nil: as one
// whole.
func (w *Written) Reading(r *setting.Reader, method string) (*Reading, bool) {
	key, at, given := w.Given()
	switch {
	case !given:
		return nil, true
	case !w.format.Given:
		r.Problem(at, "%s is of streams: write stream: sse (or ndjson, or chunks) beside it, or leave it out", key)
		return nil, false
	case method == "HEAD":
		r.Problem(at, "an answer to HEAD has no body, and no events: use another method, or leave stream out")
		return nil, false
	}
	reading := &Reading{Format: Format(w.format.Value)}
	if w.content.Given {
		reading.Content = &w.content.Value
	}
	if w.tokens.Given {
		reading.Tokens = &w.tokens.Value
	}
	return reading, w.format.Valid && (w.content.Valid || !w.content.Given) && (w.tokens.Valid || !w.tokens.Given)
}
