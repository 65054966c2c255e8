package scenario

import (
	"bytes"
	"fmt"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"plimsoll/target/quantity"
)

// Quick is a load without a file: one request, sent again and again. It knows
// nothing of its own about loads: YAML writes the scenario file that says the
// same, and that file is what is carried out. What is zero is left out of it.
type Quick struct {
	URL      string // an address, see ways; http:// where it has no scheme
	Method   string // default GET, or POST with a body
	Headers  []Header
	Body     string
	BodyFile string
	Timeout  time.Duration // default 10 s
	Insecure bool          // any certificate is trusted
	HTTP2    bool
	// Connections is the most of them, and Streams the most calls at once on one of
	// HTTP/2; 0: no limit.
	Connections, Streams int64
	Engine               string // `engine` of an HTTP target; Parse knows which there are
	Unix                 string // the path of a socket, instead of the URL's address
	// Stream, Content and Tokens are the keys of an HTTP target whose answers come
	// event by event.
	Stream, Content, Tokens string
	Schema                  string // `schema` of a gRPC target
	Loops                   int64  // `loops` of the file

	// A Rate makes an open loop, whose calls in flight Concurrency bounds if
	// it is given. Without one it is a closed loop of Concurrency, default 10.
	Concurrency int64
	Rate        quantity.Rate
	// Requests or Duration end it; default is a duration of 10 s.
	Requests int64
	Duration time.Duration
	Warmup   time.Duration
	Repeat   int64 // repetitions; 0 is one
	Seed     *uint64

	Thresholds []string // as `thresholds` has them
}

// Header is one header line of a Quick; a name may come up several times.
type Header struct{ Name, Value string }

// What a Quick does when it has nothing but a URL.
const (
	QuickConcurrency = 10
	QuickDuration    = 10 * time.Second
)

// YAML is the scenario file of the load. Every text of it means itself there,
// whatever characters it has; none of them reaches the environment. It is not
// checked: Parse does that. The only error is of a text that no YAML can hold.
func (q Quick) YAML() ([]byte, error) {
	if err := q.checkTexts(); err != nil {
		return nil, err
	}
	var f lines
	f.put(0, "# What a `plimsoll bench` did. `plimsoll run` with this file does it again.")
	if q.Seed != nil {
		f.put(0, "seed: %d", *q.Seed)
	}
	if q.Loops > 0 {
		f.put(0, "loops: %d", q.Loops)
	}
	f.put(0, "targets:")
	f.put(1, "bench:")
	how, _ := wayOf(q.URL)
	if err := q.suits(how); err != nil {
		return nil, err
	}
	f.put(2, "%s:", how.kind)
	how.put(q, &f)
	f.put(0, "scenarios:")
	f.put(1, "- name: bench")
	f.put(2, "target: bench")
	q.putLoad(&f)
	return f.Bytes(), nil
}

// putHTTP writes a request.
func (q Quick) putHTTP(f *lines) {
	f.put(3, "url: %s", literal(complete(q.URL)))
	if q.Method != "" {
		f.put(3, "method: %s", literal(q.Method))
	}
	if len(q.Headers) > 0 {
		f.put(3, "headers:")
	}
	q.putHeaders(f, func(name string) string { return name })
	if q.Body != "" {
		f.put(3, "body: %s", literal(q.Body))
	}
	if q.BodyFile != "" {
		f.put(3, "body_file: %s", literal(q.BodyFile))
	}
	for _, key := range []struct{ name, value string }{{"stream", q.Stream}, {"content", q.Content}, {"tokens", q.Tokens}} {
		if key.value != "" {
			f.put(3, "%s: %s", key.name, literal(key.value))
		}
	}
	f.putDuration(3, "timeout", q.Timeout)
	if q.HTTP2 {
		f.put(3, `http: "2"`)
	}
	q.putConnections(f)
	if q.Engine != "" {
		f.put(3, "engine: %s", literal(q.Engine))
	}
	if q.Unix != "" {
		f.put(3, "unix: %s", literal(q.Unix))
	}
	if q.Insecure {
		f.put(3, "tls: {insecure: true}")
	}
}

