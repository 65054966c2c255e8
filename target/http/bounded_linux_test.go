package http

import (
	"fmt"
	nethttp "net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
)

// A hundred servers whose heads never end take no more memory than some
// multiple of a hundred heads of the limit, whatever carries the calls.
func TestEndlessHeadsTakeLittleMemory(t *testing.T) {
	const callers, limit = 100, 200_000
	for name, c := range map[string]struct {
		text   string   // of a head of HTTP/1.1, again and again
		frames []string // of one of HTTP/2, when the first has begun it
	}{
		"one line":    {strings.Repeat("x", 10_000), []string{"\x00\x01a" + endless, strings.Repeat("x", 10_000)}},
		"other names": {otherNames(), otherFields()},
	} {
		house := conduct{script: func(v *visit) bool {
			for v.say(okHead + "A: b"); v.say(c.text); {
			}
			return false
		}}
		framedHouse := house
		framedHouse.more.serve = byStream(func(s framed) bool {
			s.frame(frameHeaders, 0, s.id, fields("200"))
			for n, more := 0, true; more; n = min(n+1, len(c.frames)-1) {
				more = s.frame(frameContinuation, 0, s.id, c.frames[n])
			}
			return false
		})
		for _, by := range everyCarrier {
			t.Run(name+" by "+by.name(), func(t *testing.T) {
				house := house
				if by.protocol == "2" {
					house = framedHouse
				}
				url := house.opened(t, by, time.Minute)
				ended, most := by.watched(t, url, callers, func(s *Settings) { s.MaxHead, s.Streams = limit, 1 })
				for _, out := range ended {
					if out.Class != target.Body || !strings.Contains(out.Example, "max_head") {
						t.Errorf("%+v", out)
						break
					}
				}
				if t.Logf("%d MB", most>>20); most > 20*callers*limit {
					t.Errorf("%d MB in use", most>>20)
				}
			})
		}
	}
}

// endless is the length of a value that is longer than any (RFC 7541, 5.1).
const endless = "\x7f\x80\x80\x80\x80\x01"

// otherNames are lines with a name of its own each.
func otherNames() string {
	var text strings.Builder
	for n := range 30_000 {
		fmt.Fprintf(&text, "\r\nx%x:", n)
	}
	return text.String()
}

// otherFields are the same, in frames.
func otherFields() (frames []string) {
	var text strings.Builder
	for n := range 30_000 {
		name := fmt.Sprintf("x%x", n)
		text.WriteString("\x00" + string(rune(len(name))) + name + "\x00")
		if text.Len() > 10_000 {
			frames = append(frames, text.String())
			text.Reset()
		}
	}
	return append(frames, text.String())
}

// Bodies that never end, until the server breaks them off, are none of the memory's,
// whatever carries the calls, and also where a text is looked for in them.
func TestEndlessBodiesTakeLittleMemory(t *testing.T) {
	// net/http gives each stream of HTTP/2 a window of 4 MB, whoever reads it.
	const callers, each, most = 8, 16 << 20, 48 << 20
	piece := slices.Repeat([]byte("x"), 32<<10)
	for _, by := range everyCarrier {
		t.Run(by.name(), func(t *testing.T) {
			var sent atomic.Int64
			server := serveAll(t, by.secure, nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
				for size := 0; size < each; size += len(piece) {
					n, err := w.Write(piece)
					if sent.Add(int64(n)); err != nil {
						return
					}
				}
				panic(nethttp.ErrAbortHandler)
			}))
			ended, grown := by.watched(t, server.URL, callers, contains("nowhere"))
			for _, out := range ended {
				if out.Class != target.Body && out.Class != target.Reset || out.BytesIn < each/2 {
					t.Errorf("%+v", out)
				}
			}
			if t.Logf("%d MB sent, the heap has grown by %d MB", sent.Load()>>20, grown>>20); grown > most || sent.Load() < 2*most {
				t.Errorf("%d bytes sent, the heap has grown by %d", sent.Load(), grown)
			}
		})
	}
}

// opened is a house for a carrier's calls.
func (c conduct) opened(t *testing.T, by carrier, patience time.Duration) (url string) {
	if !by.secure {
		return "http://" + keepHouse(t, c, nil, patience).listener.Addr().String() + "/"
	}
	config := serverTLS(t)
	if by.protocol == "2" {
		config.NextProtos = []string{"h2"}
	}
	return "https://" + keepHouse(t, c, config, patience).listener.Addr().String() + "/"
}

// watched makes calls all at once, and tells how much the heap has grown meanwhile.
func (c carrier) watched(t *testing.T, url string, calls int, change func(*Settings)) (ended []target.Outcome, grown uint64) {
	s := open(t, url, func(s *Settings) {
		s.Timeout, s.TLS.Insecure, s.Protocol = time.Minute, true, c.protocol
		change(s)
	}).settings
	s.Engine, s.Reuse = c.engine, client.ByAll
	grown = peak(func() {
		if c.engine != Std {
			ended = byLoop(t, c.engine, s, calls, calls, nil)
			return
		}
		to, err := Open(s, "")
		if err != nil {
			t.Fatal(err)
		}
		defer to.Close()
		ended = load(t, to, calls, calls)
	})
	return ended, grown
}

// peak is how much the heap grows at most while do does something.
func peak(do func()) uint64 {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	done, most := make(chan struct{}), uint64(0)
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapInuse)
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	do()
	close(done)
	watch.Wait()
	return most - min(most, before.HeapInuse)
}
