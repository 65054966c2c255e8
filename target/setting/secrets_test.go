package setting

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"weak"

	"pgregory.net/rapid"
)

// spelled are the ways in which a secret may come back from a server.
func spelled(secret string) map[string]string {
	everyByte := strings.Builder{}
	lower := strings.Builder{}
	numbers := strings.Builder{}
	for _, b := range []byte(secret) {
		fmt.Fprintf(&everyByte, "%%%02X", b)
		fmt.Fprintf(&lower, "%%%02x", b)
	}
	for _, r := range secret {
		fmt.Fprintf(&numbers, "&#x%X;", r)
	}
	inJSON, _ := json.Marshal(secret)
	return map[string]string{
		"plain": secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret),
		"percent": everyByte.String(), "lower percent": lower.String(),
		"HTML": html.EscapeString(secret), "HTML numbers": numbers.String(),
		"JSON": strings.Trim(string(inJSON), `"`), "JSON slashes": strings.ReplaceAll(strings.Trim(string(inJSON), `"`), "/", `\/`),
		"Go":       strings.Trim(fmt.Sprintf("%q", secret), `"`),
		"in ASCII": strings.Trim(fmt.Sprintf("%+q", secret), `"`),
	}
}

const aSecret = `Tök/en+"<&>=47 11'\日本𝄞-tail`

// However a secret is spelled, and wherever a text that holds it was cut off,
// nothing of it is shown but two characters at the most.
func TestSecretsAreScrubbedHoweverTheyAreSpelled(t *testing.T) {
	var s secrets
	s.add("TOKEN", aSecret)
	for how, text := range spelled(aSecret) {
		if got := s.scrub("it said " + text + ", so"); got != "it said ${TOKEN}, so" {
			t.Errorf("%s: %q gives %q", how, text, got)
		}
		for end := range len(text) {
			got := s.scrub("it said " + text[:end] + "…")
			if shown := len(got) - len("it said …"); got != "it said ${TOKEN}…" && shown > 2*12 || end > 60 && got != "it said ${TOKEN}…" {
				t.Errorf("%s: cut off after %d bytes: %q", how, end, got)
			}
		}
	}
}

// Base64 has no places of its own for the bytes of a part.
func TestSecretsAreScrubbedInBase64(t *testing.T) {
	var s secrets
	s.add("PASS", aSecret)
	for _, before := range []string{"", "u", "us", "use", "user:"} {
		for _, after := range []string{"", "x", "xy", ":more"} {
			for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
				text := encoding.EncodeToString([]byte(before + aSecret + after))
				for _, sent := range []string{text, url.QueryEscape(text)} {
					got := s.scrub("Basic " + sent)
					if !strings.Contains(got, "${PASS}") || len(got) > len("Basic ${PASS}")+3*len(before+after)+12 {
						t.Errorf("%q + secret + %q: %q gives %q", before, after, sent, got)
					}
				}
				if got := s.scrub("Basic " + text[:30] + "…"); !strings.Contains(got, "${PASS}…") {
					t.Errorf("%q cut off gives %q", text[:30], got)
				}
			}
		}
	}
}

// What is no secret stays as it is.
func TestScrubbingTearsNothing(t *testing.T) {
	var s secrets
	s.add("X", "ab") // too short to be one
	s.add("URL", "http://shop.example")
	for _, text := range []string{"absent", "it speaks http", "http:/shop", "shop.example…", "", "h…", "100 % sure & \\ all"} {
		if got := s.scrub(text); got != text {
			t.Errorf("%q gives %q", text, got)
		}
	}
	if got := s.scrub("see http://shop.example/a and http%3a%2F%2fshop.example"); got != "see ${URL}/a and ${URL}" {
		t.Error(got)
	}
}

// Scrubbed text holds no secret, and scrubbing it again changes nothing.
func TestScrubbingIsDoneOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s secrets
		secret := rapid.StringOfN(rapid.RuneFrom([]rune("ab%&+\\/\"é2 ")), 3, 6, -1).Draw(t, "secret")
		s.add("N", secret)
		pieces := rapid.SliceOf(rapid.OneOf(rapid.Just(secret), rapid.Just(url.QueryEscape(secret)), rapid.StringOfN(rapid.RuneFrom([]rune("ab%&+\\/\"é2 x")), 0, 5, -1))).Draw(t, "pieces")
		got := s.scrub(strings.Join(pieces, ""))
		if strings.Contains(got, secret) && !strings.Contains("${N}${N}", secret) {
			t.Fatalf("%q is left in %q", secret, got)
		}
	})
}

// Files that are named again and again are read once, and all together are
// bounded.
func TestFilesAreBoundedTogether(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 100), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := NewReader(nil, dir)
	for range 100 {
		if _, ok := r.File(Pos{1, 1}, "a"); !ok || r.inFiles != 100 {
			t.Fatal(r.inFiles, r.Problems())
		}
	}
	r.inFiles = allFiles - 99 // as if others had been read
	if _, ok := r.File(Pos{1, 1}, "b"); ok || !strings.Contains(r.Problems()[0].Text, "with it the files come to more than 256 MiB") {
		t.Error(r.Problems())
	}
}

// Whoever scrubs for the rest of a run does not keep what was read hold of.
func TestScrubberLetsGoOfTheReader(t *testing.T) {
	r := NewReader(nil, ".")
	r.secrets.add("TOKEN", "s3cret")
	scrub, reader := r.Scrubber(), weak.Make(r)
	if got := scrub("a s3cret"); got != "a ${TOKEN}" {
		t.Errorf("scrubbed to %q", got)
	}
	r = nil
	runtime.GC()
	if reader.Value() != nil {
		t.Error("the reader is still there")
	}
	runtime.KeepAlive(scrub)
}
