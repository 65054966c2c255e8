package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tests are the packages of this module, and what their tests reach.
type tests struct {
	module string
	reach  map[string][]string // package with tests → packages it needs, of ours
}

// readTests asks the go command.
func readTests(ctx context.Context) (*tests, error) {
	const form = `{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}|{{.Module.Path}}|{{.Deps}} {{.TestImports}} {{.XTestImports}}{{end}}`
	out, err := exec.CommandContext(ctx, "go", "list", "-f", form, "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	t := &tests{reach: map[string][]string{}}
	for line := range strings.Lines(string(out)) {
		parts := strings.SplitN(strings.TrimSpace(line), "|", 3)
		if len(parts) < 3 {
			continue
		}
		t.module = parts[1]
		t.reach[parts[0]] = nil
		for _, path := range strings.Fields(strings.NewReplacer("[", " ", "]", " ").Replace(parts[2])) {
			if strings.HasPrefix(path, t.module+"/") {
				t.reach[parts[0]] = append(t.reach[parts[0]], path)
			}
		}
	}
	return t, nil
}

// of are the packages whose tests may notice a change in a folder: its own
// first, then those that use it, those of few needs first. The tests of the
// root read files and not what was compiled.
func (t *tests) of(folder string) (list []string) {
	own := t.module + "/" + folder
	for path, reach := range t.reach {
		if path != t.module && !strings.Contains(path, "/docs/") && (path == own || slices.Contains(reach, own)) {
			list = append(list, path)
		}
	}
	slices.SortFunc(list, func(a, b string) int {
		if a == own || b == own {
			return map[bool]int{true: -1, false: 1}[a == own]
		}
		return cmp.Or(len(t.reach[a])-len(t.reach[b]), cmp.Compare(a, b))
	})
	return list
}

// fate is what became of a change.
type fate struct {
	senseless bool   // it does not compile
	by        string // the package whose tests noticed
}

func (f fate) word() string {
	if f.by == "" {
		return "LIVED"
	}
	return "noticed"
}

func (f fate) where() string {
	if f.by == "" {
		return ""
	}
	return "  (" + f.by + ")"
}

// try makes a change and runs tests until one of them fails.
func try(ctx context.Context, c change, packages []string, most time.Duration) (fate, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return fate{}, err
	}
	defer os.RemoveAll(dir)
	flags, err := overlay(dir, c)
	if err != nil {
		return fate{}, err
	}
	if failed, err := fails(ctx, flags, "build", "-o", os.DevNull, "./"+c.folder()); failed || err != nil {
		return fate{senseless: true}, err
	}
	for _, path := range packages {
		if failed, err := fails(ctx, flags, "test", "-failfast", "-timeout", most.String(), path); failed || err != nil {
			return fate{by: path}, err
		}
	}
	return fate{}, nil
}

// overlay puts the changed file into dir, and is the environment that has the
// go command take it for the real one, also where a test calls that command.
func overlay(dir string, c change) (environment string, err error) {
	text, err := os.ReadFile(c.file)
	if err != nil {
		return "", err
	}
	real, err := filepath.Abs(c.file)
	if err != nil {
		return "", err
	}
	changed, list := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	over, err := json.Marshal(map[string]map[string]string{"Replace": {real: changed}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(changed, c.apply(text), 0o666); err != nil {
		return "", err
	}
	return "GOFLAGS=-overlay=" + list, os.WriteFile(list, over, 0o666)
}

// fails tells whether the go command exits with another code than 0.
func fails(ctx context.Context, environment string, args ...string) (bool, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), environment)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		return false, fmt.Errorf("go %s: %w", args[0], err)
	}
	return err != nil, nil
}
