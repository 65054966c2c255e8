package http

import (
	"strings"
	"testing"
)

// A server may echo the header that the user and password of a URL became.
func TestScrubKnowsBasicAuthorization(t *testing.T) {
	s := Settings{
		Calls: []Request{{URL: "http://user:opensesame@127.0.0.1/"}},
		Scrub: func(text string) string { return strings.ReplaceAll(text, "opensesame", "${PASS}") },
	}
	shown := s.scrub("418: Authorization: Basic dXNlcjpvcGVuc2VzYW1l, opensesame")
	if want := "418: Authorization: Basic xxxxx, ${PASS}"; shown != want {
		t.Errorf("shown as %q, want %q", shown, want)
	}
}
