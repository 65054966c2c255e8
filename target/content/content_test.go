package content

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func squeezed(t testing.TB, coding string, body []byte) []byte {
	var out bytes.Buffer
	var into io.WriteCloser
	switch strings.ToLower(coding) {
	case "gzip", "x-gzip":
		into = gzip.NewWriter(&out)
	case "deflate":
		into = zlib.NewWriter(&out)
	case "bare":
		into, _ = flate.NewWriter(&out, 6)
	default:
		return body
	}
	if _, err := into.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := into.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What was encoded comes out as it was, however often, or not at all where it
// is larger than the limit, by whatever coding, and the one body does not hurt
// the next.
func TestWhatWasEncodedComesOut(t *testing.T) {
	var d Decoder
	rapid.Check(t, func(r *rapid.T) {
		body := bytes.Repeat(rapid.SliceOf(rapid.Byte()).Draw(r, "body"), rapid.IntRange(1, 40).Draw(r, "times"))
		codings := rapid.SliceOfN(rapid.SampledFrom([]string{"gzip", "x-gzip", "deflate", "bare", "identity", "GZIP", ""}), 0, 4).Draw(r, "codings")
		came := body
		for i, coding := range codings {
			came = squeezed(t, coding, came)
			if coding == "bare" {
				codings[i] = "deflate"
			}
		}
		largest := len(body)
		for inner := range codings { // what lies between two codings must fit, too
			part := body
			for _, coding := range codings[:inner] {
				part = squeezed(t, coding, part)
			}
			largest = max(largest, len(part))
		}
		list := strings.Join(codings, rapid.SampledFrom([]string{",", ", ", " ,\t"}).Draw(r, "comma"))
		if err := Known(list); err != nil {
			r.Fatal(err)
		}
		most := rapid.IntRange(0, 2*len(body)+100).Draw(r, "most")
		got, err := d.Decode(came, list, most)
		switch {
		case most < len(body):
			if err != TooLarge {
				r.Fatalf("%d bytes of %d: %v", most, len(body), err)
			}
		case most >= largest && (err != nil || !bytes.Equal(got, body)):
			r.Fatalf("%q, %d bytes of at most %d: %d bytes, %v", list, len(body), most, len(got), err)
		}
	})
}

// A bomb takes no more memory than the limit allows.
func TestABombStopsAtTheLimit(t *testing.T) {
	const most = 1 << 20
	bomb := squeezed(t, "gzip", squeezed(t, "gzip", make([]byte, 50<<20)))
	var d Decoder
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := d.Decode(bomb, "gzip, gzip", most); err != TooLarge {
		t.Errorf("%d bytes: %v", len(bomb), err)
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 8*most {
		t.Errorf("%d bytes were taken for a bomb of %d", taken, len(bomb))
	}
}

// Room holds every body within the limit, squeezed as badly as may be.
func TestRoomHoldsWhatDoesNotBecomeSmaller(t *testing.T) {
	for _, size := range []int{0, 1, 100, 70_000, 1_000_000} {
		noise := make([]byte, size)
		for i, x := 0, uint32(1); i < size; i++ {
			x = x*1664525 + 1013904223
			noise[i] = byte(x >> 24)
		}
		for _, coding := range []string{"gzip", "deflate", "bare"} {
			if came := squeezed(t, coding, noise); len(came) > Room(size) {
				t.Errorf("%s of %d bytes has %d, and there is room for %d", coding, size, len(came), Room(size))
			}
		}
	}
}

func TestWhatCannotBeUndoneIsSaid(t *testing.T) {
	for list, part := range map[string]string{
		"br":                             `"br"`,
		"gzip, zstd":                     "Accept-Encoding",
		"gzip,gzip,gzip,gzip,gzip":       "5 codings",
		strings.Repeat("gzip,", 99999):   "99999 codings",
		strings.Repeat("x", 1<<20) + ",": "xxx",
	} {
		if err := Known(list); err == nil || !strings.Contains(err.Error(), part) || len(err.Error()) > 200 {
			t.Errorf("%.20s: %v", list, err)
		}
	}
	var d Decoder
	half := squeezed(t, "gzip", []byte(strings.Repeat("half of it", 100)))
	for body, list := range map[string]string{"no such thing": "gzip", "neither": "deflate", string(half[:len(half)/2]): "gzip", string(half) + "more": "gzip"} {
		if _, err := d.Decode([]byte(body), list, 1<<20); err == nil || errors.Is(err, TooLarge) || !strings.Contains(err.Error(), list) {
			t.Errorf("%q: %v", body, err)
		}
	}
	for _, list := range []string{"gzip", "deflate", "gzip, deflate"} { // as answers to HEAD have it
		if body, err := d.Decode(nil, list, 10); len(body) > 0 || err != nil {
			t.Errorf("nothing, %s: %q, %v", list, body, err)
		}
	}
}

// Once a decoder has its memory, gzip takes no more.
func TestDecodingAllocatesNothing(t *testing.T) {
	var d Decoder
	body := squeezed(t, "gzip", bytes.Repeat([]byte("word "), 1000))
	if n := testing.AllocsPerRun(100, func() {
		if plain, err := d.Decode(body, "gzip", 1<<20); err != nil || len(plain) != 5000 {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Foreign bytes never panic, never come out larger than the limit, and come out
// as gzip and zlib have them.
func FuzzDecode(f *testing.F) {
	for _, coding := range []string{"gzip", "deflate", "bare"} {
		f.Add(squeezed(f, coding, []byte("some text, some text, some text")), coding)
	}
	f.Add([]byte{0x78, 0x9c, 1, 2, 3}, "deflate")
	f.Add([]byte{}, "gzip, br,,deflate")
	var d Decoder
	f.Fuzz(func(t *testing.T, body []byte, list string) {
		const most = 10_000
		if Known(list) != nil {
			return
		}
		plain, err := d.Decode(body, list, most)
		if len(plain) > most || err != nil && plain != nil {
			t.Fatalf("%d bytes, %v", len(plain), err)
		}
		if list != "gzip" || len(body) == 0 {
			return
		}
		from, wrong := gzip.NewReader(bytes.NewReader(body))
		var want []byte
		if wrong == nil {
			want, wrong = io.ReadAll(io.LimitReader(from, most+1))
		}
		if len(want) <= most && ((err == nil) != (wrong == nil) || err == nil && !bytes.Equal(want, plain)) {
			t.Fatalf("%d bytes, %v; want %d, %v", len(plain), err, len(want), wrong)
		}
	})
}
