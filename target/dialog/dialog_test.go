package dialog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/setting"
	"plimsoll/target/value"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// However a stream is cut into pieces, and whether somebody looks at it or not,
// the answer ends where the first end in the whole of it does, and what comes
// behind is not taken.
func TestAnswersEndWhereTheyEnd(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		letters := rapid.SliceOfN(rapid.SampledFrom([]byte("ab\r\n")), 1, 40)
		stream := letters.Draw(r, "stream")
		receive := Receive{How: Until, Until: rapid.SliceOfN(rapid.SampledFrom([]byte("ab\r\n")), 1, 4).Draw(r, "end")}
		end := bytes.Index(stream, receive.Until)
		if end >= 0 {
			end += len(receive.Until)
		}
		if rapid.Bool().Draw(r, "counted") {
			receive = Receive{How: Bytes, Bytes: rapid.IntRange(1, 50).Draw(r, "bytes")}
			if end = receive.Bytes; end > len(stream) {
				end = -1
			}
		}
		keep := rapid.Bool().Draw(r, "keep")
		var a Answer
		a.Begin(&Receive{How: Until, Until: []byte("x")}, true)
		_, _, _ = a.Take([]byte("what was before"))
		a.Begin(&receive, keep)
		at, whole := 0, false
		for rest := stream; len(rest) > 0 && !whole; {
			n := rapid.IntRange(1, len(rest)).Draw(r, "piece")
			var used int
			var err error
			if used, whole, err = a.Take(rest[:n]); err != nil || used > n || used < n && !whole {
				r.Fatalf("took %d of %d, whole %v, %v", used, n, whole, err)
			}
			at, rest = at+used, rest[n:]
		}
		switch {
		case whole != (end >= 0), whole && at != end:
			r.Fatalf("%q by %s ends at %d (%v), want %d", stream, receive.String(), at, whole, end)
		case a.Size != int64(at), keep && string(a.Body) != string(stream[:at]):
			r.Fatalf("%d bytes, %q", a.Size, a.Body)
		case !keep && len(a.Body) > 3:
			r.Fatalf("kept %q that nobody looks at", a.Body)
		}
	})
}

func TestOtherAnswers(t *testing.T) {
	matches := Receive{How: Matches, RE: regexp.MustCompile(`^OK [0-9]+\r\n`)}
	var a Answer
	a.Begin(&matches, false)
	if _, whole, _ := a.Take([]byte("OK 1")); whole {
		t.Error("half of it is the answer")
	}
	if used, whole, _ := a.Take([]byte("2\r\nmore")); !whole || used != 7 || string(a.Body) != "OK 12\r\nmore" {
		t.Errorf("%d of it taken, whole %v, %q", used, whole, a.Body)
	}
	if matches.Accepts([]byte("no")) || !matches.Accepts([]byte("OK 1\r\n")) {
		t.Error("messages that match are accepted, and no others")
	}
	a.Begin(&matches, false)
	if _, _, err := a.Take(make([]byte, mostKept+1)); !errors.Is(err, ErrLarge) || Class(err, false) != target.Body {
		t.Errorf("an answer without an end: %v", err)
	}
	a.Begin(&Receive{How: Close}, true)
	if _, whole, _ := a.Take([]byte("all")); whole || !a.Closed(io.EOF) || a.Closed(errors.New("reset")) {
		t.Error("an answer that a close ends does not end there")
	}
	a.Begin(&Receive{How: Close}, false)
	if _, _, err := a.Take(make([]byte, mostKept+1)); err != nil || a.Size != mostKept+1 {
		t.Errorf("what nobody looks at may be as large as it is: %v", err)
	}
}

func TestFind(t *testing.T) {
	var a Answer
	a.Begin(&Receive{}, true)
	a.Message([]byte(`{"id": 7, "token": "secret"}`))
	var want []look.Operand
	for _, text := range []string{"message", "json.id", "bytes", "json.missing"} {
		o, err := look.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, o)
	}
	var out target.Outcome
	a.Find(want, &out, func(s string) string { return strings.ReplaceAll(s, "secret", "***") })
	if out.Found[0].Text != `{"id": 7, "token": "secret"}` || out.Found[1].Text != "7" || out.Found[2].Text != "28" || out.Found[3].Kind != value.None || out.Shown != `{"id": 7, "token": "***"}` {
		t.Errorf("%+v, %q", out.Found, out.Shown)
	}
}

// read reads a send and a receive as a target does.
func read(text string) (*Call, []setting.Problem) {
	type nothing struct{}
	var got *Call
	shape := kind.Target("a target", Action(), func(_ *setting.Reader, _ setting.Pos, _ nothing, own kind.Call) (kind.Settings, bool) {
		if own != nil {
			got = own.(*Call)
		}
		return nil, true
	})
	r := setting.NewReader(func(string) (string, bool) { return "", false }, os.TempDir())
	shape.Read(r, r.Load([]byte(text)))
	return got, r.Problems()
}

