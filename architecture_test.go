package plimsoll_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// source is one parsed Go file.
type source struct {
	path, folder string
	file         *ast.File
	lines        int
}

// sources are all Go files of the repository; tests only where asked for.
func sources(t *testing.T, set *token.FileSet) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{filepath.ToSlash(path), filepath.ToSlash(filepath.Dir(path)), file, set.File(file.Pos()).LineCount()})
		return nil
	})
	if err != nil || len(all) < 50 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	return all
}

// ours are the imports from this module, without its name.
func (s source) ours() []string {
	var list []string
	for _, spec := range s.file.Imports {
		if path, ok := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "plimsoll/"); ok {
			list = append(list, path)
		}
	}
	return list
}

func top(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

// Between the top-level folders runs one line, target ← runner ← report ← cmd;
// what stands beside them (docs) may use them all. Only the gallery's files are
// part of the program, and use nothing.
func TestArrowsPointOneWay(t *testing.T) {
	line := []string{"target", "runner", "report", "cmd", "docs"}
	for _, s := range sources(t, token.NewFileSet()) {
		for _, path := range s.ours() {
			embedded := path == "docs/gallery" && s.folder == "cmd/plimsoll"
			if slices.Index(line, top(path)) > slices.Index(line, top(s.folder)) && !embedded {
				t.Errorf("%s imports %s: no arrow goes back", s.path, path)
			}
		}
	}
}

// What a package may import of ours, where that is a promise of the
// architecture: leaves nothing, reports only what was measured.
func TestWhoMayImportWhom(t *testing.T) {
	leaf := []string{}
	may := map[string][]string{
		"runner/schedule":   leaf,
		"runner/latency":    {"runner/parcel"},
		"runner/parcel":     leaf,
		"runner/statistics": leaf,
		"target":            {"target/look", "target/value"},
		"target/value":      leaf,
		"target/template":   {"target/setting", "target/value"},
		"target/look":       {"target/setting", "target/template", "target/value"},
		"target/chat":       leaf,
		"target/plain":      leaf,
		"target/shell":      leaf,
		"target/quantity":   leaf,
		"target/random":     leaf,
		"target/wait":       {"target/uring"},
		"target/uring":      leaf,
		"target/host":       leaf,
		"target/busy":       leaf,
		"target/real":       leaf,
		"target/content":    leaf,
		"target/cookie":     leaf,
		"target/resp":       leaf,
		"target/wire":       {"target", "target/agenda", "target/client", "target/host", "target/wait"}, // and no protocol
		"target/http1":      {"target", "target/cookie", "target/httpcall", "target/random", "target/stream", "target/wire"},
		"target/http2":      {"target", "target/hpack", "target/http1", "target/wire"},
		"target/hpack":      leaf,
		"target/links":      {"target", "target/look", "target/setting", "target/value"},
		"target/stream":     {"target", "target/look", "target/setting", "target/value"},
		"target/client":     {"target", "target/host", "target/retry", "target/setting", "target/workers"},
		"target/httpcall":   {"target", "target/content", "target/cookie", "target/links", "target/look", "target/quantity", "target/random", "target/setting", "target/stream", "target/template", "target/value"},
		"runner/mode":       {"runner/schedule", "target/agenda", "target/delay", "target/quantity", "target/random", "target/setting"},
		"runner/data":       {"target/quantity", "target/random", "target/setting", "target/template", "target/value"},
		"runner/result":     {"runner/latency", "target/host"},
		"runner/crawl":      {"target", "target/links"},
		"runner/export":     {"runner/drive", "runner/latency", "target", "target/client", "target/plain", "target/setting"},
		"runner/condition":  {"target/look", "target/quantity", "target/setting", "target/template", "target/value"},
		"runner/step":       {"runner/condition", "runner/data", "runner/journey", "target/delay", "target/httpcall", "target/kind", "target/kinds", "target/look", "target/quantity", "target/retry", "target/setting", "target/template", "target/value"},
		"runner/capacity":   {"runner/result", "runner/verdict", "runner/latency"},
		"runner/scaling":    {"runner/result", "runner/statistics"},
		"runner/goodput":    {"target", "target/quantity", "target/setting"},
		"runner/watch":      {"runner/result", "runner/verdict"},
		"runner/exposition": leaf,
		"runner/monitor":    {"runner/exposition", "runner/result", "target/client", "target/plain", "target/setting"},
		"docs/gallery":      leaf,
		"runner/verdict":    {"runner/exposition", "runner/goodput", "runner/result", "runner/latency", "runner/statistics", "target", "target/quantity", "target/setting"},

		"runner/fleet/offset":   leaf, // of two clocks
		"runner/fleet/manifest": {"runner/scenario"},
	}
	reads := []string{"runner/result", "runner/latency", "runner/statistics", "target/plain"}
	for _, s := range sources(t, token.NewFileSet()) {
		for _, path := range s.ours() {
			if path == "runner/fleet" && top(s.folder) != "cmd" {
				t.Errorf("%s imports %s: only the command line knows of fleets", s.path, path)
			}
			if allowed, ruled := may[s.folder]; ruled && !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s; it may import %v", s.path, path, allowed)
			}
			// The one reads the limit of a threshold, the other finds where it stands.
			rules := s.folder == "report/view" && (path == "runner/verdict" || path == "target/setting")
			// what one iteration does is told while nothing is measured
			rules = rules || s.folder == "report/transcript" && slices.Contains([]string{"runner/journey", "target/look", "target/quantity", "target/setting", "target/value"}, path)
			if top(s.folder) == "report" && top(path) != "report" && !slices.Contains(reads, path) && !rules {
				t.Errorf("%s imports %s; reports read only %v", s.path, path, reads)
			}
		}
	}
}

