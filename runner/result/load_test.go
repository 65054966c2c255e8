package result

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/latency"
)

func encoded(t testing.TB, run *Run) []byte {
	var b bytes.Buffer
	if err := Encode(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sound := string(encoded(t, fullRun()))
	spoilt := func(old, by string) string {
		if !strings.Contains(sound, old) {
			t.Fatalf("nothing to spoil: %s", old)
		}
		return strings.Replace(sound, old, by, 1)
	}
	write("many/latest/run.json", sound)
	write("points/latest", "gone\n")
	write("climbs/latest", "../many/latest\n")
	for _, c := range []struct{ name, path, says string }{
		{"nothing there", filepath.Join(dir, "no"), "there is no result at " + filepath.Join(dir, "no") + ": give a run.json, a result directory, or results/latest"},
		{"no result directory", dir, dir + " holds no run.json: either it is no result directory, or the run ended before its first trial did"},
		{"many results", filepath.Join(dir, "many"), "holds several results: give one of them, such as " + filepath.Join(dir, "many", "latest")},
		{"pointer to nothing", filepath.Join(dir, "points/latest"), "points at " + filepath.Join(dir, "points/gone") + ", which is no longer there"},
		{"pointer elsewhere", filepath.Join(dir, "climbs/latest"), "should hold the name of a result directory beside it"},
		{"a device", os.DevNull, "is not a result: a run.json is a file"},
		{"empty", write("empty", ""), "unexpected end of JSON input"},
		{"cut off", write("cut", sound[:len(sound)/2]), "unexpected end of JSON input"},
		{"no JSON", write("yaml", "scenarios:\n  - name: x\n"), "line 1: invalid character 's'"},
		{"more after it", write("more", sound+"{}"), "invalid character '{' after top-level value"},
		{"another JSON", write("other", `{"name": "x"}`), "not a result of plimsoll: there is no format in it"},
		{"a newer format", write("newer", `{"format": 2, "tool": {"name": "plimsoll", "version": "9.9"}, "trials": "of another kind"}`),
			"written in format 2 by plimsoll 9.9; this plimsoll reads up to format 1: use a newer one"},
		{"another type", write("type", spoilt(`"seed": 1`, `"seed": "one"`)), "line 8: cannot unmarshal string into Go struct field"},
		{"trial of another type", write("trialtype", spoilt(`"makespan_s": `, `"makespan_s": "soon", "was": `)), "trial 1: json: cannot unmarshal string"},
		{"counts", write("counts", spoilt(`"ok": 5`, `"ok": 6`)), "trial 2: fetch-urls, concurrent-3, requests 5, repeat 0: started 6 is not ok 6"},
		{"histogram", write("hdr", spoilt(`"hdr": "`, `"hdr": "!`)), "trial 1: fetch-urls, sequential, requests 5, repeat 0: response: hdr: not an encoded histogram"},
		{"speedup", write("speedup", spoilt(`"baseline": "sequential"`, `"baseline": ""`)), "speedup 1: needs a scenario, a mode and a baseline"},
		{"scaling", write("scaling", spoilt(`"axis": "requests"`, `"axis": "tasks"`)), `scaling 1: axis is "tasks"`},
		{"verdict", write("verdict", spoilt(`"kind": "expect"`, `"kind": "hope"`)), "verdict 1: needs a scenario, and kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(c.path)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, want %q", err, c.says)
			}
		})
	}
}

