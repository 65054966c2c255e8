package http2

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// model is a server that keeps account of windows, and of what has come in them.
type model struct {
	t       *rapid.T
	r       *rig
	seen    int64 // bytes that have been made ready so far
	rest    []byte
	initial int64
	window  int64
	windows map[uint32]int64
	bodies  map[uint32]*bytes.Buffer
	ended   map[uint32]bool
	last    uint32 // whose DATA came last
}

// reads takes in what the client has made ready: that is bounded by the windows as
// they were then.
func (m *model) reads() {
	b := m.r.Out()
	m.rest = append(m.rest, b[m.seen-m.r.said:]...)
	m.seen = m.r.said + int64(len(b))
	m.rest = bytes.TrimPrefix(m.rest, []byte(preface))
	for len(m.rest) > 0 {
		var f frame
		f.read(m.rest)
		payload := m.rest[frameHead : frameHead+f.length]
		m.rest = m.rest[frameHead+f.length:]
		switch f.kind {
		case headers:
			m.windows[f.stream], m.bodies[f.stream] = m.initial, new(bytes.Buffer)
			m.ended[f.stream] = f.has(endStream)
		case data:
			m.window -= int64(f.length)
			m.windows[f.stream] -= int64(f.length)
			if m.bodies[f.stream].Write(payload); m.window < 0 || m.windows[f.stream] < 0 || m.ended[f.stream] || f.length > usualFrame {
				m.t.Fatalf("stream %d: windows %d and %d after %d bytes, ended %v", f.stream, m.window, m.windows[f.stream], f.length, m.ended[f.stream])
			}
			m.ended[f.stream] = f.has(endStream)
		}
	}
	if len(b) > ahead+2*usualFrame {
		m.t.Fatalf("%d bytes are ready to be sent", len(b))
	}
}

// Whatever windows a server opens and when, and however much the system takes, each
// body comes whole, once, in order and within the windows.
func TestBodiesGoWithinWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 9, 1000, 20_000, 70_000, 200_000}), 1, 5).Draw(t, "sizes")
		var requests []string
		for _, size := range sizes {
			requests = append(requests, post(size))
		}
		r := newRig(t, requests...)
		m := &model{t: t, r: r, initial: usualWindow, window: usualWindow, windows: map[uint32]int64{}, bodies: map[uint32]*bytes.Buffer{}, ended: map[uint32]bool{}}
		r.hears(greeting)
		m.reads()
		begun := 0
		for range rapid.IntRange(1, 40).Draw(t, "turns") {
			m.turn(&begun, len(sizes))
			m.reads()
		}
		m.finish(&begun, sizes)
	})
}

func (m *model) turn(begun *int, all int) {
	t, r := m.t, m.r
	switch rapid.IntRange(0, 4).Draw(t, "what") {
	case 0:
		if *begun < all {
			r.call(uint64(*begun))
			*begun++
		}
	case 1:
		r.Sent(rapid.IntRange(0, len(r.Out())).Draw(t, "sent"))
	case 2:
		m.initial = int64(rapid.SampledFrom([]int{0, 1, 100, usualWindow, 100_000}).Draw(t, "initial"))
		before := r.session.initial
		r.hears(setting(initialWindow, uint32(m.initial)))
		for id := range m.windows {
			m.windows[id] += m.initial - before
		}
	case 3:
		m.widen(0, rapid.IntRange(1, 50_000).Draw(t, "more"))
	case 4:
		if *begun > 0 {
			m.widen(uint32(2*rapid.IntRange(0, *begun-1).Draw(t, "stream")+1), rapid.IntRange(1, 50_000).Draw(t, "more"))
		}
	}
}

func (m *model) widen(id uint32, by int) {
	if id == 0 {
		m.window += int64(by)
	} else {
		m.windows[id] += int64(by)
	}
	m.r.hears(number(window, id, uint32(by)))
}

// finish opens the windows wide, and looks at what has come.
func (m *model) finish(begun *int, sizes []int) {
	for ; *begun < len(sizes); *begun++ {
		m.r.call(uint64(*begun))
		m.reads()
	}
	m.widen(0, 1<<30)
	for i := range sizes {
		m.widen(uint32(2*i+1), 1<<30)
		m.reads()
	}
	for m.reads(); len(m.r.Out()) > 0; m.reads() {
		m.r.Sent(min(len(m.r.Out()), 30_000))
	}
	for i, size := range sizes {
		id := uint32(2*i + 1)
		want := post(size)
		at := strings.Index(want, "\r\n\r\n") + 4
		if got := m.bodies[id].String(); got != want[at:] || !m.ended[id] || m.r.places[i].x.BytesOut != int64(len(want)) {
			m.t.Fatalf("stream %d: %d bytes of %d have come, ended %v, %d counted", id, len(got), size, m.ended[id], m.r.places[i].x.BytesOut)
		}
	}
	if m.r.fault != nil {
		m.t.Fatalf("%v", m.r.fault)
	}
}

