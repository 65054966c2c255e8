package delay

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"plimsoll/target/setting"
)

func readDelay(dir, text string) (Delay, []setting.Problem) {
	r := setting.NewReader(os.LookupEnv, dir)
	var d Delay
	if root := r.Load([]byte(text)); root != nil {
		d, _ = Shape().Read(r, root)
	}
	return d, r.Problems()
}

func TestShape(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte("12ms\n0.5\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const ms = time.Millisecond
	for text, want := range map[string]Delay{
		"0s":                               Of(0),
		"1.04s":                            Of(1040 * ms),
		"{exponential: 10ms}":              {Kind: Exponential, A: 10 * ms},
		"{uniform: [10ms, 30ms]}":          {Kind: Uniform, A: 10 * ms, B: 30 * ms},
		"{uniform: [30ms, 30ms]}":          {Kind: Uniform, A: 30 * ms, B: 30 * ms},
		"{normal: {mean: 2s, stddev: 0s}}": {Kind: Normal, A: 2000 * ms},
		"{lognormal: {median: 20ms, p99: 200ms}}": {Kind: Lognormal, A: 20 * ms, B: 200 * ms},
		"{pareto: {scale: 10ms, shape: 2.5}}":     {Kind: Pareto, A: 10 * ms, Shape: 2.5},
		"{empirical: a.csv}":                      {Kind: Empirical, Samples: []time.Duration{12 * ms, 500 * ms}},
		"{mix: [{weight: 95, delay: 10ms}, {weight: 5, delay: {exponential: 200ms}}]}": {Kind: Mix, Parts: []Part{
			{95, Of(10 * ms)}, {5, Delay{Kind: Exponential, A: 200 * ms}}}},
	} {
		got, problems := readDelay(dir, text)
		if len(problems) > 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as %+v, %v; want %+v", text, got, problems, want)
		}
		if got.Mean() < 0 {
			t.Errorf("%s has the mean %v", text, got.Mean())
		}
	}
}

func TestParseSamples(t *testing.T) {
	const ms = time.Millisecond
	for text, want := range map[string][]time.Duration{
		"12ms\n0.5\n":                        {12 * ms, 500 * ms},
		"latency,path\n1s,/a\n2,/b\n":        {1000 * ms, 2000 * ms},
		"\ufeffseconds\r\n1e-3\r\n\r\n0\r\n": {ms, 0},
		"\"1.5s\",\"a, b\"\n  2ms , x, y\n":  {1500 * ms, 2 * ms},
		"7ms":                                {7 * ms},
		"0.0000000004\n0.0000000006":         {0, 1},
	} {
		if got, err := ParseSamples([]byte(text)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseSamples(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                    "no duration",
		"latency\n":           "no duration",
		"latency\nseconds\n1": `line 2: "seconds" is not a duration`,
		"1s\n\nx\n":           "line 3:",
		"-1s\n":               "line 1:",
		"-1\n":                "out of range",
		"1\n1e300\n":          "line 2: 1e300 seconds are out of range",
		"1s\nNaN\n":           "out of range",
	} {
		if got, err := ParseSamples([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseSamples(%q) = %v, %v; want an error with %q", text, got, err, want)
		}
	}
}

func FuzzParseSamples(f *testing.F) {
	f.Add([]byte("latency,path\n1s,/a\n2,/b\n"))
	f.Add([]byte("\"1.5s\n0.5\r\n\n-1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		samples, err := ParseSamples(text)
		if (err == nil) != (len(samples) > 0) {
			t.Errorf("%d samples and %v", len(samples), err)
		}
		for _, s := range samples {
			if s < 0 || s > 100*365*24*time.Hour {
				t.Errorf("a sample of %v", s)
			}
		}
	})
}
