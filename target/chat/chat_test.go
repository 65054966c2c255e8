package chat

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWishes(t *testing.T) {
	for _, c := range []struct {
		accept, body string
		want         Wish
	}{
		{"", "", Wish{}},
		{"*/*", "no JSON", Wish{}},
		{"text/event-stream", `{"stream": true}`, Wish{}},
		{"application/json, Application/X-NDJSON;q=0.9", "", Wish{Form: NDJSON}},
		{"", `{"stream": false}`, Wish{Form: Whole}},
		{"application/x-ndjson", `{"stream": false}`, Wish{Form: Whole}},
		{"", `{"stream": null, "stream_options": null, "messages": null}`, Wish{}},
		{"", `{"messages": "none", "stream": false}`, Wish{Form: Whole}},
		{"", `{"stream": false`, Wish{}},
		{"", `{"stream": "yes"}`, Wish{}},
		{"", `{"stream_options": {"include_usage": true}, "messages": [{"role": "system", "content": "be  brief"}, {"content": [{"type": "text"}]}, {"content": "why?"}, {}]}`, Wish{Usage: true, Prompt: 3}},
		{"", `[1, 2]`, Wish{}},
	} {
		if got := Wished(c.accept, []byte(c.body)); got != c.want {
			t.Errorf("%q, %s: %+v, want %+v", c.accept, c.body, got, c.want)
		}
	}
}

type usage struct {
	Prompt     int64 `json:"prompt_tokens"`
	Completion int64 `json:"completion_tokens"`
	Total      int64 `json:"total_tokens"`
}

// completion is one, or a chunk of it, as a client reads them.
type completion struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Model   string `json:"model"`
	Choices []struct {
		Delta, Message struct {
			Role    string `json:"role"`
			Content string `json:"content"`
		}
		Finish *string `json:"finish_reason"`
	} `json:"choices"`
	Usage *usage `json:"usage"`
}

// A client that knows the dialect reads as many chunks with content as there are
// events, then the reason for the end, the usage if it was asked for, and [DONE].
func TestStreamsAreReadAsCompletions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Answer{Wish{Usage: rapid.Bool().Draw(t, "usage"), Prompt: rapid.IntRange(0, 9).Draw(t, "prompt")}, rapid.Uint64().Draw(t, "number"), rapid.Int64Range(1, 30).Draw(t, "events")}
		events := strings.SplitAfter(string(a.Append(nil)), "\n\n")
		if last := len(events) - 1; events[last] != "" || events[last-1] != "data: [DONE]\n\n" {
			t.Fatalf("it ends with %q", events[last-1:])
		}
		var contents, finished, used int64
		for i, e := range events[:len(events)-2] {
			text, is := strings.CutPrefix(e, "data: ")
			var c completion
			if err := json.Unmarshal([]byte(text), &c); err != nil || !is || c.Object != "chat.completion.chunk" {
				t.Fatalf("%q: %v", e, err)
			}
			switch {
			case len(c.Choices) == 0:
				used++
				if finished != 1 || *c.Usage != (usage{int64(a.Prompt), a.Events, int64(a.Prompt) + a.Events}) {
					t.Fatalf("usage %+v, after %d ends", *c.Usage, finished)
				}
			case c.Choices[0].Finish != nil:
				finished++
				if *c.Choices[0].Finish != "stop" || contents != a.Events || c.Choices[0].Delta.Content != "" {
					t.Fatalf("%q after %d events of %d", e, contents, a.Events)
				}
			default:
				contents++
				if delta := c.Choices[0].Delta; delta.Content == "" || (delta.Role == "assistant") != (i == 0) {
					t.Fatalf("event %d is %q", i, e)
				}
			}
		}
		if contents != a.Events || finished != 1 || (used == 1) != a.Usage {
			t.Fatalf("%d events of %d, %d ends, %d usages", contents, a.Events, finished, used)
		}
	})
}

func TestWholeAnswersAreOneCompletion(t *testing.T) {
	a := Answer{Wish{Form: Whole, Prompt: 2}, 7, 3}
	var c completion
	if err := json.Unmarshal(a.Append(nil), &c); err != nil {
		t.Fatal(err)
	}
	if c.ID != "chatcmpl-7" || c.Object != "chat.completion" || c.Choices[0].Message.Content != "word word word " || *c.Choices[0].Finish != "stop" || *c.Usage != (usage{2, 3, 5}) {
		t.Errorf("%+v", c)
	}
}

func TestLinesAreOneObjectEach(t *testing.T) {
	a := Answer{Wish{Form: NDJSON, Usage: true}, 7, 3}
	const want = "{\"n\":0,\"content\":\"word \"}\n{\"n\":1,\"content\":\"word \"}\n{\"n\":2,\"content\":\"word \"}\n"
	if got := string(a.Append(nil)); got != want {
		t.Errorf("%s", got)
	}
}

func FuzzWished(f *testing.F) {
	f.Add("application/x-ndjson", `{"stream": false, "messages": [{"content": "a b"}], "stream_options": {"include_usage": true}}`)
	f.Add("", `{"messages": [{"content": [{}]}, null, {"content": 5}]}`)
	f.Add("", `[[[[`)
	f.Fuzz(func(t *testing.T, accept, body string) {
		a := Answer{Wished(accept, []byte(body)), 1, 2}
		if a.Prompt < 0 || a.Prompt > len(body) || len(a.Append(nil)) == 0 {
			t.Errorf("%+v", a.Wish)
		}
	})
}
