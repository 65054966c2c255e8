package scenario

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"plimsoll/target/exec"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

func TestWhatIsAnAddress(t *testing.T) {
	for text, want := range map[string]bool{
		"http://example.com": true, "HTTPS://example.com/a b": true, "redis://u:pw@localhost/0": true, "ws://h": true,
		"localhost:8080": true, "127.0.0.1:80/items?a=1": true, "[::1]:80": true, "[fe80::1%eth0]:8080/x": true, "käse.example:8080#x": true,
		"unix:/run/app.sock": true, "unix:///run/app.sock": true, "unix:app.sock": true,
		"localhost": false, "example.com/items": false, "sleep 0.1": false, "./fetch": false, "curl http://h": false, "make -C a:80": false,
		"a:80b": false, "a:80 b": false, "a b:80": false, ":80": false, "a:": false, "C:\\a": false, "": false, "./fetch:80x": false, "unix a": false,
	} {
		if got := IsAddress(text); got != want {
			t.Errorf("%q is an address: %v", text, got)
		}
	}
}

func TestSchemes(t *testing.T) {
	for address, want := range map[string]string{
		"http://h": "", "HTTPS://h": "", "h:80": "", "unix:/a": "",
		"redis://h": "", "Postgres:///": "", "wss://h": "", "tcp://h:7": "", "nats://h": "", "grpc://h:1": "", "grpcs://h:1": "",
		"ftp://h": "the scheme ftp:// is not supported: bench loads http://, https://, unix:, redis://, postgres://, postgresql://, mysql://, ws://, wss://, tcp://, nats://, grpc:// and grpcs://",
	} {
		if err := CheckScheme(address); fmt.Sprint(err) != want && (err != nil || want != "") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Every way of the table makes a target of its kind, of an address with any of its
// schemes.
func TestEveryWayIsOne(t *testing.T) {
	for _, w := range ways() {
		for _, scheme := range w.schemes {
			address := spelled(scheme) + "localhost:8080/1"
			if w.kind == "tcp" { // which has no paths
				address = spelled(scheme) + "localhost:8080"
			}
			if w.kind == "grpc" { // whose path is a method
				address = spelled(scheme) + "localhost:8080/shop.Carts/Add"
			}
			text, err := Quick{URL: address}.YAML()
			if err != nil {
				t.Fatal(err)
			}
			plan, problems := Parse("q.yaml", text, environment, t.TempDir())
			if len(problems) > 0 && !strings.Contains(problems[0].Text, "is no socket") {
				t.Errorf("%s: %v\n%s", address, problems, text)
			}
			if plan != nil && plan.Targets[0].Settings.Traits().Kind != w.kind {
				t.Errorf("%s became a target of the kind %q", address, plan.Targets[0].Settings.Traits().Kind)
			}
		}
	}
}

func programs(t *testing.T, p Programs) (*Plan, string) {
	t.Helper()
	text, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	plan, problems := Parse("p.yaml", text, func(string) (string, bool) { return "SECRET", true }, t.TempDir())
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, text)
	}
	if got := len(plan.Trials()); got != p.Trials() {
		t.Errorf("%d trials are planned, %d were told\n%s", got, p.Trials(), text)
	}
	return plan, string(text)
}

func commands(texts ...string) (list []Command) {
	for _, text := range texts {
		list = append(list, Command{Text: text})
	}
	return list
}

// By default there are ten rounds that come to three seconds of each command, at
// the least, and everything goes in turns.
func TestProgramsInTurns(t *testing.T) {
	plan, text := programs(t, Programs{Commands: commands("sleep 0.1", "sleep 0.2")})
	trials := plan.Trials()
	if len(trials) != 20 || trials[0].Mode.Name != "sleep 0.1" || trials[1].Mode.Name != "sleep 0.2" || trials[2].Mode.Name != "sleep 0.1" {
		t.Errorf("%d trials\n%s", len(trials), text)
	}
	if s := trials[0].Scenario; s.Duration*time.Duration(s.Repeat) != ProgramsTime || !s.Whole || !s.StopOnError {
		t.Errorf("%+v", s)
	}
}

func TestProgramRuns(t *testing.T) {
	for runs := int64(1); runs < 1200; runs++ {
		rounds, each := Programs{Runs: runs}.rounds()
		if rounds*each < runs || rounds*each > runs+ProgramRounds || rounds > MostSingleRounds {
			t.Fatalf("%d runs become %d rounds of %d", runs, rounds, each)
		}
		if rounds < min(runs, ProgramRounds) {
			t.Fatalf("%d runs become only %d rounds", runs, rounds)
		}
	}
	plan, _ := programs(t, Programs{Commands: commands("true"), Runs: 7, Prepare: "date", WarmupRuns: 3, Cleanup: "date"})
	if trials := plan.Trials(); len(trials) != 3+7+1 || trials[0].Scenario.Before[0] != "date" || trials[3].Requests != 1 {
		t.Errorf("%d trials", len(trials))
	}
	plan, _ = programs(t, Programs{Commands: commands("true"), WarmupRuns: 3})
	if trials := plan.Trials(); len(trials) != 1+10 || trials[0].Requests != 3 {
		t.Errorf("%d trials", len(trials))
	}
	plan, _ = programs(t, Programs{Commands: commands("a {n}", "b"), Shell: true, Variable: "n", Values: []string{"1", "x y", "3"}, WarmupRuns: 1, Rounds: 4})
	if got := len(plan.Trials()); got != 9+9*4 {
		t.Errorf("%d trials", got)
	}
}