func TestCallsAreRead(t *testing.T) {
	for text, want := range map[string]struct {
		name, sent, receive string
		binary              bool
	}{
		`{send: "ping\n", receive: {until: "\n"}}`:       {"ping", "ping\n", `until: "\n"`, false},
		`{send: "n ${iteration}", receive: none}`:        {"n ${iteration}", "n 5", "none", false},
		`{send: {hex: "48 69 0A"}, receive: {bytes: 3}}`: {"hex: 48 69 0A", "Hi\n", "bytes: 3", true},
		`{send: "", receive: {close: true}}`:             {"(nothing)", "", "close: true", false},
		`{send: x, receive: {matches: "^OK"}}`:           {"x", "x", `matches: "^OK"`, false},
		`{send: x, receive: {until: {hex: "0d0a"}}}`:     {"x", "x", `until: "\r\n"`, false},
		`just this`: {"just this", "just this", "receive", false},
	} {
		c, problems := read(text)
		if problems != nil || c == nil {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		sent := string(c.Append(nil, []value.Value{value.Of("5")}))
		if c.Name() != want.name || sent != want.sent || c.Receive.String() != want.receive || c.Binary() != want.binary {
			t.Errorf("%s is %q, sends %q (binary: %v), %s", text, c.Name(), sent, c.Binary(), c.Receive.String())
		}
	}
	for text, says := range map[string]string{
		`{send: {hex: "4"}}`:                          "odd number of digits",
		`{send: {hex: "xy"}}`:                         "not hexadecimal",
		`{send: {hex: "${n}"}}`:                       "write a text where",
		`{send: {file: no-such-file}}`:                "does not exist",
		`{send: {}}`:                                  "write one of them",
		`{send: x, receive: {}}`:                      "one thing that ends",
		`{send: x, receive: {bytes: 1, close: true}}`: "one thing that ends",
		`{send: x, receive: {close: false}}`:          "ends no answer",
		`{send: x, receive: {until: ""}}`:             "cannot end with nothing",
		`{send: x, receive: {until: '\n'}}`:           "in double quotes",
		`{send: x, receive: {matches: "("}}`:          "no regular expression: missing closing )",
		`{send: x, receive: nothing}`:                 `is not what ends an answer, there is only none`,
		`{receive: none}`:                             "belongs to send",
	} {
		if _, problems := read(text); len(problems) != 1 || !strings.Contains(problems[0].Text, says) {
			t.Errorf("%s: %v, want … %s …", text, problems, says)
		}
	}
}

// Each ear hears each shout once, whatever the order in which messages reach the
// ears; first and last are when the first and the last of them did.
func TestAllHearEveryShout(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		ears, shouts := rapid.IntRange(1, 70).Draw(r, "ears"), rapid.IntRange(1, 6).Draw(r, "shouts")
		stream := rapid.Bool().Draw(r, "stream")
		receive := &Receive{}
		if stream {
			receive = &Receive{How: Until, Until: []byte("\n")}
		}
		c := NewCrowd(ears)
		var all []*Shout
		text := func(i int) []byte { return []byte(string(rune('a'+i)) + "!\n") }
		for i := range shouts {
			all = append(all, c.Shout(nil, receive, text(i)[:1], true))
		}
		epoch := time.Unix(1000, 0)
		var first, last [6]time.Time
		clock := 0
		for n := range ears {
			ear := c.Ear(n)
			order := rapid.Permutation([]int{0, 1, 2, 3, 4, 5}[:shouts]).Draw(r, "order")
			if !stream {
				ear.HearMessage([]byte("NOBODY ASKED"), epoch)
			}
			for _, i := range order {
				clock++
				at := epoch.Add(time.Duration(clock))
				if first[i].IsZero() {
					first[i] = at
				}
				last[i] = at
				if stream {
					cut := rapid.IntRange(0, 3).Draw(r, "cut")
					ear.Hear(text(i)[:cut], at)
					ear.Hear(text(i)[cut:], at)
				} else {
					ear.HearMessage(text(i), at)
				}
			}
		}
		for i, s := range all {
			if err := c.Wait(t.Context(), s); err != nil || s.First != first[i] || s.Last != last[i] || s.Size != int64(ears*len(text(i))) {
				r.Fatalf("shout %d: %v, first %v, last %v, %d bytes", i, err, s.First, s.Last, s.Size)
			}
		}
	})
}

// Receivers are opened once, anew when one is lost or a call was given up, and all
// closed in the end, of calls under way too.
func TestReceivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open, opened := 0, 0
		var ears []*Ear
		lock := make(chan struct{}, 1)
		r := NewReceivers(3, func(_ context.Context, to *Ear) (func(), error) {
			lock <- struct{}{}
			open, opened, ears = open+1, opened+1, append(ears, to)
			<-lock
			return func() { lock <- struct{}{}; open--; <-lock }, nil
		})
		gather := func(want int) *Company {
			t.Helper()
			c, err := r.Gather(t.Context())
			if err != nil || opened != want {
				t.Fatalf("%v, %d opened, want %d", err, opened, want)
			}
			return c
		}
		one, other := gather(3), gather(3)
		r.Part(one, true)
		ears[1].End(io.EOF)
		s := other.Shout(nil, &Receive{}, nil, false)
		if err := other.Wait(t.Context(), s); err != io.EOF {
			t.Errorf("a lost receiver ends a call with %v", err)
		}
		third := gather(6)
		if open != 6 {
			t.Errorf("%d are open while a call has those from before", open)
		}
		r.Part(other, false)
		if open != 3 {
			t.Errorf("%d are open, want the new ones", open)
		}
		r.Part(third, false) // given up: what is late meets nobody
		last := gather(9)
		r.Close()
		if open != 3 {
			t.Errorf("%d are open for the call under way", open)
		}
		r.Part(last, true)
		if _, err := r.Gather(t.Context()); err == nil || open != 0 {
			t.Errorf("after the end: %v, %d are open", err, open)
		}
	})
}
