package scenario

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// environment stands for the process's own in all tests. The documentation's
// examples may use any token.
func environment(name string) (string, bool) {
	if strings.HasSuffix(name, "_TOKEN") {
		return "any token", true
	}
	value, set := map[string]string{
		"EMPTY":      "",
		"HOST":       "127.0.0.1:8080",
		"TOKEN":      "s3cr3t/and more",
		"SECRET_URL": "htp://user:s3cr3t@nowhere",
		"TWO":        "ab",
		"CALLS":      "250",
		"RATE":       "40/s",
	}[name]
	return value, set
}

// TestBrokenFiles compares the whole message about each broken file.
func TestBrokenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) < 45 {
		t.Fatalf("there are %d broken files (%v), want 45 and more", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			plan, problems := Parse(filepath.Base(file), text, environment, filepath.Dir(file))
			if plan != nil || len(problems) == 0 {
				t.Fatal("the file is taken for good")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", problems.Error())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the message is\n%s\nwant\n%s", got, want)
	}
}
