package plimsoll_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// blocks are the pieces of a page in one language, in their order.
func blocks(t *testing.T, page, language string) (list []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		list = append(list, block[1])
	}
	return list
}

// docs/adding-a-mode.md is right: its file and its line are a mode, which its
// scenario runs in.
func TestPageOnModes(t *testing.T) {
	if testing.Short() {
		t.Skip("links a whole program")
	}
	const page, table = "docs/adding-a-mode.md", "runner/mode/form.go"
	code, scenarios := blocks(t, page, "go"), blocks(t, page, "yaml")
	if len(code) != 2 || len(scenarios) != 1 {
		t.Fatalf("%d pieces of Go and %d scenarios", len(code), len(scenarios))
	}
	forms, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	const last = "\t\trateLimited(),\n"
	longer := strings.Replace(string(forms), last, last+code[1], 1)
	if longer == string(forms) {
		t.Fatal("the table has changed: this test adds the line behind rateLimited()")
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		"runner/mode/trickle.go": write("trickle.go", code[0]), table: write("form.go", longer),
	}})
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "plimsoll")
	build := exec.Command("go", "build", "-overlay", write("overlay.json", string(overlay)), "-o", program, "./cmd/plimsoll")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	carryOut := func(text string) (said string, failed error) {
		out, err := exec.Command(program, "run", write("s.yaml", text), "--quiet", "--out", filepath.Join(dir, "results")).CombinedOutput()
		return string(out), err
	}
	if out, err := carryOut(scenarios[0]); err != nil || !strings.Contains(out, "trickle") {
		t.Errorf("%v\n%s", err, out)
	}
	runs, _ := filepath.Glob(filepath.Join(dir, "results", "2*", "run.json"))
	if len(runs) != 1 {
		t.Fatalf("%d results", len(runs))
	}
	kept, err := os.ReadFile(runs[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"trickle: 200ms, max_in_flight: 5, requests: 50", "trickle: 100ms, max_in_flight: 5, requests: 50", "concurrent: 2, requests: 50"} {
		if !strings.Contains(string(kept), want) {
			t.Errorf("the result does not say %q", want)
		}
	}
	for bad, want := range map[string]string{
		"trikle: 200ms":                             `did you mean \"trickle\"`,
		"trickle: 200ms, think_time: 1s":            "think_time belongs to sequential and concurrent modes, a trickle one has none",
		"concurrent: 2, at_most: 3":                 "at_most belongs to trickle modes, a concurrent one has none",
		"trickle: 0s":                               "above zero",
		"trickle: 1s, concurrent: 2":                "leave one of mode, concurrent, rate-limited and trickle out",
		"name: x":                                   "`concurrent: 10`, `rate-limited: 5/2s` or `trickle: 200ms`",
		"trickle: 1s, name: a}, {trickle: [1s, 2s]": "",
	} {
		out, err := carryOut(strings.Replace(scenarios[0], "trickle: [200ms, 100ms], at_most: 5", bad, 1))
		if want = strings.ReplaceAll(want, `\"`, `"`); (err == nil) != (want == "") || !strings.Contains(out, want) {
			t.Errorf("%s: %v, does not say %s\n%s", bad, err, want, fmt.Sprintf("%.800s", out))
		}
	}
}
