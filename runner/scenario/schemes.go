package scenario

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"plimsoll/target/shell"
)

// The addresses that are none of HTTP: what is sent there is the body, or else the
// least that such a server answers.

// putRedis writes a command: redis://USER:PASSWORD@HOST:PORT/DATABASE.
func (q Quick) putRedis(f *lines) {
	u, err := url.Parse(q.URL)
	if err != nil {
		f.put(3, "address: %s", literal(q.URL)) // which the reader says is none
		return
	}
	f.put(3, "address: %s", literal(withPort(u, "6379")))
	if name := u.User.Username(); name != "" {
		f.put(3, "user: %s", literal(name))
	}
	if password, given := u.User.Password(); given {
		f.put(3, "password: %s", literal(password))
	}
	if db := strings.Trim(u.Path, "/"); db != "" {
		f.put(3, "db: %s", literal(db))
	}
	words, err := shell.Split(cmp.Or(q.Body, "PING"))
	if err != nil { // what only a shell could make sense of is a text like others
		words = strings.Fields(q.Body)
	}
	for i, word := range words {
		words[i] = literal(word)
	}
	f.put(3, "redis: [%s]", strings.Join(words, ", "))
	f.putDuration(3, "timeout", q.Timeout)
}

// withPort is the address of a URL, with the port that is usual where it has none.
func withPort(u *url.URL, usual string) string {
	if u.Port() != "" || u.Hostname() == "" {
		return u.Host
	}
	return u.Host + ":" + usual
}

// putSQL writes a statement: postgres://… or mysql://…, as drivers have them.
func (q Quick) putSQL(f *lines) {
	driver := "postgres"
	if schemeOf(q.URL) == "mysql" {
		driver = "mysql"
	}
	f.put(3, "driver: %s", driver)
	f.put(3, "dsn: %s", literal(q.URL))
	f.put(3, "sql: %s", literal(cmp.Or(q.Body, "select 1")))
	f.putDuration(3, "timeout", q.Timeout)
}

// putWebSocket writes a message, the answer to which is the next.
func (q Quick) putWebSocket(f *lines) {
	f.put(3, "url: %s", literal(q.URL))
	f.put(3, "send: %s", literal(cmp.Or(q.Body, "ping")))
	f.putDuration(3, "timeout", q.Timeout)
	if q.Insecure {
		f.put(3, "tls: {insecure: true}")
	}
}

// putTCP writes a line, the answer to which is a line.
func (q Quick) putTCP(f *lines) {
	f.put(3, "address: %s", literal(strings.TrimSuffix(q.URL[len("tcp://"):], "/")))
	f.put(3, "send: %s", literal(strings.TrimSuffix(cmp.Or(q.Body, "ping"), "\n")+"\n"))
	f.put(3, `receive: {until: "\n"}`)
	f.putDuration(3, "timeout", q.Timeout)
}

// putNATS writes a message: nats://HOST:PORT/SUBJECT.
func (q Quick) putNATS(f *lines) {
	subject := "plimsoll.bench"
	if u, err := url.Parse(q.URL); err == nil && strings.Trim(u.Path, "/") != "" {
		subject, u.Path = strings.Trim(u.Path, "/"), ""
		q.URL = u.String()
	}
	f.put(3, "url: %s", literal(q.URL))
	f.put(3, "subject: %s", literal(subject))
	f.put(3, "publish: %s", literal(cmp.Or(q.Body, "hello")))
	f.putDuration(3, "timeout", q.Timeout)
}

// putGRPC writes a call: grpc://HOST:PORT/package.Service/Method, by default whether
// the server is well; grpcs:// is over TLS.
func (q Quick) putGRPC(f *lines) {
	_, rest, _ := strings.Cut(q.URL, "://")
	address, method, _ := strings.Cut(rest, "/")
	f.put(3, "address: %s", literal(address))
	f.put(3, "rpc: %s", literal(cmp.Or(method, "grpc.health.v1.Health/Check")))
	if len(q.Headers) > 0 {
		f.put(3, "metadata:")
	}
	q.putHeaders(f, strings.ToLower) // which keys of metadata are in
	for _, key := range []struct{ name, value string }{{"message", q.Body}, {"schema", q.Schema}, {"content", q.Content}, {"tokens", q.Tokens}} {
		if key.value != "" {
			f.put(3, "%s: %s", key.name, literal(key.value))
		}
	}
	f.putDuration(3, "timeout", q.Timeout)
	q.putConnections(f)
	switch secure := schemeOf(q.URL) == "grpcs"; {
	case secure && q.Insecure:
		f.put(3, "tls: {insecure: true}")
	case secure:
		f.put(3, "tls: {}")
	}
}

// option is a flag that not every address has an answer to.
type option struct {
	name  string
	given bool
	of    string // who has
}

// Who has an answer to a flag.
const (
	onlyHTTP = "HTTP"
	withGRPC = "HTTP and gRPC"
	onlyGRPC = "gRPC"
)

func (q Quick) options() []option {
	return []option{
		{"method", q.Method != "", onlyHTTP}, {"header", len(q.Headers) > 0, withGRPC}, {"http2", q.HTTP2, onlyHTTP},
		{"connections", q.Connections > 0, withGRPC}, {"streams", q.Streams > 0, withGRPC}, {"engine", q.Engine != "", onlyHTTP},
		{"unix", q.Unix != "", onlyHTTP}, {"stream", q.Stream != "", onlyHTTP}, {"content", q.Content != "", withGRPC},
		{"tokens", q.Tokens != "", withGRPC}, {"schema", q.Schema != "", onlyGRPC}, {"body with a file", q.BodyFile != "", onlyHTTP},
	}
}

// suits tells what of a load without a file its address leaves no room for.
func (q Quick) suits(w way) error {
	scheme := strconv.Quote(spelled(cmp.Or(schemeOf(q.URL), "http")))
	switch {
	case q.Insecure && scheme == `"grpc://"`:
		return fmt.Errorf("--insecure is for certificates that an address asks for, and %s asks for none: write grpcs://", scheme)
	case q.Insecure && w.kind != "http" && w.kind != "websocket" && w.kind != "grpc":
		return fmt.Errorf("--insecure is for certificates that an address asks for, and %s asks for none: write a scenario file, whose target may have tls: {insecure: true}", scheme)
	}
	for _, f := range q.options() {
		suits := f.of == onlyHTTP && w.kind == "http" || f.of == onlyGRPC && w.kind == "grpc" || f.of == withGRPC && (w.kind == "http" || w.kind == "grpc")
		if f.given && !suits {
			return fmt.Errorf("--%s is of %s, and %s is none: leave it out", f.name, f.of, scheme)
		}
	}
	return nil
}
