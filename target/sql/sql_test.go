package sql

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/random"
	"plimsoll/target/setting"
	"plimsoll/target/sql/real"
	"plimsoll/target/value"
)

func TestMain(m *testing.M) {
	code := m.Run()
	real.Stop()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Println(err)
		code = 1
	}
	os.Exit(code)
}

// read reads a target as a scenario file spells it.
func read(text string) (*Settings, *setting.Reader) {
	r := setting.NewReader(os.LookupEnv, "folder")
	s, _ := Shape().Read(r, r.Load([]byte(text)))
	own, _ := s.(*Settings)
	return own, r
}

// open makes a target ready, which is closed with the test.
func open(t testing.TB, format string, args ...any) *Target {
	t.Helper()
	s, r := read(fmt.Sprintf(format, args...))
	if problems := r.Problems(); len(problems) > 0 {
		t.Fatal(problems)
	}
	o, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	if s.own != nil {
		streams := random.Source(func(string) *rand.Rand { return rand.New(rand.NewPCG(1, 2)) })
		own, err := kind.Site{Streams: streams}.Own(s.own)
		if err != nil {
			t.Fatal(err)
		}
		o.args = own.Args
	}
	t.Cleanup(o.Close)
	return o
}

// asks is a call as a step has it.
func asks(t testing.TB, text string) *Call {
	t.Helper()
	s, r := read(text)
	if problems := r.Problems(); len(problems) > 0 {
		t.Fatal(problems)
	}
	return s.own
}

func ask(t *Target, c *Call, args ...value.Value) target.Outcome {
	return t.Call(context.Background(), &target.Request{Call: c, Args: args})
}

// sees looks up operands in what a call answers.
func sees(t *testing.T, o *Target, c *Call, operands ...string) []value.Value {
	t.Helper()
	r := &target.Request{Call: c}
	for _, text := range operands {
		op, err := look.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		r.Want = append(r.Want, op)
	}
	out := o.Call(context.Background(), r)
	if !out.OK() {
		t.Fatalf("%s: %s", c.Name(), out.Example)
	}
	return out.Found
}

