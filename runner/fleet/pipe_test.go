package fleet

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Over a network that loses, doubles and mixes up what it carries, every message
// comes once, whole and in order, and nothing is kept that has come.
func TestPipe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var here, there pipe
		var sent, came [][]byte
		var network []frame
		now := time.Duration(0)
		for range rapid.IntRange(0, 12).Draw(t, "messages") {
			body := bytes.Repeat([]byte{byte(len(sent))}, rapid.SampledFrom([]int{0, 1, 100, mostBody, mostBody + 1, 3 * mostBody}).Draw(t, "size"))
			if err := here.push(interval, body); err != nil {
				t.Fatal(err)
			}
			sent = append(sent, body)
		}
		for round := 0; len(came) < len(sent) || len(here.waiting) > 0; round++ {
			if round > 3000 {
				t.Fatalf("%d of %d messages have come", len(came), len(sent))
			}
			for f := here.next(now); f != nil; f = here.next(now) {
				network = append(network, *f)
			}
			if len(network) > 0 {
				i := rapid.IntRange(0, len(network)-1).Draw(t, "which")
				f := network[i]
				fate := rapid.IntRange(0, 9).Draw(t, "fate")
				if fate != 0 { // else it comes again
					network = append(network[:i], network[i+1:]...)
				}
				if fate != 1 { // else it is lost
					body, whole, err := there.take(f)
					if err != nil {
						t.Fatal(err)
					}
					if whole {
						came = append(came, body)
					}
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "acknowledged") > 0 {
				here.got(there.seen, now)
			}
			now += 100 * time.Millisecond
		}
		for i := range sent {
			if !bytes.Equal(sent[i], came[i]) {
				t.Fatalf("message %d has %d bytes, %d were sent", i, len(came[i]), len(sent[i]))
			}
		}
		if here.bytes != 0 || there.parts != nil {
			t.Fatalf("%d bytes are kept here, %d there", here.bytes, len(there.parts))
		}
	})
}

// The other side may say what it likes of what it has got.
func TestPipeIsToldNonsense(t *testing.T) {
	var p pipe
	p.got(1, 0)
	_ = p.push(start, []byte("x"))
	p.got(0, 0)
	p.got(5, 0)
	p.got(1<<63, 0)
	if len(p.waiting) != 1 {
		t.Error("it believes in what it has not sent")
	}
	p.got(1, 0)
	if len(p.waiting) != 0 || p.next(time.Hour) != nil {
		t.Error("it keeps what has come")
	}
}

// A side that takes nothing is given up, before memory is full of what waits for it;
// and a message that does not end is none.
func TestPipeIsBounded(t *testing.T) {
	var p, other pipe
	var err error
	large := make([]byte, 30<<20)
	for range 5 {
		if err = p.push(interval, large); err != nil {
			break
		}
	}
	if err == nil || p.bytes > mostWaiting {
		t.Errorf("%d bytes wait, %v", p.bytes, err)
	}
	if p.push(planOf, make([]byte, mostMessage+1)) == nil {
		t.Error("a message may have any size")
	}
	body, seq := make([]byte, mostBody), uint64(0)
	for err = nil; err == nil && seq < 1000; {
		seq++
		_, _, err = other.take(frame{head: head{Kind: planOf, Seq: seq, More: true}, body: body})
	}
	if err == nil {
		t.Error("a message without an end is kept")
	}
}
