package hpack

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	peer "golang.org/x/net/http2/hpack"
	"pgregory.net/rapid"
)

// decoded is what a decoder makes of a block: a line for each field.
func decoded(d *Decoder, block []byte) (string, error) {
	var text strings.Builder
	d.Begin(block)
	for {
		name, value, more, err := d.Next()
		if err != nil || !more {
			return text.String(), err
		}
		fmt.Fprintf(&text, "%q: %q\n", name, value)
	}
}

// entries are those of a table, the newest first, and its size.
func entries(t *table) string {
	var text strings.Builder
	for i := range t.count {
		name, value := t.at(i)
		fmt.Fprintf(&text, "%s: %s\n", name, value)
	}
	return fmt.Sprintf("%s%d", text.String(), t.size)
}

func unhex(t testing.TB, text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	firstCookie = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"
	firstDate   = "Mon, 21 Oct 2013 20:13:21 GMT"
	secondDate  = "Mon, 21 Oct 2013 20:13:22 GMT"
)

// The examples of RFC 7541, appendix C: blocks of one connection, their fields, and
// the table behind each.
var examples = []struct {
	section string
	size    int
	blocks  []example
}{
	{"C.2.1 literal with indexing", 4096, []example{{
		"400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
		[]string{"custom-key: custom-header"}, "custom-key: custom-header\n55",
	}}},
	{"C.2.2 literal without indexing", 4096, []example{{"040c 2f73 616d 706c 652f 7061 7468", []string{":path: /sample/path"}, "0"}}},
	{"C.2.3 never indexed", 4096, []example{{"1008 7061 7373 776f 7264 0673 6563 7265 74", []string{"password: secret"}, "0"}}},
	{"C.2.4 indexed", 4096, []example{{"82", []string{":method: GET"}, "0"}}},
	{"C.3 requests", 4096, []example{
		{"8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", requests[0], requestTables[0]},
		{"8286 84be 5808 6e6f 2d63 6163 6865", requests[1], requestTables[1]},
		{"8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65", requests[2], requestTables[2]},
	}},
	{"C.4 requests in Huffman's code", 4096, []example{
		{"8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", requests[0], requestTables[0]},
		{"8286 84be 5886 a8eb 1064 9cbf", requests[1], requestTables[1]},
		{"8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", requests[2], requestTables[2]},
	}},
	{"C.5 responses that evict", 256, []example{
		{
			"4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
			responses[0], responseTables[0],
		},
		{"4803 3330 37c1 c0bf", responses[1], responseTables[1]},
		{
			"88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
			responses[2], responseTables[2],
		},
	}},
	{"C.6 responses in Huffman's code", 256, []example{
		{
			"4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
			responses[0], responseTables[0],
		},
		{"4883 640e ffc1 c0bf", responses[1], responseTables[1]},
		{
			"88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
			responses[2], responseTables[2],
		},
	}},
}

type example struct {
	block  string
	fields []string
	table  string
}

var (
	requests = [][]string{
		{":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"},
		{":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"},
		{":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com", "custom-key: custom-value"},
	}
	requestTables = []string{
		":authority: www.example.com\n57",
		"cache-control: no-cache\n:authority: www.example.com\n110",
		"custom-key: custom-value\ncache-control: no-cache\n:authority: www.example.com\n164",
	}
	responses = [][]string{
		{":status: 302", "cache-control: private", "date: " + firstDate, "location: https://www.example.com"},
		{":status: 307", "cache-control: private", "date: " + firstDate, "location: https://www.example.com"},
		{":status: 200", "cache-control: private", "date: " + secondDate, "location: https://www.example.com", "content-encoding: gzip", "set-cookie: " + firstCookie},
	}
	responseTables = []string{
		"location: https://www.example.com\ndate: " + firstDate + "\ncache-control: private\n:status: 302\n222",
		":status: 307\nlocation: https://www.example.com\ndate: " + firstDate + "\ncache-control: private\n222",
		"set-cookie: " + firstCookie + "\ncontent-encoding: gzip\ndate: " + secondDate + "\n215",
	}
)

