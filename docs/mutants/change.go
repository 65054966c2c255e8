package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// change is a small change of meaning: new stands where old stood.
type change struct {
	file       string // from the repository's root
	line       int
	start, end int // bytes of the file
	old, new   string
}

func (c change) String() string {
	return fmt.Sprintf("%s:%d: %s → %s", c.file, c.line, oneLine(c.old), oneLine(c.new))
}

func (c change) folder() string { return filepath.ToSlash(filepath.Dir(c.file)) }

// apply is the file's text with the change made.
func (c change) apply(text []byte) []byte {
	return slices.Concat(text[:c.start], []byte(c.new), text[c.end:])
}

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:57], "") + "…"
	}
	if text == "" {
		return "nothing"
	}
	return text
}

// aside are the folders without code of the product's; sample is what the
// tests of reports are made of.
var aside = []string{"docs", "testdata", "results", "sample"}

// candidates are all changes there are to the product's code below a folder:
// that of this system, without tests and what stands in docs.
func candidates(root, below string) (all []change, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || slices.Contains(aside, name)) {
				return filepath.SkipDir
			}
			return nil
		}
		place, err := filepath.Rel(root, path)
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || !strings.HasPrefix(filepath.ToSlash(place), below) {
			return err
		}
		if ours, err := build.Default.MatchFile(filepath.Dir(path), name); err != nil || !ours {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found, err := changesOf(place, text)
		all = append(all, found...)
		return err
	})
	return all, err
}

// changesOf are the changes there are to one file.
func changesOf(file string, text []byte) ([]change, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	r := &reader{file: filepath.ToSlash(file), text: text, set: set}
	for _, decl := range parsed.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
			ast.Inspect(f.Body, r.look)
		}
	}
	return r.found, nil
}

// reader finds what may be changed.
type reader struct {
	file  string
	text  []byte
	set   *token.FileSet
	found []change
}

// put notes that the piece of code from start to end may become another.
func (r *reader) put(start, end token.Pos, new string) {
	from, to := r.set.Position(start), r.set.Position(end)
	r.found = append(r.found, change{
		file: r.file, line: from.Line, start: from.Offset, end: to.Offset,
		old: string(r.text[from.Offset:to.Offset]), new: new,
	})
}

func (r *reader) source(n ast.Node) string {
	return string(r.text[r.set.Position(n.Pos()).Offset:r.set.Position(n.End()).Offset])
}

// other are the operators that may take an operator's place.
var other = map[token.Token][]token.Token{
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	token.ADD: {token.SUB}, token.SUB: {token.ADD}, token.MUL: {token.QUO}, token.QUO: {token.MUL}, token.REM: {token.MUL},
	token.LAND: {token.LOR}, token.LOR: {token.LAND},
	token.AND: {token.OR}, token.OR: {token.AND}, token.SHL: {token.SHR}, token.SHR: {token.SHL},
	token.ADD_ASSIGN: {token.SUB_ASSIGN, token.ASSIGN}, token.SUB_ASSIGN: {token.ADD_ASSIGN, token.ASSIGN},
	token.MUL_ASSIGN: {token.QUO_ASSIGN}, token.QUO_ASSIGN: {token.MUL_ASSIGN},
	token.INC: {token.DEC}, token.DEC: {token.INC},
	token.BREAK: {token.CONTINUE}, token.CONTINUE: {token.BREAK},
}

func (r *reader) swap(at token.Pos, op token.Token) {
	for _, instead := range other[op] {
		r.put(at, at+token.Pos(len(op.String())), instead.String())
	}
}

// look notes what may be changed of a node.
func (r *reader) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		r.swap(n.OpPos, n.Op)
	case *ast.AssignStmt:
		r.swap(n.TokPos, n.Tok)
		if n.Tok != token.DEFINE {
			r.put(n.Pos(), n.End(), "")
		}
	case *ast.IncDecStmt:
		r.swap(n.TokPos, n.Tok)
	case *ast.BranchStmt:
		if n.Label == nil {
			r.swap(n.Pos(), n.Tok)
		}
	case *ast.ExprStmt, *ast.DeferStmt:
		r.put(n.Pos(), n.End(), "")
	case *ast.IfStmt:
		r.put(n.Cond.Pos(), n.Cond.End(), "!("+r.source(n.Cond)+")")
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			r.put(n.Pos(), n.End(), r.source(n.X))
		}
	case *ast.Ident:
		r.word(n)
	case *ast.BasicLit:
		r.number(n)
	}
	return true
}

// word changes what has an opposite.
func (r *reader) word(n *ast.Ident) {
	opposite := map[string]string{"true": "false", "false": "true", "min": "max", "max": "min"}
	if instead := opposite[n.Name]; instead != "" {
		r.put(n.Pos(), n.End(), instead)
	}
}

// number makes an integer one more, and a fraction twice as large.
func (r *reader) number(n *ast.BasicLit) {
	switch n.Kind {
	case token.INT:
		if v, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			r.put(n.Pos(), n.End(), strconv.FormatInt(v+1, 10))
		}
	case token.FLOAT:
		r.put(n.Pos(), n.End(), "(2*"+n.Value+")")
	}
}
