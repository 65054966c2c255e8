package plimsoll_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayBeSkipped are the tests that may be skipped on a busy machine (see
// target/busy): of open loops that have to keep their schedule in real time, of
// a journey whose times are compared with simulated ones, of a core that must be
// burnt all the while to be seen so, and of looks that must come to see anything, of a search for what a server takes of one, and
// of programs whose times are compared with those of another tool, or way.
var mayBeSkipped = []string{
	"cmd/plimsoll/limits_unix_test.go: TestDescriptorsRunOutInASearch",
	"cmd/plimsoll/programs_test.go: TestTheShellTakenOffLeavesTheProgram",
	"cmd/plimsoll/programs_test.go: alike",
	"runner/capacity_test.go: TestGeneratorIsTheLimit",
	"runner/frozen_test.go: TestOpenLoopsGoOnWhileServersFreeze",
	"runner/monitor/process_linux_test.go: tried",
	"runner/others_linux_test.go: TestATenthOfACore",
	"runner/punctual_test.go: TestEveryProtocolIsAsPunctual",
	"runner/ways_test.go: TestAJourneyThreeWays",
}

// No other test is skipped because the machine is busy, and none of these has
// ceased to need it.
func TestWhichTestsMayBeSkipped(t *testing.T) {
	set, found := token.NewFileSet(), []string{}
	for _, s := range sources(t, set) {
		if slices.Contains(s.ours(), "target/busy") {
			t.Errorf("%s imports target/busy, which is for tests", s.path)
		}
	}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		imports := slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool { return spec.Path.Value == `"plimsoll/target/busy"` })
		ast.Inspect(file, func(n ast.Node) bool {
			f, ok := n.(*ast.FuncDecl)
			if ok && imports && callsSkip(f) {
				found = append(found, filepath.ToSlash(path)+": "+f.Name.Name)
			}
			return !ok
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	if !slices.Equal(found, mayBeSkipped) {
		t.Errorf("skipped on a busy machine may be\n%s\nnot as listed\n%s", strings.Join(found, "\n"), strings.Join(mayBeSkipped, "\n"))
	}
}

// callsSkip tells whether a function names busy.Skip.
func callsSkip(f *ast.FuncDecl) (calls bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if ok {
			from, named := selector.X.(*ast.Ident)
			calls = calls || named && from.Name == "busy" && selector.Sel.Name == "Skip"
		}
		return true
	})
	return calls
}