// Streams take turns: none waits until another one's body has gone.
func TestBodiesTakeTurns(t *testing.T) {
	r := newRig(t, post(1_000_000))
	r.hears(join(greeting, setting(initialWindow, widest), number(window, 0, 1<<30)))
	r.says()
	for range 3 {
		r.call(0)
	}
	if n := len(r.Out()); n > ahead+2*usualFrame {
		t.Errorf("%d bytes are ready to be sent", n)
	}
	var order []uint32
	for _, said := range sayings(t, r.says()) {
		var id, size uint32
		if n, _ := fmt.Sscanf(said, "DATA %d %d", &id, &size); n == 2 && len(order) < 60 {
			order = append(order, id)
		}
	}
	counts := map[uint32]int{}
	for _, id := range order[6:] {
		counts[id]++
	}
	for _, id := range []uint32{1, 3, 5} {
		if counts[id] != 18 {
			t.Errorf("stream %d has %d frames of 54: %v", id, counts[id], order)
		}
	}
}

// answers draws what a server says, well formed or not.
func answers(t *rapid.T) []byte {
	frames := [][]byte{greeting}
	for range rapid.IntRange(0, 12).Draw(t, "frames") {
		if rapid.IntRange(0, 3).Draw(t, "rule") == 0 {
			c := rapid.SampledFrom(rules9113).Draw(t, "of")
			if len(c.frames) < 5000 {
				frames = append(frames, c.frames)
			}
			continue
		}
		id := uint32(rapid.IntRange(0, 7).Draw(t, "stream"))
		switch k := kind(rapid.IntRange(0, 10).Draw(t, "kind")); k {
		case headers, continuation:
			block := rapid.SampledFrom([]string{"\x88", "\x88\x40\x01a\x01b", "\xbe", "", blockOf(":status", "200", "content-length", "3"), "\x00\x01c\x01d", "\x88\xbe", blockOf(":status", "100"), "\x40"}).Draw(t, "block")
			frames = append(frames, frameOf(k, rapid.SampledFrom([]byte{0, 1, 4, 5, 12, 36}).Draw(t, "flags"), id|1, block))
		case data:
			frames = append(frames, frameOf(k, rapid.SampledFrom([]byte{0, 0, 1, 8, 9}).Draw(t, "flags"), id|1, rapid.SampledFrom([]string{"", "abc", "\x00", "\x01x\x00", "abcdef"}).Draw(t, "data")))
		case reset, window:
			frames = append(frames, number(k, id, uint32(rapid.IntRange(0, 9).Draw(t, "number"))))
		case goAway:
			frames = append(frames, away(id, 0, ""))
		case settings:
			frames = append(frames, setting(uint16(rapid.IntRange(1, 6).Draw(t, "which")), rapid.SampledFrom([]uint32{0, 1, 100, usualFrame, widest}).Draw(t, "value")))
		default:
			frames = append(frames, frameOf(k, 0, id, rapid.SampledFrom([]string{"", "12345678", "12345"}).Draw(t, "payload")))
		}
	}
	all := join(frames...)
	return all[:len(all)-rapid.SampledFrom([]int{0, 0, 0, 1, 3}).Draw(t, "cut off")]
}

// What comes means the same in whatever pieces it does.
func TestAnySplitGivesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 10 {
			b := answers(t)
			whole := told(t, b, func(left int) int { return left })
			for name, cut := range map[string]func(int) int{
				"byte by byte": func(int) int { return 1 },
				"in pieces":    func(left int) int { return rapid.IntRange(1, min(left, 40)).Draw(t, "piece") },
			} {
				if got := told(t, b, cut); got != whole {
					t.Fatalf("%x\nin one\n%s\n%s\n%s", b, whole, name, got)
				}
			}
		}
	})
}

// told is all that comes of what a server says to four calls.
func told(t *rapid.T, b []byte, cut func(left int) int) string {
	r := newRig(t, get, head, post(70_000), get)
	for i := range 4 {
		r.call(uint64(i))
	}
	for rest := b; len(rest) > 0; {
		n := cut(len(rest))
		r.hears(rest[:n])
		rest = rest[n:]
	}
	var text strings.Builder
	fmt.Fprintln(&text, r.fault, r.Room(), r.Closing())
	for i, p := range r.places {
		fmt.Fprintln(&text, i, p.end, p.class, p.began, p.stream.Reader().Size())
		if r.fault == nil && p.end == "" {
			fmt.Fprintln(&text, r.Cut(p.stream))
		}
	}
	list := sayings(t, r.says())
	for i, said := range list { // when a body is said depends on when windows are
		if strings.HasPrefix(said, "DATA") {
			list[i] = ""
		}
	}
	fmt.Fprintln(&text, strings.Join(list, "\n"))
	return text.String()
}

// Calls are found, whatever comes and goes, in memory for those there are.
func TestCalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table calls
		open := map[uint32]*call{}
		next, most := uint32(rapid.SampledFrom([]int{1, widest - 200}).Draw(t, "first")), 0
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "what") > 0 || len(open) == 0 {
				c := &call{id: next}
				next += 2
				table.put(c)
				open[c.id] = c
			} else {
				id := next - 2 - 2*uint32(rapid.IntRange(0, 40).Draw(t, "back"))
				if c := open[id]; c != nil {
					table.take(c)
					delete(open, id)
				}
			}
			most = max(most, len(open))
			for id := next + 4; id > next-90; id -= 2 {
				if table.find(id) != open[id] {
					t.Fatalf("%d: %v, and not %v", id, table.find(id), open[id])
				}
			}
			if table.count != len(open) || len(table.slots) > max(1<<fewest, 4*most) {
				t.Fatalf("%d of %d, in %d slots", table.count, len(open), len(table.slots))
			}
		}
	})
}