func TestExamplesOfTheRFC(t *testing.T) {
	for _, e := range examples {
		t.Run(e.section, func(t *testing.T) {
			d := new(Decoder)
			d.Reset(e.size)
			for i, x := range e.blocks {
				want := ""
				for _, f := range x.fields {
					at := strings.Index(f[1:], ": ") + 1
					want += fmt.Sprintf("%q: %q\n", f[:at], f[at+2:])
				}
				got, err := decoded(d, unhex(t, x.block))
				if err != nil || got != want {
					t.Errorf("block %d: %v\n%swant\n%s", i+1, err, got, want)
				}
				if got := entries(&d.table); got != x.table {
					t.Errorf("table behind block %d:\n%s\nwant\n%s", i+1, got, x.table)
				}
			}
		})
	}
}

// What a block must not hold, and what it may.
func TestBlocksThatAreNone(t *testing.T) {
	long := strings.Repeat("ff", 9)
	for _, c := range []struct{ what, block, fault string }{
		{"2.3.3 index 0", "80", "no field of index 0"},
		{"2.3.3 an index beyond both tables", "be", "no field of index 62"},
		{"2.3.3 a name's index beyond both tables", "7f00 0161", "no field of index 63"},
		{"5.1 an integer that is cut", "ff", "ends within"},
		{"5.1 an integer that is cut further on", "ff80", "ends within"},
		{"5.1 an integer that is too long", "ff" + long + "01", "integer"},
		{"5.1 an integer with zeros behind", "0f80 8000 0161", ""},
		{"5.2 no string", "00", "ends within"},
		{"5.2 a string that is cut", "0003 6161", "ends within"},
		{"5.2 a string longer than numbers are", "007f ffff ffff ffff ffff 7f", "ends within"},
		{"5.2 padding of zeros", "0081 18 0161", "Huffman"},
		{"5.2 padding of a byte", "0082 1fff 0161", "Huffman"},
		{"5.2 padding of seven ones", "0081 1f 0161", ""},
		{"5.2 the end of a string is in it", "0084 ffff ffff 0161", "Huffman"},
		{"4.2 a change of size behind a field", "8220", "behind a field"},
		{"4.2 a change of size beyond what is allowed", "3fe2 1f", "4097"},
		{"4.2 two changes of size", "203f e11f 82", ""},
		{"6.3 nothing but a change of size", "20", ""},
		{"nothing", "", ""},
	} {
		d := new(Decoder)
		d.Reset(UsualTable)
		_, err := decoded(d, unhex(t, c.block))
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v, and not %q", c.what, err, c.fault)
		}
	}
}

// like has x/net decode the blocks of a connection, too.
func like(t interface{ Fatalf(string, ...any) }, size int, blocks [][]byte) {
	var seen strings.Builder
	other := peer.NewDecoder(uint32(size), func(f peer.HeaderField) { fmt.Fprintf(&seen, "%q: %q\n", f.Name, f.Value) })
	d := new(Decoder)
	d.Reset(size)
	var said [][]byte
	for i, block := range blocks {
		for range 1 + (len(block)+i)%3 {
			said = append(said, block)
		}
	}
	got, err := "", error(nil)
	for _, block := range said {
		seen.Reset()
		if !d.Again(block) {
			got, err = decoded(d, bytes.Clone(block))
		}
		_, theirs := other.Write(block)
		if end := other.Close(); theirs == nil {
			theirs = end
		}
		if err == errResize && theirs == nil || err == nil && theirs != nil && strings.Contains(theirs.Error(), "size update MUST occur") {
			return // x/net lets it pass where its table is empty, and else takes one at the start, not two
		}
		if (err == nil) != (theirs == nil) {
			t.Fatalf("%x: %v, and x/net %v", blocks, err, theirs)
		}
		if err != nil {
			return
		}
		if got != seen.String() {
			t.Fatalf("%x:\n%sand x/net\n%s", blocks, got, seen.String())
		}
		if d.table.size > d.table.most || cap(d.table.bytes) > 4*max(size, 256) || cap(d.text) > max(2*longText, 8*len(block)) {
			t.Fatalf("the table has %d of %d, in %d bytes; strings %d", d.table.size, d.table.most, cap(d.table.bytes), cap(d.text))
		}
	}
}

// Whatever a server sends, in blocks each of which begins with its length, means
// what x/net says.
func FuzzHpackDecode(f *testing.F) {
	for _, e := range examples {
		all := []byte{byte(e.size / 32)}
		for _, x := range e.blocks {
			b := unhex(f, x.block)
			all = append(append(all, byte(len(b))), b...)
		}
		f.Add(all)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		size := int(b[0]) * 32
		var blocks [][]byte
		for b = b[1:]; len(b) > 0; {
			n := min(int(b[0]), len(b)-1)
			blocks = append(blocks, b[1:1+n])
			b = b[1+n:]
		}
		like(t, size, blocks)
	})
}

