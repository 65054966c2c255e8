package step

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"

	"plimsoll/runner/data"
	"plimsoll/target/httpcall"
	"plimsoll/target/look"
	"plimsoll/target/setting"
	"plimsoll/target/sim"
)

var update = flag.Bool("update", false, "write the golden files anew")

// file is what tests have for a scenario file.
type file struct {
	target                              string
	requests                            int
	mix                                 setting.At[Mix]
	steps, enter, leave, setup, undoing []Step
	journeys                            []setting.Entry[[]Step]
	data                                []*data.Source
	common                              httpcall.Common
	timeout                             time.Duration
	shop, stock                         sim.Settings
}

func fileShape() setting.Shape[file] {
	fields := append(httpcall.CommonFields(func(f *file) *httpcall.Common { return &f.common }),
		setting.Key("target", "One.", setting.Text("a name"), func(f *file) *string { return &f.target }),
		setting.Key("requests", "One.", setting.Count(1, 1000), func(f *file) *int { return &f.requests }),
		setting.Key("mix", "One.", setting.Located(MixShape()), func(f *file) *setting.At[Mix] { return &f.mix }),
		setting.Key("steps", "One.", Shape(), func(f *file) *[]Step { return &f.steps }),
		setting.Key("enter", "One.", Shape(), func(f *file) *[]Step { return &f.enter }),
		setting.Key("leave", "One.", Shape(), func(f *file) *[]Step { return &f.leave }),
		setting.Key("setup", "One.", Shape(), func(f *file) *[]Step { return &f.setup }),
		setting.Key("teardown", "One.", Shape(), func(f *file) *[]Step { return &f.undoing }),
		setting.Key("journeys", "One.", Journeys(), func(f *file) *[]setting.Entry[[]Step] { return &f.journeys }),
		setting.Key("data", "One.", data.Shape(), func(f *file) *[]*data.Source { return &f.data }),
		setting.Key("shop", "One.", sim.Shape(), func(f *file) *sim.Settings { return &f.shop }),
		setting.Key("stock", "One.", sim.Shape(), func(f *file) *sim.Settings { return &f.stock }),
		setting.Key("timeout", "One.", setting.LongerThanZero(), func(f *file) *time.Duration { return &f.timeout }),
	)
	return setting.Object("a file", fields...)
}

// scenario is what a file says; its targets are shop and stock, which can be
// asked, and cache, which cannot.
func (f *file) scenario() *Scenario {
	s := &Scenario{
		Main: f.steps, Enter: f.enter, Leave: f.leave, Setup: f.setup, Teardown: f.undoing, Journeys: f.journeys, Data: f.data,
		Target: f.target, Common: f.common, Timeout: f.timeout,
		Targets: []Target{{Name: "shop", Kind: "sim", Asks: true, Operands: look.OfHTTP()}, {Name: "stock", Kind: "sim", Asks: true, Operands: look.OfHTTP()}, {Name: "cache", Kind: "redis", Operands: []string{"rows"}}},
	}
	if f.mix.Given {
		s.Main = Mixed(f.mix)
	}
	if f.requests > 0 {
		s.Values = []string{"requests"}
	}
	return s
}

// compiled reads and compiles a file; what is wrong comes as lines.
func compiled(dir string, text []byte) (*Compiled, *file, string) {
	r := setting.NewReader(func(name string) (string, bool) { return "s3cr3t", name == "TOKEN" }, dir)
	var out *Compiled
	var f file
	if root := r.Load(text); root != nil {
		f, _ = fileShape().Read(r, root)
		names := &Names{}
		if out, _ = Compile(r, f.scenario(), names); len(r.Problems()) > 0 {
			out = nil
		} else {
			names.Warn(r)
		}
	}
	var told strings.Builder
	for _, p := range append(r.Problems(), r.Warnings()...) {
		fmt.Fprintf(&told, "%d:%d: %s\n%s\n%*s\n", p.Line, p.Column, p.Text, r.Lines()[p.Line-1], p.Column, "^")
	}
	return out, &f, told.String()
}

// TestBrokenFiles compares the whole message about each broken file.
func TestBrokenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) < 15 {
		t.Fatalf("there are %d broken files (%v), want 15 and more", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out, _, got := compiled("testdata", text)
			if warned := strings.Contains(name, "warned"); (out != nil) != warned || got == "" {
				t.Errorf("the file is taken: %v, and what is told is %q", out != nil, got)
			}
			golden(t, strings.TrimSuffix(name, ".yaml")+".txt", got)
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
		t.Errorf("what is told is\n%s\nwant\n%s", got, want)
	}
}

// The schema takes what the reader takes, and finds what needs no second look.
func TestSchema(t *testing.T) {
	schema, err := setting.Document("a file", fileShape()).Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	good, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(good) < 4 {
		t.Fatalf("there are %d good files (%v), want 4 and more", len(good), err)
	}
	for _, name := range good {
		if err := judge(t, schema, name); err != nil {
			t.Errorf("%s: the schema refuses it: %v", name, err)
		}
	}
	for _, name := range []string{"no-action", "misspelt", "shapes"} {
		if judge(t, schema, "testdata/broken/"+name+".yaml") == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

func judge(t *testing.T, schema *jsonschema.Resolved, name string) error {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Load(text, &v); err != nil {
		t.Fatal(err)
	}
	return schema.Validate(jsonable(v))
}

// jsonable is a value of YAML as JSON would have it.
func jsonable(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = jsonable(value)
		}
	case []any:
		for i, item := range v {
			v[i] = jsonable(item)
		}
	case int:
		return float64(v)
	}
	return v
}
