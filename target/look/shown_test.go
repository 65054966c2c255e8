package look

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// What is shown of an answer is its beginning, valid and short, and no part of a
// secret, wherever that stands.
func TestShown(t *testing.T) {
	const secret = "correct-horse-battery"
	scrub := func(text string) string { return strings.ReplaceAll(text, secret, "${PASSWORD}") }
	for before := range MostShown + 2 {
		body := strings.Repeat("x", before) + secret + strings.Repeat("y", 2000)
		shown := Shown([]byte(body), scrub)
		if strings.Contains(shown, secret[:4]) || utf8.RuneCountInString(shown) != MostShown {
			t.Fatalf("behind %d characters: %q", before, shown)
		}
	}
	for body, want := range map[string]string{"": "", "a\xffb": "a\uFFFDb", strings.Repeat("é", 300): strings.Repeat("é", MostShown), secret: secret} {
		if got := Shown([]byte(body), nil); got != want {
			t.Errorf("%q is shown as %q", body, got)
		}
	}
}