// What x/net's encoder writes, with its table, comes out again.
func TestDecodesWhatAnEncoderWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var block bytes.Buffer
		e := peer.NewEncoder(&block)
		e.SetMaxDynamicTableSizeLimit(uint32(rapid.IntRange(0, 4096).Draw(t, "size")))
		var blocks [][]byte
		for range rapid.IntRange(1, 30).Draw(t, "blocks") {
			if rapid.IntRange(0, 9).Draw(t, "resize") == 0 {
				e.SetMaxDynamicTableSize(uint32(rapid.IntRange(0, 4096).Draw(t, "to")))
			}
			block.Reset()
			for range rapid.IntRange(0, 8).Draw(t, "fields") {
				_ = e.WriteField(peer.HeaderField{Name: name.Draw(t, "name"), Value: text.Draw(t, "value"), Sensitive: rapid.Bool().Draw(t, "sensitive")})
			}
			blocks = append(blocks, bytes.Clone(block.Bytes()))
		}
		like(t, 4096, blocks)
	})
}

var (
	name = rapid.OneOf(rapid.SampledFrom([]string{":status", "date", "etag", "x-a", "x-b", strings.Repeat("n", 900)}), rapid.StringN(1, 20, 40))
	text = rapid.OneOf(rapid.SampledFrom([]string{"", "200", "gzip, deflate", "a", strings.Repeat("v", 2000)}), rapid.StringN(0, 50, 200), rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(t, "bytes"))
	}))
)

// What is appended says what it is to say on any connection, whatever has been said
// before, and leaves nothing behind.
func TestAppendIsReadByAnybody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var block []byte
		var want []peer.HeaderField
		for range rapid.IntRange(1, 8).Draw(t, "fields") {
			f := peer.HeaderField{Name: name.Draw(t, "name"), Value: text.Draw(t, "value"), Sensitive: rapid.Bool().Draw(t, "sensitive")}
			if i := rapid.IntRange(0, 2*len(static)).Draw(t, "static"); 0 < i && i < len(static) {
				f.Name, f.Value = static[i].name, static[i].value
			}
			block = Append(block, []byte(f.Name), []byte(f.Value), f.Sensitive)
			want = append(want, f)
		}
		got, err := peer.NewDecoder(0, nil).DecodeFull(block) // without a table
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%x: %v\n%v\nwant\n%v", block, err, got, want)
		}
	})
}

// Ours are x/net's codes.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	for c := range 256 {
		for _, s := range []string{string([]byte{byte(c)}), strings.Repeat(string([]byte{byte(c)}), 5)} {
			if got, want := encode(nil, []byte(s)), peer.AppendHuffmanString(nil, s); !bytes.Equal(got, want) || size([]byte(s)) != len(want) {
				t.Errorf("%q: %x, and x/net %x", s, got, want)
			}
			if got, well := decode(nil, encode(nil, []byte(s))); string(got) != s || !well {
				t.Errorf("%q: %q", s, got)
			}
		}
	}
}

// Fields at the very size of the table, and beyond it; names that come from entries
// which go, or move, when their field is put in.
func TestTablesAtTheirLimits(t *testing.T) {
	small := appendString([]byte{0x40, 1, 'a'}, []byte("b"))
	for _, size := range []int{30, 31, 32, 100} {
		like(t, 64, [][]byte{large(size), unhex(t, "be")})
		like(t, 64, [][]byte{small, join(small, large(size)), small, join(small, large(size)), small})
		like(t, 100, [][]byte{join(small, small, small, large(size), small)})
	}
	for _, back := range []int{0, 1, 5, 30} {
		for name := range 70 {
			blocks := [][]byte{nil}
			for i := range back + 1 {
				b := appendString([]byte{0x40}, bytes.Repeat([]byte{byte('a' + i%26)}, name+1))
				blocks[0] = append(blocks[0], appendString(b, []byte("v"))...)
			}
			for i := range 60 {
				b := appendInteger(nil, 0x40, 6, len(static)+back)
				blocks = append(blocks, appendString(b, bytes.Repeat([]byte{byte('A' + i%26)}, i)))
			}
			like(t, 4096, blocks)
		}
	}
}

