package step

import (
	"os"
	"path/filepath"
	"testing"
)

// Whatever stands in a file: it makes a program, or something is wrong with it.
func FuzzCompile(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(files) < 20 {
		f.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if out, _, told := compiled(t.TempDir(), text); out == nil && told == "" {
			t.Error("the file is refused, and nobody says why")
		}
	})
}
