package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite golden files, and the tables and charts of the README")

const root = "../.."

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks are the contents of the fenced blocks of a language.
func blocks(text, language string) []string {
	var found []string
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// command runs a command line as the README spells it, in the folder dir. The
// promises of a real clock are kept in one of three tries: the machine may be
// busy with other tests.
func command(t *testing.T, dir, line string) {
	t.Helper()
	line, into, redirected := strings.Cut(line, " > ")
	words := strings.Fields(line)
	if strings.HasPrefix(line, "go run ./cmd/plimsoll ") {
		words = words[2:]
	} else if words[0] != "plimsoll" {
		t.Fatalf("the README has a command that no test runs: %q", line)
	}
	end := plimsoll(t, dir, words[1:]...)
	for range 2 {
		if end.code == 1 || end.code == 3 {
			end = plimsoll(t, dir, words[1:]...)
		}
	}
	if end.code != 0 {
		t.Fatalf("%q ended with %d\n%s\n%s", line, end.code, end.stderr, end.stdout)
	}
	if redirected {
		if err := os.WriteFile(filepath.Join(dir, into), []byte(end.stdout), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// Every command of the README works in a folder with the demonstration's file,
// in their order. `go test` itself is excepted.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	lines := strings.Join(blocks(readme(t), "sh"), "\n")
	demonstration, err := os.ReadFile(filepath.Join(root, "scenarios.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "scenarios.yaml"), demonstration, 0o666); err != nil {
		t.Fatal(err)
	}
	setUpFree := 0
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			continue
		case strings.HasPrefix(line, "go "):
			setUpFree++
		}
		if line != "go test ./..." {
			command(t, dir, line)
		}
	}
	if setUpFree != 2 {
		t.Errorf("the README has %d commands that need no set-up, not two: one for the main job, one for the tests", setUpFree)
	}
}

// The first minute stays short: the README, and what the demonstration plans to
// take, nothing of which is left open.
func TestTheFirstMinute(t *testing.T) {
	t.Parallel()
	const lines, longest = 300, 25 * time.Second
	if n := strings.Count(readme(t), "\n"); n > lines {
		t.Errorf("the README has %d lines, more than %d: what is longer has a page in docs", n, lines)
	}
	first := strings.Join(strings.Split(readme(t), "\n")[:40], "\n")
	for _, part := range []string{"```sh\ngo run ./cmd/plimsoll run\n```", "```sh\ngo test ./...\n```", "<!-- end -->", "![", "(docs/gallery)"} {
		if !strings.Contains(first, part) {
			t.Errorf("the README's first 40 lines lack %q", part)
		}
	}
	shown := plimsoll(t, root, "run", "--dry-run").stdout
	told := regexp.MustCompile(`(?m)^\d+ trials: about (\S+)$`).FindStringSubmatch(shown)
	if told == nil {
		t.Fatalf("the demonstration does not say how long it takes:\n%s", shown)
	}
	if takes, err := time.ParseDuration(told[1]); err != nil || takes > longest {
		t.Errorf("the demonstration takes %s, %v; it may take %v", told[1], err, longest)
	}
}

// Every YAML block of the README is a scenario file that runs and keeps its
// promises.
func TestReadmeScenarios(t *testing.T) {
	t.Parallel()
	found := blocks(readme(t), "yaml")
	if len(found) < 4 {
		t.Fatalf("only %d YAML blocks in the README", len(found))
	}
	dir := t.TempDir()
	for _, block := range found {
		if err := os.WriteFile(filepath.Join(dir, "block.yaml"), []byte(block), 0o666); err != nil {
			t.Fatal(err)
		}
		command(t, dir, "plimsoll run block.yaml --quiet --allow-late")
	}
}

// The README's tables and charts are what the program makes today.
func TestReadmeShowsWhatTheProgramMakes(t *testing.T) {
	text, out := readme(t), t.TempDir()
	changed := regexp.MustCompile(`(?s)<!-- table: (\S+) -->.*?<!-- end -->`).ReplaceAllStringFunc(text, func(found string) string {
		scenario := strings.Fields(found)[2]
		return "<!-- table: " + scenario + " -->\n\n" + table(t, scenario, out) + "\n\n<!-- end -->"
	})
	if changed != text {
		if !*update {
			t.Error("the README's tables are not what the program prints; run go test ./cmd/plimsoll -update and look at the difference")
		} else if err := os.WriteFile(filepath.Join(root, "README.md"), []byte(changed), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, picture := range regexp.MustCompile(`docs/images/(\S+\.svg)`).FindAllStringSubmatch(text, -1) {
		made, err := os.ReadFile(filepath.Join(out, "latest", picture[1]))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, "docs", "images", picture[1])
		if shown, _ := os.ReadFile(path); bytes.Equal(shown, made) {
			continue
		}
		if !*update {
			t.Errorf("%s is not what the program draws; run go test ./cmd/plimsoll -update and look at it", picture[1])
		} else if err := os.WriteFile(path, made, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// table is the first table that a scenario of the demonstration prints, with
// its footnotes.
func table(t *testing.T, scenario, out string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args := []string{"run", filepath.Join(root, "scenarios.yaml"), "--only", "fetch-urls", "--only", "freezing-server", "--format", "markdown", "--quiet", "--out", out}
	if code := run(context.Background(), args, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatalf("%v ended with %d\n%s", args, code, &stderr)
	}
	_, section, found := strings.Cut(stdout.String(), "## "+scenario+"\n")
	_, section, tabled := strings.Cut(section, "\n|")
	if !found || !tabled {
		t.Fatalf("no table of %s in\n%s", scenario, &stdout)
	}
	section, _, _ = strings.Cut(section, "\n\n#")
	return "|" + strings.TrimRight(section, "\n")
}