// putHeaders writes header lines, or what a kind has in their place, whose names are
// spelled so.
func (q Quick) putHeaders(f *lines, spelled func(string) string) {
	for _, group := range byName(q.Headers) {
		values := make([]string, len(group))
		for i, h := range group {
			values[i] = literal(h.Value)
		}
		// Keys are not looked up in the environment, so they are only quoted.
		f.put(4, "%s: [%s]", strconv.Quote(spelled(group[0].Name)), strings.Join(values, ", "))
	}
}

func (q Quick) putConnections(f *lines) {
	if q.Connections > 0 {
		f.put(3, "connections: %d", q.Connections)
	}
	if q.Streams > 0 {
		f.put(3, "streams: %d", q.Streams)
	}
}

func (q Quick) putLoad(f *lines) {
	if q.Requests > 0 {
		f.put(2, "requests: %d", q.Requests)
	}
	if q.Requests == 0 && q.Duration == 0 {
		q.Duration = QuickDuration
	}
	f.putDuration(2, "duration", q.Duration)
	f.putDuration(2, "warmup", q.Warmup)
	if q.Repeat > 0 {
		f.put(2, "repeat: %d", q.Repeat)
	}
	f.put(2, "modes:")
	switch {
	case q.Rate.IsZero() && q.Concurrency == 0:
		f.put(3, "- concurrent: %d", QuickConcurrency)
	case q.Rate.IsZero():
		f.put(3, "- concurrent: %d", q.Concurrency)
	default:
		f.put(3, "- rate-limited: %s", q.Rate)
		if q.Concurrency > 0 {
			f.put(4, "max_in_flight: %d", q.Concurrency)
		}
	}
	if len(q.Thresholds) > 0 {
		f.put(2, "thresholds:")
	}
	for _, rule := range q.Thresholds {
		f.put(3, "- %s", literal(rule))
	}
}

// byName puts the lines of one header together, in the order they first come
// up, as a map has it.
func byName(headers []Header) (groups [][]Header) {
	key := textproto.CanonicalMIMEHeaderKey
	for _, h := range headers {
		at := slices.IndexFunc(groups, func(g []Header) bool { return key(g[0].Name) == key(h.Name) })
		if at < 0 {
			groups = append(groups, []Header{h})
		} else {
			groups[at] = append(groups[at], h)
		}
	}
	return groups
}

// checkTexts finds a text that is no text: YAML is made of characters.
func (q Quick) checkTexts() error {
	texts := []struct{ what, text string }{
		{"the URL", q.URL}, {"the method", q.Method}, {"the name of the body's file", q.BodyFile},
		{"the body", q.Body}, {"the engine", q.Engine}, {"the path of the socket", q.Unix},
		{"how the answer streams", q.Stream + q.Content + q.Tokens},
	}
	for _, rule := range q.Thresholds {
		texts = append(texts, struct{ what, text string }{"a threshold", rule})
	}
	for _, h := range q.Headers {
		texts = append(texts, struct{ what, text string }{"a header", h.Name + h.Value})
	}
	for _, t := range texts {
		if !utf8.ValidString(t.text) {
			return fmt.Errorf("%s has bytes that are not UTF-8: only a body in a file (@FILE) may hold any bytes", t.what)
		}
	}
	return nil
}

// literal spells a text that means itself: quoted as Go does it, whose escapes
// are all YAML's too, and with no dollar sign left to stand for anything else.
func literal(text string) string {
	return strconv.Quote(strings.ReplaceAll(text, "$", "$$"))
}

// lines are those of a YAML file, indented by depth.
type lines struct{ bytes.Buffer }

func (l *lines) put(depth int, format string, args ...any) {
	fmt.Fprintf(l, strings.Repeat("  ", depth)+format+"\n", args...)
}

func (l *lines) putDuration(depth int, key string, d time.Duration) {
	if d > 0 {
		l.put(depth, "%s: %s", key, quantity.Duration(d))
	}
}
