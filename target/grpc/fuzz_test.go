package grpc

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"
)

// Messages are the same in whatever pieces they come, and nothing that comes is more
// than a fault.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x02ab\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01c"), uint8(3))
	f.Add([]byte("\x01\x00\x00\x00\x02ab"), uint8(1))
	f.Add([]byte("\x00\xff\xff\xff\xffab"), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		read := func(size int) (all [][]byte, within, wrong bool) {
			var x frames
			x.reset(true)
			for rest := b; len(rest) > 0; {
				piece := rest[:min(size, len(rest))]
				rest = rest[len(piece):]
				for len(piece) > 0 {
					n, whole, fault := x.next(piece)
					if fault != nil {
						return all, false, true
					}
					if n == 0 {
						t.Fatal("nothing is taken in")
					}
					if piece = piece[n:]; whole {
						all = append(all, bytes.Clone(x.text))
					}
				}
			}
			return all, x.within(), false
		}
		whole, within, wrong := read(max(1, len(b)))
		pieces, within2, wrong2 := read(int(size)%16 + 1)
		if len(whole) != len(pieces) || within != within2 || wrong != wrong2 {
			t.Fatalf("%q: %q, %q", b, whole, pieces)
		}
		for i := range whole {
			if !bytes.Equal(whole[i], pieces[i]) {
				t.Fatalf("%q: %q, %q", b, whole, pieces)
			}
		}
	})
}

// Whatever heads, trailers and messages say, an answer is judged.
func FuzzAnswers(f *testing.F) {
	f.Add("200", "application/grpc", "0", "", []byte("\x00\x00\x00\x00\x02\x10\x05"), true)
	f.Add("503", "text/html", "", "%zz%4", []byte("x"), false)
	f.Add("200", "application/grpc+x", "99999999999", "%e2%9c%88", []byte("\x00\x00\x00\x00\x02\x0a\x05"), true)
	m, err := find(files(f), "shop.Carts/Watch")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status, form, code, said string, body []byte, trailer bool) {
		for _, stream := range []bool{false, true} {
			one := *m
			one.stream = stream
			var a answer
			p := &prepared{Call: &Call{rpc: "x"}, method: &one}
			a.begin(p, true, &messages, never)
			a.field([]byte(":status"), []byte(status), false)
			a.field([]byte("content-type"), []byte(form), false)
			_, wrong := a.feed(body)
			a.field([]byte("grpc-status"), []byte(code), trailer)
			a.field([]byte("grpc-message"), []byte(said), trailer)
			if wrong != nil {
				continue
			}
			class, why := a.judge()
			if class != "" && why == nil && len(a.told()) == 0 {
				t.Error("nothing is told of", class)
			}
			if a.count > 0 {
				_, _ = a.json()
			}
		}
	})
}

// No set of descriptors and no answer of the service of reflection is more than an
// error.
func FuzzSchemas(f *testing.F) {
	set := setOf(files(f))
	text, _ := proto.Marshal(set)
	f.Add(text)
	f.Add(described(f, set.File...))
	f.Add([]byte("\x3a\x05\x08\x05\x12\x01x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if all, err := readSet(b); err == nil {
			_, _ = find(all, "shop.Carts/Add")
		}
		if all, err := readFiles(b); err == nil {
			set := proto.CloneOf(set)
			set.File = all
			if all, err := filesOf(set); err == nil {
				_, _ = find(all, "shop.Carts/Add")
			}
		}
	})
}
