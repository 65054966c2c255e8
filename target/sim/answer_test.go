package sim

import (
	"encoding/json"
	"os"
	"testing"

	"plimsoll/target/random"
	"plimsoll/target/setting"
)

// read is a simulated server as a file spells it.
func read(t testing.TB, text string) Settings {
	t.Helper()
	r := setting.NewReader(os.LookupEnv, ".")
	s, ok := Shape().Read(r, r.Load([]byte(text)))
	if !ok || len(r.Problems()) > 0 {
		t.Fatalf("%s: %v", text, r.Problems())
	}
	return s
}

// Answers as a file spells them, and what a call to a path gets.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		text, path, query string
		status            int
		head, body        string
	}{
		{`{}`, "/", "", 200, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n", "OK\n"},
		{`{answer: {}}`, "/", "", 200, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n", "OK\n"},
		{`{answer: {status: 404}}`, "/", "", 404, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 10\r\n", "Not Found\n"},
		{`{answer: {status: 204, headers: {X-a: b}}}`, "/", "", 204, "X-a: b\r\n", ""},
		{`{answer: {body: ""}}`, "/", "", 200, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 0\r\n", ""},
		{`{answer: {body: "$$5 for ${path} and ${query.q}!"}}`, "/a b", "x=1&q=c+d%21&q=2", 200,
			"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\n", "$5 for /a b and c d!!"},
		{`{answer: {headers: {content-type: text/csv, X-Path: "p ${path}"}, body: "${query.none}"}}`, "/a\r\nInjected: yes", "", 200,
			"content-type: text/csv\r\nX-Path: p /a  Injected: yes\r\nContent-Length: 0\r\n", ""},
		{`{answer: {headers: {Set-Cookie: [a=1, b=2]}, json: ~}}`, "/", "", 200,
			"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Type: application/json\r\nContent-Length: 4\r\n", "null"},
		{`{answer: {json: {id: "${n}", t: "n ${n}", p: "${path}", q: "${query.\"a.b\"}", v: [1, 1.50, 0x1F, true, "true", ~, 2026-01-02]}}}`, `/"x"`, `a.b=%22`, 200, "",
			`{"id":0,"t":"n 0","p":"/\"x\"","q":"\"","v":[1,1.50,"0x1F",true,"true",null,"2026-01-02"]}`},
		{`{errors: {rate: 100%, kind: status-410}, answer: {json: 1}}`, "/", "", 410, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n", "Gone\n"},
		{`{turns: [{errors: {rate: 100%, kind: status-504}}]}`, "/", "", 504, "", "Gateway Timeout\n"},
		{`{routes: {/x: {errors: {rate: 100%, kind: status-404}, turns: [{errors: {rate: 100%, kind: status-429}}]}}}`, "/x", "", 429,
			"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 18\r\n", "Too Many Requests\n"},
		{`{answer: {body: a}, turns: [{answer: {body: b}}], routes: {/x: {answer: {body: c}}}}`, "/", "", 200, "", "b"},
		{`{answer: {body: a}, turns: [{answer: {body: b}}], routes: {/x: {answer: {body: c}}}}`, "/x", "", 200, "", "c"},
	} {
		s := read(t, c.text)
		text, err := json.Marshal(s)
		var child Settings
		if err != nil || json.Unmarshal(text, &child) != nil {
			t.Fatalf("%s as JSON: %s, %v", c.text, text, err)
		}
		for _, settings := range []Settings{s, child} {
			model := New(settings, random.New(1))
			asked := model.Ask(0, model.Way(c.path))
			reply := model.Reply(new(Reply), &asked, c.path, c.query)
			if reply.Status != c.status || string(reply.Body) != c.body || c.head != "" && string(reply.Head) != c.head {
				t.Errorf("%s: %d, %q, %q", c.text, reply.Status, reply.Head, reply.Body)
			}
		}
	}
}

// ${n} is the number of the call as it arrived, whatever became of those before,
// and a reply's memory may be used again.
func TestNumbers(t *testing.T) {
	model := New(read(t, `{servers: 1, queue: 0, delay: 10ns, answer: {json: ["${n}"]}}`), random.New(1))
	into := new(Reply)
	for n, want := range []string{"[0]", "Service Unavailable\n", "Service Unavailable\n", "[3]"} {
		asked := model.Ask([]Departure{{At: 0}, {At: 5}, {At: 9}, {At: 10}}[n].At, noWay)
		if got := model.Reply(into, &asked, "/", ""); string(got.Body) != want {
			t.Errorf("call %d: %q, want %q", n, got.Body, want)
		}
	}
}

// A call that breaks off gets nothing.
func TestNoReply(t *testing.T) {
	for _, kind := range []ErrorKind{Reset, Timeout} {
		model := New(Settings{Errors: Errors{Rate: 1, Kind: kind}}, random.New(1))
		if asked := model.Ask(0, noWay); model.Reply(new(Reply), &asked, "/", "") != nil {
			t.Errorf("%s: there is a reply", kind)
		}
	}
}

// What nothing of a call stands in is written out once.
func TestFixedAnswersAreNotWrittenAgain(t *testing.T) {
	model := New(read(t, `{answer: {headers: {a: b}, json: {a: [1, 2]}}}`), random.New(1))
	asked, into := model.Ask(0, noWay), new(Reply)
	if n := testing.AllocsPerRun(100, func() { model.Reply(into, &asked, "/a", "b=c") }); n > 0 || into.Body != nil {
		t.Errorf("%v allocations, %q", n, into.Body)
	}
}
