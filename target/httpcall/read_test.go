package httpcall

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"plimsoll/target/cookie"
	"plimsoll/target/setting"
	"plimsoll/target/value"
)

// file is a step as it is written, and what its scenario says for all.
type file struct {
	written Written
	common  Common
}

// reads is what a step asks, in YAML; common keys stand under `all`.
func reads(t testing.TB, folder, text string) *Call {
	t.Helper()
	c, problems := read(folder, text)
	if len(problems) > 0 {
		t.Fatalf("%s: %v", text, problems)
	}
	return c
}

func read(folder, text string) (*Call, []setting.Problem) {
	all := setting.Object("all", CommonFields(func(c *Common) *Common { return c })...)
	fields := append(Fields(func(f *file) *Written { return &f.written }),
		setting.Key("all", "For all steps.", all, func(f *file) *Common { return &f.common }))
	shape := setting.Object("a step", fields...)
	r := setting.NewReader(func(string) (string, bool) { return "", false }, folder)
	var c *Call
	if f, ok := shape.Read(r, r.Load([]byte(text))); ok {
		c, _ = f.written.Call(r, f.common)
	}
	return c, r.Problems()
}

// serves is a target at a URL, with header lines of its own.
func serves(t testing.TB, base string, headers ...Header) *Server {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return &Server{Base: u, Headers: headers, Jars: cookie.NewJars(time.Now)}
}

// args are the values of a call's holes, by the names that these have.
func args(c *Call, values map[string]value.Value) (list []value.Value) {
	for _, ref := range c.Holes.Refs() {
		list = append(list, values[ref.Name])
	}
	return list
}

func texts(pairs ...string) map[string]value.Value {
	all := map[string]value.Value{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = value.Of(pairs[i+1])
	}
	return all
}

// asked is what net/http makes of a message, which must be all of it; its body
// has been read.
func asked(t interface{ Fatalf(string, ...any) }, m *Message) (r *http.Request, body []byte) {
	in := bufio.NewReader(bytes.NewReader(m.Bytes))
	r, err := http.ReadRequest(in)
	if err != nil {
		t.Fatalf("%q is no request: %v", m.Bytes, err)
	}
	if body, err = io.ReadAll(r.Body); err != nil {
		t.Fatalf("%q: %v", m.Bytes, err)
	}
	if rest, _ := io.ReadAll(in); len(rest) > 0 || m.Head+len(body) != len(m.Bytes) {
		t.Fatalf("a head of %d bytes, a body of %d, and %d more in %q", m.Head, len(body), len(rest), m.Bytes)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r, body
}

// written is the first request of a step.
func written(t testing.TB, s *Server, c *Call, values map[string]value.Value) (*http.Request, []byte) {
	t.Helper()
	var m Message
	if err := s.Prepare(c).Write(&m, args(c, values), 0); err != nil {
		t.Fatal(err)
	}
	return asked(t, &m)
}

// refused is why a request cannot be made of those values.
func refused(t testing.TB, s *Server, c *Call, values map[string]value.Value) string {
	t.Helper()
	var m Message
	err := s.Prepare(c).Write(&m, args(c, values), 0)
	if err == nil {
		t.Errorf("%q was made", m.Bytes)
		return ""
	}
	return err.Error()
}

func contains(t testing.TB, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%q lacks %q", text, part)
	}
}
