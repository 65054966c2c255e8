package sim

import (
	"strings"
	"testing"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/look"
	"plimsoll/target/random"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// step is a call of a journey that asks for a URL.
type step struct {
	url  template.Template
	head bool
}

func (s step) Target(dst []byte, args []value.Value) []byte {
	return s.url.Append(dst, args, template.InURL)
}
func (s step) Fixed() bool    { _, ok := s.url.Constant(); return ok }
func (s step) Bodiless() bool { return s.head }

func prepare(t testing.TB, s Settings, url string) any {
	t.Helper()
	text, err := template.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	call, err := s.Prepare(step{text, strings.HasSuffix(url, "#head")})
	if err != nil {
		t.Fatal(err)
	}
	return call
}

func wanted(t testing.TB, texts ...string) (all []look.Operand) {
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

// What steps look at in the answers of a simulated server is what it answers,
// whatever ends in between.
func TestStepsAreAnswered(t *testing.T) {
	s := read(t, `
delay: 10ns
answer: {headers: {X-N: "${n}"}, json: {n: "${n}", p: "${path}", q: "${query.q}"}}
turns: [{}, {delay: 5ns}]
routes:
  /gone: {answer: {status: 410}}
  /users/*: {answer: {json: {user: "${path}"}}}
  /off: {errors: {rate: 100%, kind: reset}}
`)
	c := NewCarrier(s, random.New(1))
	args := []value.Value{value.Of("a b/c"), value.Of("x&y")}
	calls := []struct {
		call               any
		want               []look.Operand
		at                 int
		class, found, lack string
	}{
		{prepare(t, s, "/list?q=1"), wanted(t, "json.n", "json.p", "json.q", "header.x-n", "status"), 10, "", "0 /list 1 0 200", ""},
		{prepare(t, s, "/users/${a}?q=${b}"), wanted(t, "json.user"), 5, "", "/users/a b/c", ""},
		{prepare(t, s, "/any/${a}?q=${b}"), wanted(t, "json.p", "json.q", "json.none"), 10, "", "/any/a b/c x&y ?", `{"n":2,"p":"/any/a b/c","q":"x&y"}`},
		{prepare(t, s, "/gone"), wanted(t, "status", "body"), 5, "status-410", "410 Gone\n", ""},
		{prepare(t, s, "/off"), wanted(t, "status", "body"), 10, "reset", "? ?", ""},
		{nil, wanted(t, "json.p", "json.n"), 5, "", "/ 5", ""},
		{nil, nil, 10, "", "", ""},
		{prepare(t, s, "http://shop.example/users/7#head"), wanted(t, "status", "bytes", "header.content-length"), 5, "", "200 0 24", ""},
	}
	for i := range calls {
		c.Send(target.NewID(uint32(i), uint64(i)), &target.Request{Call: calls[i].call, Want: calls[i].want, Args: args}, 0)
	}
	seen := 0
	for now := agenda.Never * 0; now != agenda.Never; {
		d, due := c.Take(now)
		if d == nil {
			now = due
			continue
		}
		seen++
		want, found := calls[d.ID.Slot()], ""
		for i := range d.Found {
			if found += " "; d.Found[i].Kind == value.None {
				found += "?"
			}
			found += d.Found[i].String()
		}
		if d.Class != want.class || int(d.Ended) != want.at || strings.TrimPrefix(found, " ") != want.found || d.Shown != want.lack {
			t.Errorf("call %d at %d: class %q, found %q, shown %q; want %+v", d.ID.Slot(), d.Ended, d.Class, found, d.Shown, want)
		}
	}
	if seen != len(calls) {
		t.Errorf("%d calls ended, of %d", seen, len(calls))
	}
}

// A call that was given up finds nothing, though another one has its slot; that
// one finds its own.
func TestGivenUpCallsMeetNobody(t *testing.T) {
	s := read(t, `{delay: 10ns, answer: {json: "${n}"}}`)
	c := NewCarrier(s, random.New(1))
	r := &target.Request{Want: wanted(t, "json")}
	c.Send(target.NewID(0, 0), r, 0)
	c.Send(target.NewID(0, 1), r, 5)
	if d, _ := c.Take(10); d == nil || !d.ID.Of(0) || d.Found != nil {
		t.Errorf("%+v", d)
	}
	d, _ := c.Take(15)
	if d == nil || !d.ID.Of(1) || len(d.Found) != 1 || d.Found[0].Text != "1" {
		t.Fatalf("%+v", d)
	}
	kept := d.Found
	c.Send(target.NewID(0, 2), r, 20)
	c.Send(target.NewID(1, 3), r, 20)
	c.CancelAll(21)
	for range 2 {
		if d, _ := c.Take(21); d == nil || d.Class != target.Cancelled || d.Found != nil {
			t.Errorf("%+v", d)
		}
	}
	if kept[0].Text != "1" {
		t.Errorf("what was found is %q now", kept[0].Text)
	}
}

func TestPrepareTakesPathsOnly(t *testing.T) {
	if _, err := new(Settings).Prepare("select 1"); err == nil || !strings.Contains(err.Error(), "paths") {
		t.Errorf("%v", err)
	}
}

// BenchmarkSteps carries calls with 1,000 in flight, of which one value of 1 KB
// of JSON is wanted, beside plain ones, and beside the look alone.
func BenchmarkSteps(b *testing.B) {
	s := read(b, `{delay: 10ms, answer: {json: {filler: "`+strings.Repeat("x", 1000)+`", id: 17}}}`)
	plain := s
	plain.Answer = nil
	want := wanted(b, "json.id")
	for _, c := range []struct {
		name     string
		settings Settings
		request  target.Request
	}{
		{"plain", plain, target.Request{}},
		{"answered", s, target.Request{Call: prepare(b, s, "/jobs/1")}},
		{"wanted", s, target.Request{Call: prepare(b, s, "/jobs/1"), Want: want}},
	} {
		b.Run(c.name, func(b *testing.B) {
			carrier := NewCarrier(c.settings, random.New(1))
			for i := range 1000 {
				carrier.Send(target.NewID(uint32(i), uint64(i)), &c.request, 0)
			}
			b.ReportAllocs()
			for b.Loop() {
				now := carrier.ends.First()
				d, _ := carrier.Take(now)
				carrier.Send(target.NewID(d.ID.Slot(), 1), &c.request, now)
			}
		})
	}
	b.Run("look", func(b *testing.B) {
		model := New(s, random.New(1))
		asked := model.Ask(0, noWay)
		r := model.Reply(nil, &asked, "/", "")
		seen := look.Answer{Status: r.Status, Head: r.Head, Body: r.Body}
		b.ReportAllocs()
		for b.Loop() {
			want[0].Find(&seen)
		}
	})
}