// What a command is made of reaches the program as it was written, whatever it is;
// only {NAME} is the variable.
func TestCommandsMeanThemselves(t *testing.T) {
	texts := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("a$ {}'\"\\n\n:#-%ä\x01&!*${N}~|>")), 1, 12, -1), 1, 5)
	rapid.Check(t, func(r *rapid.T) {
		words := append([]string{"program"}, texts.Draw(r, "words")...)
		p := Programs{Commands: []Command{{Text: strings.Join(words, " "), Words: words}}, Variable: "n", Values: []string{"7"}}
		p.Commands[0].Words = append(p.Commands[0].Words, "{n}")
		plan, _ := programs(t, p)
		if s := plan.Trials()[0].Mode.Name; len(s) > 100 || !utf8.ValidString(s) {
			r.Errorf("the name %q", s)
		}
		got := wordsOf(plan.Targets[0], "7")
		for i, word := range p.Commands[0].Words {
			if want := strings.ReplaceAll(word, "{n}", "7"); got[i] != want {
				r.Errorf("%q became %q, want %q", word, got[i], want)
			}
		}
	})
}

// wordsOf are those of the target's own call, with a value for the variable.
func wordsOf(target Target, v string) (words []string) {
	call := target.Settings.(*exec.Settings).Own
	args := make([]value.Value, len(call.Refs()))
	for i := range args {
		args[i] = value.Of(v)
	}
	for _, w := range call.Words {
		words = append(words, string(w.Append(nil, args, template.AsIs)))
	}
	return words
}

func TestNamesOfCommands(t *testing.T) {
	long := strings.Repeat("ä b", 60) + "end"
	p := Programs{Commands: commands("true", "true", " a\tb ", "speedup", ShellName, long, long+"x"), Shell: true}
	names := p.modes()
	if want := []string{"true", "true (2)", "a b", "speedup (2)", "(shell) (2)"}; !slices.Equal(names[:5], want) {
		t.Errorf("%q", names)
	}
	if !strings.HasSuffix(names[5], "end") || !strings.Contains(names[5], "…") || names[5] == names[6] {
		t.Errorf("%q", names[5:])
	}
	programs(t, p)
}

func TestProgramsThatCannotBe(t *testing.T) {
	for want, p := range map[string]Programs{
		"| means a pipe to a shell, and there is none: put it in single quotes if it is to be as it stands, or ask for a shell (--shell)": {Commands: commands("a | b")},
		"the command is empty":                         {Commands: commands(" ")},
		"the command is empty: write what the shell":   {Commands: commands(""), Shell: true},
		"a shell reads one text":                       {Commands: []Command{{Text: "a", Words: []string{"a"}}}, Shell: true},
		"bytes that are not UTF-8":                     {Commands: commands("a \xff")},
		`"N" cannot be the name of a variable`:         {Commands: commands("a {N}"), Variable: "N", Values: []string{"1"}},
		"no command has {n} in it":                     {Commands: commands("a"), Variable: "n", Values: []string{"1"}},
		"--prepare and --cleanup are the same for all": {Commands: commands("a {n}"), Prepare: "b {n}", Variable: "n", Values: []string{"1"}},
		"the quote ' is not closed":                    {Commands: commands("a 'b")},
	} {
		if _, err := p.YAML(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

// What a load without a file writes of an address is read as the target of its
// kind, with the call that its body says, or the least there is.
func TestAddressesOfOtherKinds(t *testing.T) {
	for _, c := range []struct {
		load Quick
		kind string
		call string // its name
	}{
		{Quick{URL: "redis://ann:kite@127.0.0.1/3"}, "redis", "PING"},
		{Quick{URL: "redis://127.0.0.1:7000", Body: "GET k"}, "redis", "GET k"},
		{Quick{URL: "postgres://ann:kite@127.0.0.1:5432/shop"}, "sql", "select 1"},
		{Quick{URL: "mysql://ann:kite@127.0.0.1:3306/shop", Body: "select 2"}, "sql", "select 2"},
		{Quick{URL: "ws://127.0.0.1:8080/chat"}, "websocket", ""},
		{Quick{URL: "tcp://127.0.0.1:7", Body: "hello"}, "tcp", ""},
		{Quick{URL: "grpc://127.0.0.1:50051/shop.Carts/Add", Body: `{"name": "kite"}`}, "grpc", "shop.Carts/Add"},
		{Quick{URL: "grpc://127.0.0.1:50051"}, "grpc", "grpc.health.v1.Health/Check"},
		{Quick{URL: "nats://127.0.0.1/orders.new"}, "nats", "publish orders.new"},
	} {
		c.load.Requests = 1
		text, err := c.load.YAML()
		if err != nil {
			t.Fatal(err)
		}
		plan, problems := Parse("bench.yaml", text, environment, ".")
		if plan == nil {
			t.Fatalf("%s: %v\n%s", c.load.URL, problems, text)
		}
		traits := plan.Targets[0].Settings.Traits()
		if traits.Kind != c.kind || traits.Own == nil || c.call != "" && traits.Own.Name() != c.call {
			t.Errorf("%s is of the kind %s and calls %v\n%s", c.load.URL, traits.Kind, traits.Own, text)
		}
	}
	if _, err := (Quick{URL: "tcp://127.0.0.1:7", Insecure: true}).YAML(); err == nil || !strings.HasPrefix(err.Error(), "--insecure is for certificates") {
		t.Error(err)
	}
	if _, err := (Quick{URL: "redis://127.0.0.1", Method: "GET"}).YAML(); err == nil || err.Error() != `--method is of HTTP, and "redis://" is none: leave it out` {
		t.Error(err)
	}
}
