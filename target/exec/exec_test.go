//go:build unix

package exec

import (
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/random"
	"plimsoll/target/setting"
	"plimsoll/target/value"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// read are the settings that a text spells.
func read(t testing.TB, text string) *Settings {
	t.Helper()
	r := setting.NewReader(os.LookupEnv, ".")
	s, ok := Shape().Read(r, r.Load([]byte(text)))
	if !ok {
		t.Fatalf("%s: %v", text, r.Problems())
	}
	return s.(*Settings)
}

// open makes a target ready, and hands out how it is called.
func open(t testing.TB, text string, values map[string]value.Value) func(context.Context, *target.Request) target.Outcome {
	t.Helper()
	p, err := read(t, text).program(kind.Site{Streams: random.New(1), Values: values})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.nowhere.Close() })
	return p.Call
}

func operands(t testing.TB, texts ...string) (all []look.Operand) {
	t.Helper()
	for _, text := range texts {
		o, err := look.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// How a program may end, and what is told of it.
func TestEnds(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plain"), []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct{ class, example string }{
		`["true"]`:  {},
		`["false"]`: {"exit-1", "exit status 1"},
		`[sh, -c, "echo one >&2; echo two >&2; exit 42"]`:                       {"exit-42", "exit status 42: two"},
		`[sh, -c, "kill -9 $$$$"]`:                                              {"signal-9", "signal: killed"},
		`[no-such-program-here]`:                                                {target.NotFound, "no-such-program-here: executable file not found in $PATH"},
		`[/no/such/program]`:                                                    {target.NotFound, "/no/such/program: no such file or directory"},
		`["` + dir + `/plain"]`:                                                 {target.Denied, dir + "/plain: permission denied"},
		`{shell: true, exec: "exit 3"}`:                                         {"exit-3", "exit status 3"},
		`{exec: [sh, -c, "test $X = y"], environment: {X: y}}`:                  {},
		`{exec: [sh, -c, "test $PWD = ` + dir + `"], directory: "` + dir + `"}`: {},
		`{exec: [sh, -c, "test \"$(cat)\" = hello"], stdin: hello}`:             {},
		`{exec: ["true"], stdin: "nobody reads this"}`:                          {},
	} {
		out := open(t, text, nil)(t.Context(), &target.Request{})
		if out.Class != want.class || out.Example != want.example {
			t.Errorf("%s: %q (%q), want %q (%q)", text, out.Class, out.Example, want.class, want.example)
		}
		if ran := want.class != target.NotFound && want.class != target.Denied; ran != (out.Parts != nil && len(out.Parts.Phases) == len(phaseNames())) || ran && out.Ended.IsZero() {
			t.Errorf("%s: %+v", text, out)
		}
	}
}

// What is put into a command is one word of it, with a shell and without.
func TestValuesAreWords(t *testing.T) {
	nasty := value.Of(`a b'c"; exit 9 #$HOME`)
	for _, text := range []string{
		`[printf, "%s", "${x}"]`,
		`{shell: true, exec: "printf %s ${x}"}`,
		`{exec: [cat], stdin: "${x}"}`,
	} {
		out := open(t, text, map[string]value.Value{"x": nasty})(t.Context(), &target.Request{Want: operands(t, "stdout", "exit_code", "bytes")})
		if !out.OK() || out.Found[0].Text != nasty.Text || out.Found[1].Text != "0" || out.Found[2].Text != strconv.Itoa(len(nasty.Text)) {
			t.Errorf("%s: %+v", text, out)
		}
	}
}

// The target's own call has its number, and draws by it.
func TestOwnCall(t *testing.T) {
	call := open(t, `[echo, "${iteration}", "${random.1-1000000}", "${urls}"]`, map[string]value.Value{"urls": value.Of("5")})
	said := func(n uint64) string {
		out := call(t.Context(), &target.Request{Number: n, Want: operands(t, "stdout")})
		return out.Found[0].Text
	}
	first, second := said(7), said(8)
	if !strings.HasPrefix(first, "7 ") || !strings.HasSuffix(first, " 5") || first != said(7) || first[2:] == second[2:] {
		t.Errorf("%q and %q", first, second)
	}
}

func TestMuchOutputNeitherBlocksNorFills(t *testing.T) {
	call := open(t, `[sh, -c, "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2"]`, nil)
	if out := call(t.Context(), &target.Request{}); !out.OK() || out.BytesIn != 3_000_000 {
		t.Errorf("unread: %+v", out)
	}
	if out := call(t.Context(), &target.Request{Want: operands(t, "bytes")}); out.Class != target.Body || out.BytesIn != 6_000_000 {
		t.Errorf("looked at: %+v", out)
	}
}

// alive tells which processes have a text among their arguments, dead ones that
// nobody has waited for left out.
func alive(mark string) (all []string) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		stat, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if _, rest, _ := strings.Cut(string(stat), ") "); strings.Contains(string(line), mark) && e.Name() != strconv.Itoa(os.Getpid()) && !strings.HasPrefix(rest, "Z") {
			all = append(all, e.Name())
		}
	}
	return all
}

