package text_test

import (
	"bytes"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/text"
	"plimsoll/runner/result"
)

func TestGoldenSearches(t *testing.T) {
	for name, run := range map[string]*result.Run{"searched": sample.Searched(), "generator-limited": sample.GeneratorLimited()} {
		v := of(t, run)
		golden(t, name+".txt", []byte(terminal(t, v, text.Options{Width: 120})))
		var markdown bytes.Buffer
		if err := text.Markdown(&markdown, v, nil); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".md", markdown.Bytes())
	}
}