// What iterations elapsed and what steps record is what the figures beside it say,
// like all other distributions.
func TestWhatJourneysKeepIsNotTrustedBlindly(t *testing.T) {
	for name, spoil := range map[string]func(*Trial){
		"elapsed: hdr":          func(t *Trial) { t.Elapsed.HDR = "!" },
		"record queue_ms: hdr":  func(t *Trial) { d := t.Steps[0].Records["queue_ms"]; d.HDR = "!"; t.Steps[0].Records["queue_ms"] = d },
		"step buy/pay: service": func(t *Trial) { t.Steps[0].Service.HDR = "!" },
		"beside: crawler, rate-limited-60/s, repeat 0: response: hdr": func(t *Trial) { t.Beside[0].Response.HDR = "!" },
	} {
		run := fullRun()
		spoil(&run.Trials[1])
		path := filepath.Join(t.TempDir(), FileName)
		var b bytes.Buffer
		if err := Encode(&b, run); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("says %v, want %q", err, name)
		}
	}
}

func TestLoadPassesOverWhatItDoesNotKnow(t *testing.T) {
	text := strings.Replace(string(encoded(t, fullRun())), `"seed": 1`, `"journeys": [{"find": [[{}], "rate"]}], "seed": 1`, 1)
	run, err := parse(strings.NewReader(text))
	if err != nil || !reflect.DeepEqual(run, fullRun()) {
		t.Errorf("%v", err)
	}
}

func TestDistKeepsWhatTheEncodingLoses(t *testing.T) {
	h := latency.New(latency.Fine)
	for _, d := range []time.Duration{1_234_567_891, 1_234_567_893, 2_345_678_912} {
		h.Record(d)
	}
	d := mustDist(h)
	back, err := d.Histogram()
	if err != nil {
		t.Fatal(err)
	}
	if back.Min() != h.Min() || back.Max() != h.Max() || back.Quantile(50) != h.Quantile(50) {
		t.Errorf("min %v max %v p50 %v, want %v, %v, %v", back.Min(), back.Max(), back.Quantile(50), h.Min(), h.Max(), h.Quantile(50))
	}
	if off := back.Mean() - h.Mean(); off > 1e-3 || off < -1e-3 {
		t.Errorf("mean %v ns, want %v", back.Mean(), h.Mean())
	}
	if off := back.Stddev() - h.Stddev(); off > 1 || off < -1 {
		t.Errorf("stddev %v ns, want %v", back.Stddev(), h.Stddev())
	}
}

func TestDistRefusesAnotherHistogram(t *testing.T) {
	fine, coarse := latency.New(latency.Fine), latency.New(latency.Coarse)
	for range 3 {
		fine.Record(time.Second)
		coarse.Record(time.Second)
	}
	sound := mustDist(fine)
	hdr, err := coarse.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(*Dist){
		"holds 3 values where 4 are counted":                           func(d *Dist) { d.Count = 4 },
		"has 2 significant digits where 3 belong":                      func(d *Dist) { d.HDR = hdr },
		"lowest 1s and highest 2s are not those":                       func(d *Dist) { d.MaxS = 2 },
		"lowest 1s and highest 2562047h47m16.854775807s are not those": func(d *Dist) { d.MaxS = 1e300 },
	} {
		d := sound
		spoil(&d)
		if _, err := d.Histogram(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("says %v, want %q", err, says)
		}
	}
	if _, err := NewDist(coarse); err == nil {
		t.Error("a coarse histogram passes as a distribution")
	}
	window := Window{OK: 3, HDR: sound.HDR}
	if _, err := window.Histogram(); err == nil {
		t.Error("a fine histogram passes as a window's")
	}
	window.HDR = hdr
	if h, err := window.Histogram(); err != nil || h.Count() != 3 {
		t.Errorf("a window's histogram: %v", err)
	}
}

// bomb is a histogram's encoding with the given header, and so many megabytes
// of zeros behind it.
func bomb(digits int32, highest int64, payload int32, megabytes int) string {
	var body bytes.Buffer
	z := zlib.NewWriter(&body)
	binary.Write(z, binary.BigEndian, []int32{0x1c849313, payload, 0, digits})
	binary.Write(z, binary.BigEndian, []int64{1, highest})
	binary.Write(z, binary.BigEndian, 1.0)
	for range megabytes {
		z.Write(make([]byte, 1<<20))
	}
	z.Close()
	whole := binary.BigEndian.AppendUint32(nil, 0x1c849314)
	whole = binary.BigEndian.AppendUint32(whole, uint32(body.Len()))
	return base64.StdEncoding.EncodeToString(append(whole, body.Bytes()...))
}

