package fleet

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
)

// What is sealed is opened with the same key, and with no other, nor with a bit
// changed.
func TestFrames(t *testing.T) {
	key := []byte("a key")
	f := frame{head: head{Kind: interval, From: "a", To: "b", Seq: 7, More: true, Seen: 3}, body: []byte("a\nbody")}
	text := f.seal(key)
	got, err := open(key, text)
	if err != nil || got.head != f.head || !bytes.Equal(got.body, f.body) {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := open([]byte("another"), text); err != errForged {
		t.Errorf("with another key: %v", err)
	}
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= 1
		if _, err := open(key, changed); err != errForged {
			t.Fatalf("with byte %d changed: %v", i, err)
		}
	}
}

// signed is a text under its signature, whatever it says.
func signed(key []byte, text string) []byte {
	return append(sign(key, []byte(text)), text...)
}

// Who knows the token may be mad all the same: nothing panics, and limits are kept.
func TestFramesThatAreNone(t *testing.T) {
	key := []byte("k")
	for name, text := range map[string]string{
		"no head":        strings.Repeat("x", 3000),
		"no JSON":        "{\nbody",
		"a long session": `{"protocol":1,"kind":"ping","from":"` + strings.Repeat("x", 100) + "\"}\n",
		"a large body":   "{\"protocol\":1,\"kind\":\"ping\"}\n" + strings.Repeat("x", mostBody+1),
		"nothing":        "",
	} {
		if f, err := open(key, signed(key, text)); err == nil {
			t.Errorf("%s: %+v", name, f.head)
		}
	}
	f, err := open(key, signed(key, "{\"protocol\":2,\"program\":\"v9\",\"kind\":\"calling\",\"from\":\"c\"}\nwhatever"))
	if err != nil || f.Protocol != 2 || f.Program != "v9" || f.body != nil {
		t.Errorf("of another version: %+v, %v", f, err)
	}
}

// Frames of strangers: whatever comes, it is an error or what it says.
func FuzzOpen(f *testing.F) {
	key := []byte("k")
	one := frame{head: head{Kind: start, From: "a", Seq: 1}, body: []byte("{}")}
	f.Add(one.seal(key)[sha256.Size:])
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := open(key, signed(key, string(text)))
		if err != nil || got.Protocol != Protocol {
			return
		}
		back, err := open(key, got.seal(key))
		if err != nil || back.head != got.head || !bytes.Equal(back.body, got.body) {
			a, _ := json.Marshal(got.head)
			b, _ := json.Marshal(back.head)
			t.Fatalf("%s became %s, %v", a, b, err)
		}
	})
}
