package fleet

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Files that agents have kept: whatever is in one, what is read of it is in it, and
// records are those that were added.
func FuzzKept(f *testing.F) {
	folder := f.TempDir()
	kept, err := newSpool(folder, Kept{Format: keptFormat, Agent: "a", Session: "session", Began: time.Unix(1e9, 0), Shares: 2})
	if err != nil {
		f.Fatal(err)
	}
	order := []byte(`{}`)
	for about, body := range map[byte]string{recordsMore: "first", endsTrial: "{}"} {
		_ = kept.add(ordersTrial, order)
		_ = kept.add(about, []byte(body))
	}
	kept.close()
	whole, err := os.ReadFile(kept.path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(append(whole, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 'i'))
	f.Add([]byte("{\"agent\":\" \"}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "x"+suffix)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := openKept(path)
		if err != nil {
			return
		}
		defer k.file.Close()
		if strings.TrimSpace(k.Agent) == "" || k.Shares < 1 {
			t.Fatalf("%+v", k.Kept)
		}
		for order := range k.orders {
			read := len(order)
			for r := k.of([]byte(order)); ; {
				_, body, ok := r.next()
				if !ok {
					break
				}
				if read += recordHead + len(body); read > len(text) || !bytes.Contains(text, body) {
					t.Fatalf("%d bytes are read of %d", read, len(text))
				}
			}
		}
	})
}

// Plans of strangers: their files lie in the folder, or none does that lies elsewhere.
func FuzzPlan(f *testing.F) {
	for _, name := range []string{"a", "a/b.json", "../a", "/a", "a/../../b", ".", "", "a\x00b", "plan", `..\a`, "a//b", "a/./b", strings.Repeat("a/", 40) + "b"} {
		text, _ := json.Marshal(Plan{Name: "s.yaml", Text: []byte("x"), Files: map[string][]byte{name: []byte("x"), "b": nil}})
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := read[Plan](planOf, body)
		if err != nil {
			return
		}
		top := t.TempDir()
		folder := filepath.Join(top, "above", "plan")
		_ = unpack(p.Files, folder) // which may refuse it behind a part of it
		_ = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if in := strings.HasPrefix(path+"/", folder+"/"); !in && !entry.IsDir() || entry.Type()&os.ModeSymlink != 0 {
				t.Fatalf("%s lies outside of %s", path, folder)
			}
			return nil
		})
	})
}

// Frames in whatever order, from a stranger: messages are the parts of frames that
// follow one another, and nobody's memory grows without an end.
func FuzzPipe(f *testing.F) {
	f.Add([]byte{1, 0, 2, 1, 3, 0, 3, 0, 200, 1})
	f.Add([]byte{2, 0, 1, 1, 2, 0})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var p pipe
		next, held := uint64(1), 0
		for len(steps) > 1 {
			seq, more := uint64(steps[0]), steps[1]&1 == 1
			body := bytes.Repeat(steps[1:2], int(steps[1]))
			p.got(uint64(steps[1])<<56, 0)
			message, whole, err := p.take(frame{head: head{Seq: seq, More: more}, body: body})
			switch {
			case err != nil:
				t.Fatal(err)
			case seq != next && whole:
				t.Fatalf("the frame %d is taken for %d", seq, next)
			case seq == next:
				next++
				held += len(body)
				if whole == more || whole && len(message) != held {
					t.Fatalf("a message of %d bytes, of %d", len(message), held)
				}
				if whole {
					held = 0
				}
			}
			steps = steps[2:]
		}
	})
}