// eventually waits for what other processes bring about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal(what)
		}
	}
}

// Who gives a call up kills the program and all that it has started, stopped ones
// too.
func TestGivingUpKillsTheGroup(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("no /proc here")
	}
	for name, command := range map[string]string{
		"children": "sleep %s & sleep %s & wait",
		"stopped":  "sleep %s & kill -STOP $$$$; sleep %s",
		"deaf":     "trap '' TERM INT HUP; sleep %s & sleep %s & wait",
	} {
		t.Run(name, func(t *testing.T) {
			mark := fmt.Sprintf("%d.%d", 600+os.Getpid()%1000, time.Now().UnixNano()%1e9)
			call := open(t, fmt.Sprintf("[sh, -c, %q]", fmt.Sprintf(command, mark, mark)), nil)
			ctx, cancel := context.WithCancel(t.Context())
			var out target.Outcome
			var over sync.WaitGroup
			over.Go(func() { out = call(ctx, &target.Request{}) })
			eventually(t, "it did not begin", func() bool { return len(alive(mark)) >= 2 })
			cancel()
			over.Wait()
			eventually(t, "there is still somebody", func() bool { return len(alive(mark)) == 0 })
			if out.Class != "signal-9" { // workers call that cancelled
				t.Errorf("%+v", out)
			}
		})
	}
}

// What a program leaves behind, which holds its output open, keeps nobody waiting.
func TestNobodyWaitsForWhatIsLeftBehind(t *testing.T) {
	call := open(t, `[sh, -c, "echo begun; sleep 30 & echo $!"]`, nil)
	before := time.Now()
	out := call(t.Context(), &target.Request{Want: operands(t, "stdout")})
	lines := strings.Fields(out.Found[0].Text)
	if !out.OK() || len(lines) != 2 || lines[0] != "begun" || time.Since(before) > 20*time.Second {
		t.Fatalf("%+v after %v", out, time.Since(before))
	}
	pid, _ := strconv.Atoi(lines[1])
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error("the child was not left alone:", err)
	}
}

// No descriptor is left, whatever became of a run.
func TestNoDescriptorIsLeft(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(entries)
	}
	calls := []func(context.Context, *target.Request) target.Outcome{
		open(t, `["true"]`, nil), open(t, `["false"]`, nil), open(t, `[/no/such]`, nil), open(t, `{exec: [cat], stdin: x}`, nil),
		open(t, `[/]`, nil),
	}
	before := count()
	for range 20 {
		for _, call := range calls {
			call(t.Context(), &target.Request{Want: operands(t, "stdout")})
		}
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

// The processor time that is told is of the program: a loop that counts takes it,
// a sleep does not.
func TestPhasesAreTheProgramsOwn(t *testing.T) {
	used := func(command string) time.Duration {
		out := open(t, command, nil)(t.Context(), &target.Request{})
		if !out.OK() {
			t.Fatalf("%+v", out)
		}
		return out.Parts.Phases[cpuUser] + out.Parts.Phases[cpuSystem]
	}
	busy, idle := used(`[sh, -c, "i=0; while [ $$i -lt 200000 ]; do i=$$((i+1)); done"]`), used(`[sleep, "0.2"]`)
	if busy < 2*idle || busy < 10*time.Millisecond {
		t.Errorf("counting took %v, sleeping %v", busy, idle)
	}
}

// Which settings go together.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		`{stdin: x}`:                        "stdin belongs to exec",
		`"sleep 1"`:                         "no shell takes",
		`{shell: true, exec: [a, b]}`:       "one text",
		`[""]`:                              "the command is empty",
		`{exec: [a], environment: {"": x}}`: "cannot be the name",
	} {
		r := setting.NewReader(os.LookupEnv, ".")
		Shape().Read(r, r.Load([]byte(text)))
		if !slices.ContainsFunc(r.Problems(), func(p setting.Problem) bool { return strings.Contains(p.Text, want) }) {
			t.Errorf("%s: %v", text, r.Problems())
		}
	}
	if _, err := read(t, `{exec: ["true"], directory: /no/such/folder}`).Open(t.Context(), kind.Site{Streams: random.New(1)}); err == nil {
		t.Error("a folder that is not there was taken")
	}
}

// What plimsoll adds to a run of the smallest program, beside the standard
// library alone.
func BenchmarkRun(b *testing.B) {
	b.Run("plimsoll", func(b *testing.B) {
		call := open(b, `["true"]`, nil)
		for b.Loop() {
			if out := call(b.Context(), &target.Request{}); !out.OK() {
				b.Fatal(out)
			}
		}
	})
	b.Run("os/exec", func(b *testing.B) {
		for b.Loop() {
			if err := osexec.Command("true").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
