// Package chat is the dialect of servers of language models, chat completions,
// as far as a simulated one speaks it: answers event by event, each of one word.
// What is written depends on the request, the call's number and the number of
// events alone: a model in simulated time has the same text as a server.
package chat

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Form is how an answer is written.
type Form uint8

// The forms. Events of the first are chunks of a completion, of the second lines.
const (
	SSE    Form = iota
	NDJSON      // {"n":0,"content":"word "}
	Whole       // no stream, but all at once in its end
)

// Wish is what a request says of its answer.
type Wish struct {
	Form   Form
	Usage  bool // a last chunk tells the tokens
	Prompt int  // tokens of the request: the words of its messages
}

// Wished reads a request: what it accepts, and its body. One that is no JSON, or
// not there, wishes for nothing: it gets SSE.
func Wished(accept string, body []byte) Wish {
	var request struct {
		Stream  json.RawMessage `json:"stream"`
		Options struct {
			Usage bool `json:"include_usage"`
		} `json:"stream_options"`
		Messages []struct {
			Content json.RawMessage `json:"content"`
		} `json:"messages"`
	}
	var w Wish
	if strings.Contains(strings.ToLower(accept), "application/x-ndjson") {
		w.Form = NDJSON
	}
	// What is no JSON leaves all as it is, and what is of another type leaves that.
	_ = json.Unmarshal(body, &request)
	if string(request.Stream) == "false" {
		w.Form = Whole
	}
	w.Usage = request.Options.Usage
	for _, m := range request.Messages {
		var text string
		if json.Unmarshal(m.Content, &text) == nil {
			w.Prompt += len(strings.Fields(text))
		}
	}
	return w
}

// Answer is what the call of a number is answered.
type Answer struct {
	Wish
	Number uint64
	Events int64
}

// Type is the answer's Content-Type.
func (a *Answer) Type() string {
	switch a.Form {
	case NDJSON:
		return "application/x-ndjson"
	case Whole:
		return "application/json"
	}
	return "text/event-stream"
}

// word is what each event holds, one token.
const word = "word "

// AppendEvent writes the n-th event, from 0, and behind the last what ends the
// stream. It is for streams alone.
func (a *Answer) AppendEvent(dst []byte, n int64) []byte {
	if a.Form == NDJSON {
		dst = strconv.AppendInt(append(dst, `{"n":`...), n, 10)
		return append(dst, `,"content":"`+word+"\"}\n"...)
	}
	role := ""
	if n == 0 {
		role = `"role":"assistant",`
	}
	dst = a.chunk(dst, `"choices":[{"index":0,"delta":{`, role, `"content":"`+word+`"},"finish_reason":null}]`)
	if n == a.Events-1 {
		dst = a.end(dst)
	}
	return dst
}

// Append writes all of the answer.
func (a *Answer) Append(dst []byte) []byte {
	if a.Form == Whole {
		return a.whole(dst)
	}
	for n := range a.Events {
		dst = a.AppendEvent(dst, n)
	}
	return dst
}

// chunk writes a chunk of a completion, as an event.
func (a *Answer) chunk(dst []byte, parts ...string) []byte {
	dst = a.begin(append(dst, "data: "...), "chat.completion.chunk")
	for _, part := range parts {
		dst = append(dst, part...)
	}
	return append(dst, "}\n\n"...)
}

// end writes what comes behind the last event with content.
func (a *Answer) end(dst []byte) []byte {
	dst = a.chunk(dst, `"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]`)
	if a.Usage {
		dst = a.chunk(dst, `"choices":[],`, string(a.usage(nil)))
	}
	return append(dst, "data: [DONE]\n\n"...)
}

// whole writes a completion that is no stream.
func (a *Answer) whole(dst []byte) []byte {
	dst = append(a.begin(dst, "chat.completion"), `"choices":[{"index":0,"message":{"role":"assistant","content":"`...)
	for range a.Events {
		dst = append(dst, word...)
	}
	dst = append(dst, `"},"finish_reason":"stop"}],`...)
	return append(a.usage(dst), '}')
}

// begin writes what every object begins with.
func (a *Answer) begin(dst []byte, object string) []byte {
	dst = strconv.AppendUint(append(dst, `{"id":"chatcmpl-`...), a.Number, 10)
	dst = append(append(dst, `","object":"`...), object...)
	return append(dst, `","created":0,"model":"plimsoll",`...)
}

// usage writes how many tokens the request and the answer have.
func (a *Answer) usage(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `"usage":{"prompt_tokens":`...), int64(a.Prompt), 10)
	dst = strconv.AppendInt(append(dst, `,"completion_tokens":`...), a.Events, 10)
	dst = strconv.AppendInt(append(dst, `,"total_tokens":`...), int64(a.Prompt)+a.Events, 10)
	return append(dst, '}')
}
