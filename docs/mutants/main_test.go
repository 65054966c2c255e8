package main

import (
	"bytes"
	"context"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const code = `package p

func f(a, b int, ok bool) int {
	for i := 0; i < 10; i++ {
		if a == b && !ok {
			continue
		}
		a += b * 2
	}
	defer g()
	return min(a, b)
}
`

func TestChangesOfEachKind(t *testing.T) {
	changes, err := changesOf("p/f.go", []byte(code))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, c := range changes {
		told = append(told, c.String())
		if c.old != code[c.start:c.end] {
			t.Errorf("%s does not say what stands there", c)
		}
		if _, err := parser.ParseFile(token.NewFileSet(), "", c.apply([]byte(code)), 0); err != nil {
			t.Errorf("%s is no Go any more: %v", c, err)
		}
	}
	for _, want := range []string{
		"p/f.go:4: < → <=", "p/f.go:4: < → >=", "p/f.go:4: 10 → 11", "p/f.go:4: ++ → --",
		"p/f.go:5: a == b && !ok → !(a == b && !ok)", "p/f.go:5: == → !=", "p/f.go:5: && → ||", "p/f.go:5: !ok → ok",
		"p/f.go:6: continue → break", "p/f.go:8: += → -=", "p/f.go:8: += → =", "p/f.go:8: a += b * 2 → nothing", "p/f.go:8: * → /",
		"p/f.go:10: defer g() → nothing", "p/f.go:11: min → max",
	} {
		if !slices.Contains(told, want) {
			t.Errorf("there is no %s in\n%s", want, strings.Join(told, "\n"))
		}
	}
}

func TestDrawsAreReproducibleAndOneALine(t *testing.T) {
	changes, err := changesOf("f.go", []byte(code))
	if err != nil {
		t.Fatal(err)
	}
	all := func(seed uint64) (list []change) {
		for d := newDraw(seed, changes); ; {
			c, any := d.next()
			if !any {
				return list
			}
			list = append(list, c)
		}
	}
	first := all(1)
	if !slices.Equal(first, all(1)) {
		t.Error("the same seed draws other changes")
	}
	if slices.Equal(first, all(2)) {
		t.Error("another seed draws the same changes")
	}
	lines := map[int]bool{}
	for _, c := range first {
		if lines[c.line] {
			t.Errorf("line %d is drawn twice", c.line)
		}
		lines[c.line] = true
	}
	if len(lines) != 6 {
		t.Errorf("%d lines are drawn, of 6 that can be changed", len(lines))
	}
}

// A change that a test notices, one that none does, and one that does not
// compile, in a module of three lines.
func TestTry(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "go.mod", "module m\n\ngo 1.26\n")
	write(t, "p/p.go", "package p\n\nfunc Sum(a, b int) int {\n\tif a == 1000 {\n\t\tb++\n\t}\n\treturn a + b\n}\n")
	write(t, "p/p_test.go", "package p\n\nimport \"testing\"\n\nfunc TestSum(t *testing.T) {\n\tif Sum(1, 2) != 3 {\n\t\tt.Error(Sum(1, 2))\n\t}\n}\n")
	changes, err := candidates(".", "")
	if err != nil {
		t.Fatal(err)
	}
	all, err := readTests(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("p/p.go")
	if err != nil {
		t.Fatal(err)
	}
	end := len("package p\n\nfunc Sum(a, b int) int {")
	changes = append(changes, change{file: "p/p.go", line: 3, start: end, end: end, new: "return c;"})
	fates := map[string]fate{}
	for _, c := range changes {
		if fates[c.String()], err = try(context.Background(), c, all.of(c.folder()), 0); err != nil {
			t.Fatal(err)
		}
	}
	for of, want := range map[string]fate{
		"p/p.go:7: + → -":               {by: "m/p"},
		"p/p.go:5: ++ → --":             {},
		"p/p.go:3: nothing → return c;": {senseless: true},
	} {
		if got, tried := fates[of]; !tried || got != want {
			t.Errorf("%s: %+v, want %+v", of, got, want)
		}
	}
	if now, _ := os.ReadFile("p/p.go"); !bytes.Equal(now, text) {
		t.Error("the file itself was changed")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
