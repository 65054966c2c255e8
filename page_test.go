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

// build is plimsoll with other files over its own.
type build struct {
	*testing.T
	dir  string
	over map[string]string
}

func newBuild(t *testing.T) *build { return &build{t, t.TempDir(), map[string]string{}} }

func (b *build) write(name, text string) string {
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

// put has a file of that text at a place.
func (b *build) put(place, text string) {
	b.over[place] = b.write(strings.ReplaceAll(place, "/", "-"), text)
}

// insert has more in a file, behind a piece of it.
func (b *build) insert(place, behind, text string) {
	before, err := os.ReadFile(place)
	if err != nil {
		b.Fatal(err)
	}
	if last, taken := b.over[place]; taken {
		if before, err = os.ReadFile(last); err != nil {
			b.Fatal(err)
		}
	}
	after := strings.Replace(string(before), behind, behind+text, 1)
	if after == string(before) {
		b.Fatalf("%s has changed: there is no %q", place, behind)
	}
	b.put(place, after)
}

// program links it, and runs scenario files.
func (b *build) program() (run func(text string) (said string, failed error)) {
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": b.over})
	if err != nil {
		b.Fatal(err)
	}
	program := filepath.Join(b.dir, "plimsoll")
	build := exec.Command("go", "build", "-overlay", b.write("overlay.json", string(overlay)), "-o", program, "./cmd/plimsoll")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return func(text string) (string, error) {
		out, err := exec.Command(program, "run", b.write("s.yaml", text), "--quiet", "--out", filepath.Join(b.dir, "results")).CombinedOutput()
		return string(out), err
	}
}

// resultSays looks for texts in the only result there is.
func (b *build) resultSays(texts ...string) {
	runs, _ := filepath.Glob(filepath.Join(b.dir, "results", "2*", "run.json"))
	if len(runs) != 1 {
		b.Fatalf("%d results", len(runs))
	}
	kept, err := os.ReadFile(runs[0])
	if err != nil {
		b.Fatal(err)
	}
	for _, want := range texts {
		if !strings.Contains(string(kept), want) {
			b.Errorf("the result does not say %q", want)
		}
	}
}

// docs/adding-a-kind.md is right: its folder and its line are a kind, which its
// scenario calls.
func TestPageOnKinds(t *testing.T) {
	if testing.Short() {
		t.Skip("links a whole program")
	}
	const page, table = "docs/adding-a-kind.md", "target/kinds/kinds.go"
	code, scenarios := blocks(t, page, "go"), blocks(t, page, "yaml")
	if len(code) != 2 || len(scenarios) != 1 {
		t.Fatalf("%d pieces of Go and %d scenarios", len(code), len(scenarios))
	}
	b := newBuild(t)
	b.put("target/nap/nap.go", code[0])
	b.insert(table, "import (\n", "\t\"plimsoll/target/nap\"\n")
	b.insert(table, "setting.Choice(\"a target\",\n", code[1])
	carryOut := b.program()
	if out, err := carryOut(scenarios[0]); err != nil || !strings.Contains(out, "naps") {
		t.Errorf("%v\n%s", err, out)
	}
	b.resultSays(`"engine": "nap"`, `"ok": 20`)
	for bad, want := range map[string]string{
		"nap: {}":           "for",
		"nap: {fro: 5ms}":   "did you mean \"for\"",
		"nappe: {for: 5ms}": "there are nap, sim, http, ",
	} {
		if out, err := carryOut(strings.Replace(scenarios[0], "nap: {for: 5ms}", bad, 1)); err == nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v, does not say %s\n%.800s", bad, err, want, out)
		}
	}
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
	b := newBuild(t)
	b.put("runner/mode/trickle.go", code[0])
	b.insert(table, "\t\tproducerConsumer(),\n", code[1])
	carryOut := b.program()
	if out, err := carryOut(scenarios[0]); err != nil || !strings.Contains(out, "trickle") {
		t.Errorf("%v\n%s", err, out)
	}
	b.resultSays("trickle: 200ms, max_in_flight: 5, requests: 50", "trickle: 100ms, max_in_flight: 5, requests: 50", "concurrent: 2, requests: 50")
	for bad, want := range map[string]string{
		"trikle: 200ms":                             `did you mean \"trickle\"`,
		"trickle: 200ms, think_time: 1s":            "think_time belongs to sequential and concurrent modes, a trickle one has none",
		"concurrent: 2, at_most: 3":                 "at_most belongs to trickle modes, a concurrent one has none",
		"trickle: 0s":                               "above zero",
		"trickle: 1s, concurrent: 2":                "leave one of mode, concurrent, rate-limited, producer-consumer and trickle out",
		"name: x":                                   "produce: 100ms}` or `trickle: 200ms`",
		"trickle: 1s, name: a}, {trickle: [1s, 2s]": "",
	} {
		out, err := carryOut(strings.Replace(scenarios[0], "trickle: [200ms, 100ms], at_most: 5", bad, 1))
		if want = strings.ReplaceAll(want, `\"`, `"`); (err == nil) != (want == "") || !strings.Contains(out, want) {
			t.Errorf("%s: %v, does not say %s\n%s", bad, err, want, fmt.Sprintf("%.800s", out))
		}
	}
}