func TestHostileBytesTakeLittleMemory(t *testing.T) {
	hdr := func(s string) []byte {
		run := fullRun()
		run.Trials[0].Response.HDR = s
		return encoded(t, run)
	}
	list := func(element string) []byte {
		return fmt.Appendf(nil, `{"format": 1, "trials": [%s%s]}`, strings.Repeat(element+",", 1<<18), element)
	}
	for name, data := range map[string][]byte{
		"unpacks to much":         hdr(bomb(3, int64(latency.Highest), 30<<20, 30)),
		"unpacks to much at ease": hdr(bomb(5, 1<<62, 30<<20, 30)),
		"asks for much":           hdr(bomb(5, 1<<62, 0, 0)),
		"long":                    hdr(strings.Repeat("A", 2<<20)),
		"many trials":             list("{}"),
		"many numbers":            list("0"),
		"too many windows":        fmt.Appendf(nil, `{"format": 1, "trials": [{"timeline": [%s{}]}]}`, strings.Repeat("{},", 2<<20)),
		"many windows":            fmt.Appendf(nil, `{"format": 1, "trials": [{"timeline": [%s{}]}]}`, strings.Repeat("{},", 1<<18)),
		"deep":                    bytes.Repeat([]byte("["), 4<<20),
		"many small trials":       list(`{"scenario": "s", "mode": "m", "ended": "complete"}`),
		"many scenarios":          fmt.Appendf(nil, `{"format": 1, "scenarios": [%s ""]}`, strings.Repeat(`"",`, 1<<21)),
		"many tolerances":         fmt.Appendf(nil, `{"format": 1, "tolerances": [%s{}]}`, strings.Repeat("{},", 1<<19)),
		"many names":              fmt.Appendf(nil, `{"format": 1 %s}`, strings.Repeat(`,"": 1`, 1<<19)),
		"one long text":           fmt.Appendf(nil, `{"format": 1, "new": "%s"}`, strings.Repeat(`x`, 8<<20)),
		"deep and unknown":        fmt.Appendf(nil, `{"format": 1, "new": %s`, strings.Repeat(`[`, 4<<20)),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := parse(bytes.NewReader(data)); err == nil {
				t.Error("passes")
			} else {
				t.Logf("%.120v", err)
			}
			runtime.ReadMemStats(&after)
			took := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d MB for %d KB", took>>20, len(data)>>10)
			if took > 1<<30 { // allocated in all; a third of it, if so much, at one time
				t.Errorf("%d bytes allocated for %d", took, len(data))
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(encoded(f, fullRun()))
	f.Add(encoded(f, &Run{}))
	f.Add([]byte(`{"format": 1, "trials": [{"scenario": "s", "mode": "m", "ended": "failed"}]}`))
	f.Add([]byte(`{"format": 2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := parse(bytes.NewReader(data))
		if err != nil {
			return
		}
		groups, err := Groups(run.Trials)
		if err != nil {
			t.Fatalf("a loaded run has no groups: %v", err)
		}
		for i := range groups {
			if g := &groups[i]; g.Response.Count() != g.OK || g.Lateness.Count() != g.Started {
				t.Fatalf("%s %s: counts of the merged differ", g.Scenario, g.Mode)
			}
		}
		again, err := parse(bytes.NewReader(encoded(t, run)))
		if err != nil {
			t.Fatalf("what was loaded does not load again: %v", err)
		}
		if first, second := encoded(t, run), encoded(t, again); !bytes.Equal(first, second) {
			t.Fatalf("not the same:\n%s\n%s", first, second)
		}
	})
}