// within makes calls at once, and counts what becomes of them.
func within(o *Target, users, calls int, c func(user, number int) *target.Request) (classes map[string]int) {
	classes = map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for u := range users {
		all.Go(func() {
			for n := range calls {
				out := o.Call(context.Background(), c(u, n))
				mu.Lock()
				classes[out.Class]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return classes
}

// until waits for something that is to come true soon.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	const patience = 20 * time.Second
	for end := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// Whatever a file may say wrong is told at its place, with what would be right.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		`{driver: postgres}`:                                          `1:10: driver: postgres needs a dsn, such as postgres://`,
		`{driver: oracle, dsn: x}`:                                    `1:10: "oracle" is not a driver`,
		`{driver: mysql, dsn: "postgres://h/d"}`:                      `1:22: the dsn is one of postgres's: write driver: postgres`,
		`{driver: postgres, dsn: "mysql://h/d"}`:                      `1:25: the dsn is one of mysql's: write driver: mysql`,
		`{driver: mysql, dsn: "a:b@tcp(h:1"}`:                         `1:22: the dsn cannot be read: missing the slash`,
		`{driver: postgres, dsn: "postgres://h:x/d"}`:                 `1:25: the dsn cannot be read: `,
		`{driver: mysql, dsn: a@/b, sql: "select ${id}"}`:             `1:41: ${id} would become a part of the statement's text`,
		`{driver: mysql, dsn: a@/b, sql: " "}`:                        `1:33: the statement is empty`,
		`{driver: mysql, dsn: a@/b, sql: []}`:                         `1:33: the list is empty`,
		`{driver: mysql, dsn: a@/b, sql: {a: 1}}`:                     `1:33: expected a statement of SQL, or a list of them`,
		`{driver: mysql, dsn: a@/b, sql: a, args: 1}`:                 `1:42: args is a list, one value for each placeholder`,
		`{driver: mysql, dsn: a@/b, sql: a, args: [[1]]}`:             `1:43: an argument is one value, found a list: lists of args are for`,
		`{driver: mysql, dsn: a@/b, sql: a, args: [{a: 1}]}`:          `1:43: an argument is one value, found a map`,
		`{driver: mysql, dsn: a@/b, sql: [a, b], args: [1]}`:          `1:48: sql is a list of statements, so args has a list for each`,
		`{driver: mysql, dsn: a@/b, sql: [a, b], args: [[1]]}`:        `1:47: there are 2 statements, and 1 lists of args`,
		`{driver: mysql, dsn: a@/b, sql: [a], args: [[[1]]]}`:         `1:46: an argument is one value, found a list`,
		`{driver: mysql, dsn: a@/b, args: [1]}`:                       `1:34: args belongs to sql, which is not there`,
		`{driver: mysql, dsn: a@/b, prepared: true}`:                  `1:28: unknown key "prepared" in an sql target`,
		`{driver: mysql, dsn: a@/b, connections: 3, keepalive: user}`: `1:55: connections caps the one pool`,
	} {
		_, r := read(text)
		problems := r.Problems()
		if len(problems) == 0 {
			t.Errorf("%s: nothing is wrong", text)
			continue
		}
		got := fmt.Sprintf("%d:%d: %s", problems[0].Line, problems[0].Column, problems[0].Text)
		if len(problems) != 1 || !strings.HasPrefix(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s …", text, got, want)
		}
	}
}

// A password is told nowhere, however the dsn is spelled, be it right or wrong.
func TestPasswordsAreNotTold(t *testing.T) {
	const password = "hush-9x"
	for _, text := range []string{
		`{driver: postgres, dsn: "postgres://app:hush-9x@127.0.0.1:1/d", sql: "select 1"}`,
		`{driver: postgres, dsn: "host=127.0.0.1 port=1 user=app password=hush-9x", sql: "select 1"}`,
		`{driver: postgres, dsn: "postgres://app:hush-9x@127.0.0.1:1:2/d"}`,
		`{driver: postgres, dsn: "postgres://app:hush-9x/@127.0.0.1/d"}`,
		`{driver: postgres, dsn: "password=hush-9x port=x"}`,
		`{driver: mysql, dsn: "app:hush-9x@tcp(127.0.0.1:1)/d", sql: "select 1"}`,
		`{driver: mysql, dsn: "mysql://app:hush-9x@127.0.0.1:1/d", sql: "select 1"}`,
		`{driver: mysql, dsn: "mysql://app:hush-9x/@127.0.0.1:1/d", sql: "select 1"}`,
		`{driver: mysql, dsn: "app:hush-9x@tcp(127.0.0.1:1", sql: "select 1"}`,
	} {
		s, r := read(text)
		told := fmt.Sprint(r.Problems())
		if len(r.Problems()) == 0 {
			told = s.Subject() + " " + s.scrub("a hush-9x b")
			o, err := Open(s)
			if err != nil {
				t.Fatal(err)
			}
			out := o.Call(context.Background(), &target.Request{})
			told += out.Class + ": " + out.Example
			o.Close()
		}
		if strings.Contains(told, password) {
			t.Errorf("%s tells it: %s", text, told)
		}
	}
}

// Arguments keep their types on the way to the driver.
func TestArguments(t *testing.T) {
	c := asks(t, `{driver: mysql, dsn: a@/b, sql: "select ?", args: [1, -2.5, "3", true, null, ~, x, "a ${id}", "${id}", "${list}", 12345678901234567890, 1e3]}`)
	args := make([]value.Value, len(c.Refs()))
	for i, ref := range c.Refs() {
		args[i] = map[string]value.Value{"id": {Kind: value.Number, Text: "7"}, "list": {Kind: value.List, Text: "[1]"}}[ref.Name]
	}
	got := fmt.Sprintf("%#v", c.statements[0].values(args, false))
	want := `[]interface {}{1, -2.5, "3", true, interface {}(nil), interface {}(nil), "x", "a 7", 7, "[1]", "12345678901234567890", 1000}`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	got = fmt.Sprintf("%#v", c.statements[0].values(args, true))
	want = `[]interface {}{"1", "-2.5", "3", "true", interface {}(nil), interface {}(nil), "x", "a 7", "7", "[1]", "12345678901234567890", "1e3"}`
	if got != want {
		t.Errorf("as texts\n%s\nwant\n%s", got, want)
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]string{
		`{driver: mysql, dsn: a@/b, sql: "select\n  1"}`:   "select 1",
		`{driver: mysql, dsn: a@/b, sql: [begin, "b  c"]}`: "begin; b c",
		`{driver: mysql, dsn: a@/b, sql: "select '$$1'"}`:  "select '$1'",
	} {
		if got := asks(t, text).Name(); got != want {
			t.Errorf("%s is called %q, want %q", text, got, want)
		}
	}
	if long := asks(t, `{driver: mysql, dsn: a@/b, sql: "`+strings.Repeat("word ", 40)+`"}`).Name(); len(long) > 80 || !strings.HasSuffix(long, "…") {
		t.Errorf("a long one is called %q", long)
	}
}
