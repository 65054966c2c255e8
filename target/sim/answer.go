package sim

import (
	"bytes"
	"math"
	nethttp "net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Answer is what a call gets back that the server does not have fail. In its
// texts stand ${n}, the call's number as it arrived, from 0; ${path}, what it
// asks for; and ${query.NAME}, a value of its query, empty where it has none of
// that name.
type Answer struct {
	Status  int // 0: 200
	Headers []Header
	// Body is the text or JSON that it holds; nil: a line that says the status.
	Body *template.Template `json:",omitempty"`
	// Type is the body's Content-Type, unless a header says another.
	Type string
}

// Header is a line of an answer's head.
type Header struct {
	Name  string
	Value template.Template
}

// Reply is an answer as it is sent. Head are its header lines, each with its
// line break.
type Reply struct {
	Status     int
	Head, Body []byte

	args []value.Value // memory that is used again
}

const (
	plainText = "text/plain; charset=utf-8"
	typeJSON  = "application/json"
)

// answer is an Answer made ready: what is the same for all calls is written out.
type answer struct {
	status int
	failed ErrorKind // how the call fails by its status; empty: it does not
	lines  []Header
	body   template.Template
	refs   []template.Ref // of the holes of all
	fixed  *Reply         // nil: it changes from call to call
	asked  bool           // with what it asks for, not only with its number
	site   *Site          // whose pages it is; nil: of none
}

// ready is nil where there is no answer to make ready.
func (a *Answer) ready() *answer {
	if a == nil {
		return nil
	}
	made := &answer{status: a.status()}
	if made.status >= lowestFailure {
		made.failed = ErrorKind(statusPrefix + strconv.Itoa(made.status))
	}
	var holes template.Holes
	typed := false
	for _, h := range a.Headers {
		typed = typed || strings.EqualFold(h.Name, "Content-Type")
		made.lines = append(made.lines, Header{h.Name, holes.Add(h.Value)})
	}
	body, mime := a.body()
	made.body = holes.Add(body)
	if !typed && !bodiless(made.status) {
		made.lines = append(made.lines, Header{"Content-Type", verbatim(mime)})
	}
	made.refs = holes.Refs()
	made.asked = slices.ContainsFunc(made.refs, func(r template.Ref) bool { return r.Name != refNumber })
	if len(made.refs) == 0 {
		made.fixed = made.write(new(Reply), nil)
	}
	return made
}

func (a *Answer) status() int {
	if a.Status == 0 {
		return nethttp.StatusOK
	}
	return a.Status
}

func (a *Answer) body() (body template.Template, mime string) {
	switch {
	case a.Body != nil:
		return *a.Body, a.Type
	case bodiless(a.status()):
		return template.Template{}, ""
	}
	return verbatim(nethttp.StatusText(a.status()) + "\n"), plainText
}

// bodiless tells whether answers of a status have no body.
func bodiless(status int) bool {
	return status == nethttp.StatusNoContent || status == nethttp.StatusNotModified
}

// verbatim is a template without holes.
func verbatim(text string) template.Template {
	t, _ := template.Parse(strings.ReplaceAll(text, "$", "$$")) // cannot go wrong
	return t
}

// give is the answer to a call, in a reply whose memory is used again, or one
// that is everybody's and must not be changed.
func (a *answer) give(into *Reply, number uint64, path, query string) *Reply {
	switch {
	case a.fixed != nil:
		return a.fixed
	case a.site != nil:
		return a.site.write(into, path)
	}
	into.args = into.args[:0]
	for i := range a.refs {
		into.args = append(into.args, fill(&a.refs[i], number, path, query))
	}
	return a.write(into, into.args)
}

func (a *answer) write(into *Reply, args []value.Value) *Reply {
	into.Status = a.status
	into.Body = a.body.Append(into.Body[:0], args, template.AsIs)
	into.Head = into.Head[:0]
	for _, l := range a.lines {
		into.Head = append(append(into.Head, l.Name...), ": "...)
		from := len(into.Head)
		into.Head = l.Value.Append(into.Head, args, template.AsIs)
		oneLine(into.Head[from:])
		into.Head = append(into.Head, "\r\n"...)
	}
	if !bodiless(a.status) {
		into.Head = strconv.AppendInt(append(into.Head, "Content-Length: "...), int64(len(into.Body)), 10)
		into.Head = append(into.Head, "\r\n"...)
	}
	return into
}

// oneLine makes blanks of what cannot stand in a line of a head.
func oneLine(text []byte) {
	for i, c := range text {
		if c < ' ' && c != '\t' || c == 0x7f {
			text[i] = ' '
		}
	}
}

// The names that an answer's texts may refer to.
const (
	refNumber = "n"
	refPath   = "path"
	refQuery  = "query"
)

// fill is what a reference stands for.
func fill(ref *template.Ref, number uint64, path, query string) value.Value {
	switch ref.Name {
	case refNumber:
		return value.Value{Kind: value.Number, Text: strconv.FormatUint(number, 10)}
	case refPath:
		return value.Of(path)
	}
	return value.Of(queried(query, ref.Path[0]))
}

// queried is the first value of that name in a query.
func queried(query, name string) string {
	for pair := range strings.SplitSeq(query, "&") {
		key, v, _ := strings.Cut(pair, "=")
		if key == name || strings.ContainsAny(key, "%+") && unescaped(key) == name {
			return unescaped(v)
		}
	}
	return ""
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// saying are the answers that say a status and nothing else, of all that a
// server may have to give.
func (s *Settings) saying() map[int]*Reply {
	said := map[int]*Reply{}
	say := func(status int) {
		if said[status] == nil && status != 0 {
			said[status] = (&Answer{Status: status}).ready().fixed
		}
	}
	say(nethttp.StatusOK)
	say(nethttp.StatusServiceUnavailable)
	say(s.Errors.Kind.Status())
	for m := range s.exceptions() {
		if m.Errors != nil {
			say(m.Errors.Kind.Status())
		}
	}
	return said
}

// throttling is the answer to a call over the quota.
func (s *Settings) throttling() *Reply {
	wait := strconv.Itoa(int(math.Ceil(s.Quota.Per.Seconds())))
	return (&Answer{Status: nethttp.StatusTooManyRequests, Headers: []Header{{"Retry-After", verbatim(wait)}}}).ready().fixed
}

// Lines are the names and values of the head.
func (r *Reply) Lines(yield func(name, value string) bool) {
	for line := range bytes.SplitSeq(r.Head, []byte("\r\n")) {
		name, value, found := bytes.Cut(line, []byte(": "))
		if found && !yield(string(name), string(value)) {
			return
		}
	}
}
