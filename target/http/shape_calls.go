package http

import (
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/setting"
	"plimsoll/target/stream"
)

// call is one request as it is written; what is left out comes from the
// target.
type call struct {
	url      setting.At[string]
	method   setting.At[string]
	headers  setting.At[[]line]
	body     setting.At[string]
	bodyFile setting.At[string]
	stream   stream.Written
}

func oneCall() setting.Shape[call] {
	return setting.Object("a call", callFields(func(c *call) *call { return c }, "Where to send it; may be relative to the target's url.")...)
}

// callFields are the keys of a call, wherever T keeps it.
func callFields[T any](of func(*T) *call, urlDoc string) []setting.Field[T] {
	fields := []setting.Field[T]{
		setting.Key("url", urlDoc, setting.Secret(setting.Located(setting.Text("a URL"))), func(t *T) *setting.At[string] { return &of(t).url }),
		setting.Key("method", "Default GET, or POST with a body.", setting.Located(method()), func(t *T) *setting.At[string] { return &of(t).method }),
		setting.Key("headers", "Header lines: a name and its value, or a list of values.", setting.Secret(setting.Located(headers())), func(t *T) *setting.At[[]line] { return &of(t).headers }),
		setting.Key("body", "The text to send.", setting.Secret(setting.Located(setting.Text("the text to send"))), func(t *T) *setting.At[string] { return &of(t).body }),
		setting.Key("body_file", "The file to send.", setting.Located(setting.Text("the name of a file")), func(t *T) *setting.At[string] { return &of(t).bodyFile }),
	}
	return append(fields, stream.Fields(func(t *T) *stream.Written { return &of(t).stream })...)
}

// requests are the calls to send, everything resolved.
func (w written) requests(r *setting.Reader, at setting.Pos) ([]Request, bool) {
	base, whole := w.base(r, at)
	good := whole
	calls, common := w.calls.Value, w.headers.Value
	if w.calls.Given {
		good = w.checkMisplaced(r) && good
	} else {
		calls, common = []setting.At[call]{{Value: w.call, Pos: at}}, nil
	}
	var requests []Request
	for _, c := range calls {
		request, ok := c.Value.request(r, common)
		if whole {
			address, resolved := c.Value.address(r, c.Pos, base, w.serve.Given)
			request.URL, ok = address, ok && resolved
		}
		requests, good = append(requests, request), good && ok
	}
	return requests, good
}

// checkMisplaced reports what belongs to one call where there are several.
func (w written) checkMisplaced(r *setting.Reader) bool {
	good := true
	if key, at, given := w.stream.Given(); given {
		r.Problem(at, "with `calls` each call says for itself whether it is a stream: move %s there", key)
		good = false
	}
	for _, misplaced := range []setting.At[string]{w.method, w.body, w.bodyFile} {
		if misplaced.Given {
			r.Problem(misplaced.Pos, "with `calls` each call has its own method and body: move it there")
			good = false
		}
	}
	return good
}

// base is what the calls' URLs are relative to; nil when each is to be whole.
func (w written) base(r *setting.Reader, at setting.Pos) (*url.URL, bool) {
	switch {
	case w.serve.Given && w.url.Given:
		r.Problem(w.url.Pos, "url and serve exclude each other: serve starts a server of its own, so leave one of them out")
		return nil, false
	case w.serve.Given:
		return &url.URL{Path: "/"}, true
	case w.url.Given:
		u, err := whole(w.url.Value)
		if w.url.Valid && err != nil {
			r.Problem(w.url.Pos, "%v", err)
		}
		return u, err == nil
	case w.unix.Given:
		return &local, true
	case !w.calls.Given:
		r.Problem(at, "an http target needs the key url (where to send the calls) or serve (plimsoll's own simulated server)")
		return nil, false
	}
	return nil, true
}

// request is the call with all but its URL; common are headers for every
// call.
func (c call) request(r *setting.Reader, common []line) (Request, bool) {
	body, ok := c.load(r)
	request := Request{Method: c.method.Value, Body: body}
	for _, line := range slices.Concat(c.without(common), c.headers.Value) {
		request.Headers = append(request.Headers, line.Header)
	}
	if request.Method == "" {
		request.Method = "GET"
		if c.body.Given || c.bodyFile.Given {
			request.Method = "POST"
		}
	}
	reading, fine := c.stream.Reading(r, request.Method)
	request.Stream = reading
	return request, ok && fine
}

// without leaves out the common headers that the call sets itself.
func (c call) without(common []line) []line {
	return slices.DeleteFunc(slices.Clone(common), func(h line) bool {
		return slices.ContainsFunc(c.headers.Value, func(own line) bool {
			return textproto.CanonicalMIMEHeaderKey(own.Name) == textproto.CanonicalMIMEHeaderKey(h.Name)
		})
	})
}

func (c call) load(r *setting.Reader) ([]byte, bool) {
	switch {
	case c.body.Given && c.bodyFile.Given:
		r.Problem(c.bodyFile.Pos, "body and body_file exclude each other, leave one of them out")
		return nil, false
	case c.bodyFile.Valid:
		return r.File(c.bodyFile.Pos, c.bodyFile.Value)
	case c.body.Given:
		return []byte(c.body.Value), true
	}
	return nil, true
}

// address is the call's URL, which for a server of our own is a path.
func (c call) address(r *setting.Reader, at setting.Pos, base *url.URL, served bool) (string, bool) {
	if c.url.Given {
		at = c.url.Pos
	}
	if c.url.Given && !c.url.Valid {
		return "", false
	}
	address, err := c.absolute(base, served)
	if err != nil {
		r.Problem(at, "%v", err)
	}
	return address, err == nil
}

func (c call) absolute(base *url.URL, served bool) (string, error) {
	if base == nil && !c.url.Given {
		return "", errors.New("this call needs a url, for the target has none")
	}
	if base == nil {
		u, err := whole(c.url.Value)
		if err != nil {
			return "", err
		}
		return u.String(), nil
	}
	relative, err := parse(c.url.Value)
	if err != nil {
		return "", err
	}
	if served && (relative.IsAbs() || relative.Host != "") {
		return "", fmt.Errorf("the calls go to the server that `serve` starts: write a path such as /items, not %q", c.url.Value)
	}
	resolved := base.ResolveReference(relative)
	if served {
		return resolved.RequestURI(), nil
	}
	return resolved.String(), complete(resolved, c.url.Value)
}

var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$") // RFC 9110, 5.6.2

// methods are those that a slip of the keyboard is told from; any other token
// is a method of the server's own.
var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"}

func method() setting.Shape[string] {
	read := func(text string) (string, error) {
		capitals := strings.ToUpper(text)
		meant, slipped := setting.Slip(capitals, methods)
		switch {
		case !token.MatchString(text):
			return "", fmt.Errorf("%q is no method of HTTP: write a word such as GET or POST", text)
		case slipped && !slices.Contains(methods, capitals):
			return "", fmt.Errorf("%q is no method of HTTP that anybody knows, did you mean %s?", text, meant)
		case text != capitals:
			return "", fmt.Errorf("methods of HTTP are written in capitals: %s", capitals)
		case text == "CONNECT":
			return "", errors.New("CONNECT opens a tunnel and is no call")
		}
		return text, nil
	}
	return setting.Parsed("a method such as GET or POST", read, func() *jsonschema.Schema {
		return setting.Spelled("[!#$%&'*+.^_`|~0-9A-Z-]+")
	})
}
