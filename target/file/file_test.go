package file

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/random"
	"plimsoll/target/setting"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open makes a target ready that a text spells.
func open(t testing.TB, text string) *disk {
	t.Helper()
	r := setting.NewReader(os.LookupEnv, ".")
	s, ok := Shape().Read(r, r.Load([]byte(text)))
	if !ok {
		t.Fatalf("%s: %v", text, r.Problems())
	}
	d, err := s.(*Settings).disk(kind.Site{Streams: random.New(1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	return d
}

// What each deed leaves on the disk, and what is told of it.
func TestDeeds(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	before := []byte("one\ntwo\nthree")
	for _, c := range []struct {
		do      string
		in, out int64
		after   []byte
		firsts  bool // there is a first byte
	}{
		{"read", 13, 0, before, true},
		{"lines", 13, 0, before, true},
		{"write", 0, 2000, content(2000), false},
		{"sync", 0, 2000, content(2000), false},
		{"append", 0, 2000, append(bytes.Clone(before), content(2000)...), false},
		{"copy", 13, 13, before, true},
	} {
		if err := os.WriteFile(path, before, 0o666); err != nil {
			t.Fatal(err)
		}
		d := open(t, fmt.Sprintf("{file: %s, directory: %q, path: a, size: 2KB}", c.do, dir))
		out := d.Call(t.Context(), &target.Request{})
		after, err := os.ReadFile(path)
		if err != nil || !out.OK() || out.BytesIn != c.in || out.BytesOut != c.out || !bytes.Equal(after, c.after) || out.Ended.IsZero() {
			t.Errorf("%s: %+v, and the file has %d bytes (%v)", c.do, out, len(after), err)
		}
		if p := out.Parts.Phases; p[opening] < 0 || (p[firstByte] >= 0) != c.firsts {
			t.Errorf("%s: phases %v", c.do, p)
		}
		if all, _ := os.ReadDir(dir); len(all) != 1 {
			t.Errorf("%s left %v", c.do, all)
		}
	}
}

// Calls go through the files of the private folder in turn, which is gone with the
// trial.
func TestPrivateFolder(t *testing.T) {
	d := open(t, "{file: write, files: 3, size: 100B}")
	for n := range 3 {
		if err := os.WriteFile(filepath.Join(d.folder, nameOf(uint64(n))), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for n := range uint64(5) {
		d.Call(t.Context(), &target.Request{Number: n})
		info, err := os.Stat(filepath.Join(d.folder, nameOf(n%3)))
		if err != nil || info.Size() != 100 {
			t.Errorf("call %d: %v %v", n, info, err)
		}
	}
	if all, _ := os.ReadDir(d.folder); len(all) != 3 {
		t.Errorf("%v", all)
	}
	d.close()
	if _, err := os.Stat(d.folder); !os.IsNotExist(err) {
		t.Error("the folder is left")
	}
}

// How a call may fail, and that what is looked at is found.
func TestEnds(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("order.json", `{"id": 7}`, 0o666)
	write("large", strings.Repeat("x", mostKept+1), 0o666)
	write("a.copy-0", "", 0o666)
	write("a", "a", 0o666)
	write("secret", "", 0)
	cases := map[string]string{
		"{file: read, path: none}": target.NotFound, "{file: append, path: none/at/all}": target.NotFound,
		"{file: read, path: large}": target.Body, "{file: copy, path: a}": target.Exists, "{file: read, path: order.json}": "",
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		cases["{file: append, path: /dev/full}"] = target.NoSpace
	}
	if os.Getuid() > 0 {
		cases["{file: read, path: secret}"] = target.Denied
	}
	id, _ := look.Parse("json.id")
	for text, class := range cases {
		d := open(t, strings.Replace(text, "{", fmt.Sprintf("{directory: %q, ", dir), 1))
		out := d.Call(t.Context(), &target.Request{Want: []look.Operand{id}})
		if out.Class != class || (out.Example == "") != (class == "") {
			t.Errorf("%s: %q (%q), want %q", text, out.Class, out.Example, class)
		}
		if class == "" && out.Found[0].Text != "7" {
			t.Errorf("%s: %v", text, out.Found)
		}
	}
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if out := open(t, "{file: read, size: 1MB, files: 1}").Call(given, &target.Request{}); out.Class != target.Cancelled || out.BytesIn > 64<<10 {
		t.Errorf("given up: %+v", out)
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"{file: burn}":               "burn",
		"{path: x}":                  "path belongs to file",
		"{file: read, directory: .}": "which file?",
		"{file: read, directory: ., path: a, files: 3}": "private folder only",
		"{file: read, files: 1000000, size: 1MB}":       "would come to more than",
		"{file: read, path: ''}":                        "the path is empty",
	} {
		r := setting.NewReader(os.LookupEnv, ".")
		Shape().Read(r, r.Load([]byte(text)))
		if problems := fmt.Sprint(r.Problems()); !strings.Contains(problems, want) {
			t.Errorf("%s: %s", text, problems)
		}
	}
}

// What plimsoll adds to reading a small file, beside the standard library alone.
func BenchmarkRead(b *testing.B) {
	d := open(b, "{file: read, size: 4KB}")
	b.Run("plimsoll", func(b *testing.B) {
		for b.Loop() {
			if out := d.Call(b.Context(), &target.Request{}); !out.OK() {
				b.Fatal(out)
			}
		}
	})
	b.Run("os", func(b *testing.B) {
		path, buffer := filepath.Join(d.folder, nameOf(0)), make([]byte, 64<<10)
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			for n := 1; n > 0; {
				n, _ = f.Read(buffer)
			}
			f.Close()
		}
	})
}
