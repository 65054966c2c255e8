package manifest

import (
	"bytes"
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"plimsoll/runner/scenario"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const aScenario = `targets:
  shop: {http: {url: "http://10.1.2.3:8080", headers: {X-At: "10:30", X-To: "${KEY}"}}}
  named: {http: {url: "https://shop.example.com/x"}}
  cache: {redis: {address: "[fd00::1]:6379"}}
  unknown: {http: {url: "http://${PLACE}/"}}
  here: {http: {url: "http://127.0.0.1:8080"}}
  model: {sim: {delay: 1ms}}
export: {prometheus: {url: "http://10.7.7.7:9090/api/v1/write"}}
scenarios:
  - {name: s, target: model, clock: virtual, duration: 1s, modes: [{rate-limited: 10/s}]}
`

func options() Options {
	return Options{Name: "shop", Image: "example.com/plimsoll:1", Agents: 8, CPU: "1", Memory: "1Gi", Text: []byte(aScenario)}
}

func plan() *scenario.Plan {
	p := &scenario.Plan{}
	p.File.Name = "folder/s.yaml"
	return p
}

// A manifest is what is in the golden files: one with nothing said, one with all.
func TestManifests(t *testing.T) {
	full := options()
	full.Targets, full.Unknown = Targets(full.Text)
	full.Namespace, full.Token, full.Claim, full.Local, full.Only = "load", strings.Repeat("0123456789abcdef", 4), "results", true, []string{"s", "$(KEY)"}
	full.Environment = []Variable{{"KEY", false}, {"PLACE", true}}
	full.Files = map[string][]byte{"data/users.csv": []byte("a,b\n1,2\n"), "data_users.csv": []byte("  true\n"), "päck/x.bin": {0xff, 0}}
	for name, o := range map[string]Options{"plain": options(), "full": full} {
		got, err := Write(plan(), o)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".yaml")
		if *update {
			if err := os.WriteFile(file, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is another one (%v): look, and run with -update\n%s", file, err, got)
		}
	}
}

// Calls go where the file says, and neither to whom the coordinator alone talks, nor to
// the agents' own machine; a variable's place is told as unknown.
func TestTargets(t *testing.T) {
	patterns, unknown := Targets([]byte(aScenario))
	if want := []string{"*:443", "10.1.2.3:8080", "[fd00::1]:6379"}; !slices.Equal(patterns, want) {
		t.Errorf("%q", patterns)
	}
	if !slices.Equal(unknown, []string{"http://${PLACE}/"}) {
		t.Errorf("%q", unknown)
	}
}

// What a ConfigMap does not hold is refused, with its size.
func TestTooLarge(t *testing.T) {
	o := options()
	o.Files = map[string][]byte{"a": make([]byte, mostOfMap)}
	if _, err := Write(plan(), o); err == nil || !strings.Contains(err.Error(), "a ConfigMap holds 1048576") {
		t.Error(err)
	}
	o.Files = map[string][]byte{"a": make([]byte, mostOfMap-len("a")-len("s.yaml")-len(o.Text))}
	if _, err := Write(plan(), o); err != nil {
		t.Error(err)
	}
	for _, outside := range []string{"../x", "/x", "schemas/a.proto"} {
		o.Files = map[string][]byte{outside: nil}
		if _, err := Write(plan(), o); err == nil {
			t.Errorf("%s is taken", outside)
		}
	}
}

// Any files come back as they are, each at its path, by keys that Kubernetes takes.
func TestFilesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := options()
		o.Files = rapid.MapOfN(rapid.StringMatching(`(a/)?[a-zé ._-]{0,3}x`), rapid.Custom(func(t *rapid.T) []byte {
			if rapid.Bool().Draw(t, "binary") {
				return rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes")
			}
			return []byte(rapid.StringMatching(`([a-z#:'"\\ \t-]{0,4}[\n\r]?){0,4}|yes|0x1f|1e3|~`).Draw(t, "text"))
		}), 0, 5).Draw(t, "files")
		for name := range o.Files {
			if strings.HasPrefix(name, "..") {
				delete(o.Files, name)
			}
		}
		w := &writer{Options: o, file: "s.yaml"}
		m, err := w.configMap()
		if err != nil {
			t.Fatal(err)
		}
		text, err := yaml.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back struct {
			Data   map[string]string `yaml:"data"`
			Binary map[string]string `yaml:"binaryData"`
		}
		if err := yaml.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		for _, i := range w.items {
			if strings.Trim(i.key, plainLetters+"0123456789-._") != "" || i.key == "." || i.key == ".." {
				t.Errorf("%q is no key", i.key)
			}
			got, is := back.Data[i.key]
			if !is {
				bytes, err := base64.StdEncoding.DecodeString(back.Binary[i.key])
				if err != nil {
					t.Error(err)
				}
				got = string(bytes)
			}
			if got != string(i.data) {
				t.Errorf("%q has become %q\n%s", i.data, got, text)
			}
		}
		if len(back.Data)+len(back.Binary) != len(w.items) {
			t.Errorf("%d files are %d", len(w.items), len(back.Data)+len(back.Binary))
		}
	})
}

// What Kubernetes would refuse is refused before, each for its own reason.
func TestOptionsAreChecked(t *testing.T) {
	if err := options().Check(); err != nil {
		t.Fatal(err)
	}
	for why, change := range map[string]func(*Options){
		"is none for Kubernetes": func(o *Options) { o.Name = strings.Repeat("a", longestName+1) },
		"the namespace":          func(o *Options) { o.Namespace = "-x" },
		"no image":               func(o *Options) { o.Image = "" },
		"not 10001":              func(o *Options) { o.Agents = 10_001 },
		"not 0":                  func(o *Options) { o.Agents = 0 },
		"number of processors":   func(o *Options) { o.CPU = "two" },
		"size of memory":         func(o *Options) { o.Memory = "1 GB" },
	} {
		o := options()
		change(&o)
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

// A policy's networks begin where they begin, keys of long paths are no longer than
// Kubernetes takes them, and words that some reader of YAML takes for something else are
// in quotes.
func TestWhatReadersOfManifestsWant(t *testing.T) {
	for pattern, want := range map[string]string{"10.1.2.3/8": "10.0.0.0/8", "10.1.2.3": "10.1.2.3/32", "[fd00::1]:443": "fd00::1/128", "10.1.*": ""} {
		text, err := yaml.Marshal(peer(pattern))
		if err != nil || strings.Contains(string(text), "cidr") != (want != "") || !strings.Contains(string(text), want) {
			t.Errorf("%s: %s, %v", pattern, text, err)
		}
	}
	if k := key(strings.Repeat("a", 300), map[string]bool{}); len(k) > 253 || !strings.HasPrefix(k, "f.") {
		t.Errorf("%d characters: %s", len(k), k)
	}
	for _, s := range []string{"y", "N", "no", "On", "true", "null", "1e3", "0x1f", "", "a: b"} {
		if text(s).Style != yaml.DoubleQuotedStyle {
			t.Errorf("%q is without quotes", s)
		}
	}
}