// The clock is read, and goroutines are started, only where real time is the
// subject.
func TestPureCodeReadsNoClock(t *testing.T) {
	pure := []string{"runner/schedule", "runner/latency", "runner/statistics", "runner/scaling", "runner/capacity", "runner/verdict", "runner/mode", "runner/journey", "runner/data", "runner/scenario", "runner/condition", "runner/step", "runner/goodput", "runner/crawl", "runner/watch", "runner/exposition", "runner/fleet/offset", "runner/fleet/manifest",
		"target/sim", "target/chat", "target/delay", "target/plain", "target/quantity", "target/setting", "target/kinds", "target/value", "target/template", "target/look", "report/compare", "report/view", "report/text", "report/chart", "report/page", "report/transcript", "target/content", "target/cookie", "target/http1", "target/http2", "target/hpack", "target/resp", "target/stream", "target/shell", "target/links"}
	for _, s := range sources(t, token.NewFileSet()) {
		if !slices.Contains(pure, s.folder) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", s.path)
			case *ast.SelectorExpr:
				if from, ok := n.X.(*ast.Ident); ok && from.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "NewTimer"}, n.Sel.Name) {
					t.Errorf("%s uses time.%s", s.path, n.Sel.Name)
				}
			}
			return true
		})
	}
}

// What a mode is called, and the types and words of single modes, are nobody's
// business outside runner/mode: a mode is asked what there is to know of it.
func TestNobodyAsksWhichModeItIs(t *testing.T) {
	all := sources(t, token.NewFileSet())
	words, names := map[string]bool{}, map[string]bool{}
	for _, s := range all {
		if s.folder != "runner/mode" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr: // of a form
				key, named := n.Key.(*ast.Ident)
				if word, ok := n.Value.(*ast.BasicLit); ok && named && key.Name == "word" {
					words[word.Value] = true
				}
			case *ast.FuncDecl: // of a mode
				if n.Name.Name == "Text" && n.Recv != nil {
					names[fmt.Sprint(n.Recv.List[0].Type)] = true
				}
			case *ast.GenDecl:
				for _, spec := range n.Specs {
					if value, ok := spec.(*ast.ValueSpec); ok && n.Tok == token.CONST && value.Names[0].IsExported() {
						names[value.Names[0].Name] = true
					}
				}
			}
			return true
		})
	}
	if len(words) < 3 || len(names) < 7 {
		t.Fatalf("found the modes %v and the names %v", words, names)
	}
	for _, s := range all {
		if s.folder == "runner/mode" || s.folder == "report/sample" || s.folder == "runner/step" || top(s.folder) == "docs" {
			continue // a sample is a result with modes in it, and `each` has a key concurrent
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if from, ok := n.X.(*ast.Ident); ok && from.Name == "mode" && names[n.Sel.Name] {
					t.Errorf("%s names mode.%s", s.path, n.Sel.Name)
				}
			case *ast.BasicLit:
				if words[n.Value] && s.path != "runner/scenario/plan.go" { // where `order: sequential` has its name
					t.Errorf("%s asks for the mode %s", s.path, n.Value)
				}
			}
			return true
		})
	}
}

// Which kind a target is, only the table of kinds knows: everybody else asks
// its settings (target/kind). A kind's package is imported by other kinds, and by
// the command that is about it.
func TestNobodyAsksWhichKindItIs(t *testing.T) {
	all := sources(t, token.NewFileSet())
	kinds := []string{"target/wire", "target/workers"} // what carries their calls
	for _, s := range all {
		if s.folder == "target/kinds" {
			for _, path := range s.ours() {
				if path != "target/kind" && path != "target/setting" {
					kinds = append(kinds, path)
				}
			}
		}
	}
	if len(kinds) < 4 {
		t.Fatalf("found the kinds %v", kinds)
	}
	for _, s := range all {
		if top(s.folder) == "target" || top(s.folder) == "docs" || s.path == "cmd/plimsoll/serve.go" {
			continue
		}
		for _, path := range s.ours() {
			if slices.Contains(kinds, path) {
				t.Errorf("%s imports the kind %s", s.path, path)
			}
		}
	}
}

// Files and functions stay short enough to be read at one go, nothing hides in
// init, and only tests may panic on purpose.
func TestSizes(t *testing.T) {
	set := token.NewFileSet()
	for _, s := range sources(t, set) {
		if s.lines > 420 {
			t.Errorf("%s has %d lines, about 400 are the limit", s.path, s.lines)
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if lines := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1; lines > 70 {
				t.Errorf("%s: %s has %d lines, 70 are the limit", s.path, f.Name.Name, lines)
			}
			if f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init", s.path)
			}
		}
	}
}

// Every dependency has its reason written down, and is named as one.
func TestDependenciesHaveAReason(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	direct := 0
	for line := range strings.Lines(string(mod)) {
		words := strings.Fields(line)
		if len(words) != 2 || !strings.HasPrefix(words[1], "v") {
			continue // "// indirect" is two words more
		}
		direct++
		if !strings.Contains(string(page), "| "+words[0]+" | "+words[1]+" | ") {
			t.Errorf("docs/architecture.md does not say why there is %s %s", words[0], words[1])
		}
	}
	if direct < 10 {
		t.Errorf("only %d direct dependencies in go.mod: run go mod tidy", direct)
	}
}