// A block that is said again is not decoded again where it means the same, whatever
// its table holds by then.
func TestBlocksThatAreSaidAgain(t *testing.T) {
	insert, refer := unhex(t, "4001 6101 62"), unhex(t, "be")
	for _, c := range []struct {
		what   string
		blocks [][]byte
		again  bool // the last one
	}{
		{"what puts fields in", [][]byte{insert, insert}, true},
		{"what is there", [][]byte{insert, refer, refer}, true},
		{"what puts in and is there", [][]byte{insert, join(refer, insert), join(refer, insert)}, false},
		{"what has come before another one", [][]byte{insert, refer, insert}, false},
		{"what changes the table's size", [][]byte{unhex(t, "20"), unhex(t, "20")}, false},
		{"nothing", [][]byte{nil, nil}, false},
		{"a field that is larger than the table", [][]byte{large(5000), large(5000)}, false},
		{"a large block", [][]byte{large(600), large(600)}, false},
	} {
		d := new(Decoder)
		d.Reset(UsualTable)
		for i, b := range c.blocks {
			again := d.Again(b)
			if _, err := decoded(d, b); err != nil || again != (c.again && i == len(c.blocks)-1) {
				t.Errorf("%s, block %d: %v, %v", c.what, i, again, err)
			}
		}
	}
}

func join(blocks ...[]byte) []byte { return bytes.Join(blocks, nil) }

// large puts a field in that has so many bytes.
func large(size int) []byte {
	return appendString([]byte{0x40, 1, 'a'}, bytes.Repeat([]byte{0xff}, size))
}

// nginx puts all fields into the table again with each answer.
func answers() [][]byte {
	var all [][]byte
	for i := range 3 {
		b := []byte{0x88}
		for _, f := range []pair{{"server", "nginx/1.22.1"}, {"date", fmt.Sprintf("Tue, 14 Oct 2025 09:12:4%d GMT", i)}, {"content-type", "text/plain"}, {"content-length", "128"}} {
			b = appendString(appendInteger(b, 0x40, 6, named[f.name]), []byte(f.value))
		}
		all = append(all, b)
	}
	return all
}

func TestDecoderAllocatesNothing(t *testing.T) {
	d, blocks, n := new(Decoder), answers(), 0
	d.Reset(UsualTable)
	one := func() {
		n++
		if block := blocks[n/5%len(blocks)]; d.Again(block) {
			return
		} else {
			d.Begin(block)
		}
		for {
			if _, _, more, err := d.Next(); err != nil || !more {
				return
			}
		}
	}
	for range 1000 {
		one()
	}
	if a := testing.AllocsPerRun(1000, one); a > 0 {
		t.Errorf("%v allocations a block", a)
	}
}

func BenchmarkDecoder(b *testing.B) {
	blocks := answers()
	b.Run("ours", func(b *testing.B) {
		d := new(Decoder)
		d.Reset(UsualTable)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			d.Begin(blocks[i%len(blocks)])
			for {
				if _, _, more, _ := d.Next(); !more {
					break
				}
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		d := new(Decoder)
		d.Reset(UsualTable)
		_, _ = decoded(d, blocks[0])
		for b.Loop() {
			if !d.Again(blocks[0]) {
				b.Fatal("it was not the same")
			}
		}
	})
	b.Run("x-net", func(b *testing.B) {
		d := peer.NewDecoder(UsualTable, func(peer.HeaderField) {})
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			_, _ = d.Write(blocks[i%len(blocks)])
		}
	})
}

func BenchmarkHuffman(b *testing.B) {
	text := encode(nil, []byte("Tue, 14 Oct 2025 09:12:44 GMT"))
	var dst []byte
	for b.Loop() {
		dst, _ = decode(dst[:0], text)
	}
}

func BenchmarkAppend(b *testing.B) {
	b.ReportAllocs()
	var block []byte
	for b.Loop() {
		block = Append(block[:0], []byte(":method"), []byte("GET"), false)
		block = Append(block, []byte(":path"), []byte("/items/17"), false)
		block = Append(block, []byte(":authority"), []byte("localhost:8080"), false)
		block = Append(block, []byte("user-agent"), []byte("plimsoll"), false)
		block = Append(block, []byte("authorization"), []byte("Bearer abcdefgh"), true)
	}
}
