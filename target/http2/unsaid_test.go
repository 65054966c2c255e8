package http2

import (
	"bytes"
	"testing"

	peer "golang.org/x/net/http2"
	"pgregory.net/rapid"
)

// Whatever is taken back of what the system has not taken: what it takes is whole
// frames in an order that a server bears, nobody hears of a call of which nothing is
// kept, and of the others as many bytes of their bodies are counted as go out.
func TestTakingBackLeavesWholeFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRig(t, get, post(10), post(40_000))
		r.hears(join(setting(initialWindow, 1<<30), number(window, 0, 1<<30)))
		var said []byte
		kept := 0 // of Out, by TLS
		takes := func(n int) {
			said = append(said, r.Out()[:n]...)
			r.Sent(n)
			kept = max(0, kept-n)
		}
		left := map[*place]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1:
				r.call(uint64(len(r.places)))
			case 2:
				if len(r.places) > 0 {
					p := rapid.SampledFrom(r.places).Draw(t, "who leaves")
					before := bytes.Clone(r.Out()[:kept])
					if r.Leave(p.stream, kept); !bytes.Equal(before, r.Out()[:kept]) {
						t.Fatalf("what is kept has changed")
					}
					left[p] = true
				}
			case 3:
				takes(rapid.IntRange(0, len(r.Out())).Draw(t, "takes"))
			case 4:
				kept = rapid.IntRange(kept, len(r.Out())).Draw(t, "keeps")
			}
		}
		for len(r.Out()) > 0 {
			takes(len(r.Out()))
		}
		expectSaid(t, r, said[len(preface):], left)
	})
}

// expectSaid reads what was said as a server does.
func expectSaid(t *rapid.T, r *rig, said []byte, left map[*place]bool) {
	heads, resets, bodies := 0, 0, 0
	frames := peer.NewFramer(nil, bytes.NewReader(said))
	for at := 0; at < len(said); {
		f, err := frames.ReadFrame()
		if err != nil {
			t.Fatalf("a frame is none: %v", err)
		}
		at += frameHead + int(f.Header().Length)
		switch f := f.(type) {
		case *peer.HeadersFrame:
			heads++
		case *peer.RSTStreamFrame:
			resets++
		case *peer.DataFrame:
			bodies += len(f.Data())
		}
	}
	counted, heard, window := 0, 0, int64(usualWindow+1<<30)
	for _, p := range r.places {
		if p.x.BytesOut > 0 {
			size := bytes.Index(p.x.Request.Bytes, []byte("\r\n\r\n")) + 4
			counted += int(p.x.BytesOut) - size
			heard++
		} else if !left[p] {
			t.Fatalf("nothing is counted of a call that goes on")
		}
	}
	if counted != bodies || heard != heads || resets > len(left) || r.window != window-int64(bodies) {
		t.Fatalf("%d heads, %d bytes of bodies and %d resets went out; %d and %d are counted, %d have left; the window is %d", heads, bodies, resets, heard, counted, len(left), r.window)
	}
}

// A head that tells the server how large the table of fields is goes in any case.
func TestTheTablesSizeIsNotTakenBack(t *testing.T) {
	r := newRig(t)
	r.says()
	r.hears(setting(tableSize, 0))
	r.says()
	first, second := r.call(0), r.call(1)
	r.Leave(first.stream, 0)
	frames := peer.NewFramer(nil, bytes.NewReader(r.says()))
	f, err := frames.ReadFrame()
	h, is := f.(*peer.HeadersFrame)
	if err != nil || !is || h.HeaderBlockFragment()[0] != 0x20 || h.StreamID != 1 {
		t.Errorf("%v, %v", f, err)
	}
	if second.end != "" || first.x.BytesOut == 0 {
		t.Errorf("%+v", first.x.Outcome)
	}
}
