package sim

import (
	"fmt"
	"net/textproto"
	"regexp"

	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// writtenAnswer is an Answer with the places that checks need.
type writtenAnswer struct {
	status     int
	headers    []Header
	json, body setting.At[template.Template]
}

// answers is how a scenario file spells an Answer.
func answers() setting.Shape[*Answer] {
	read := setting.Object("an answer",
		setting.Key("status", "Default 200. From 300 on it makes the call a failure, status-NNN.", setting.Count(lowestStatus, highestStatus), func(a *writtenAnswer) *int { return &a.status }),
		setting.Key("headers", "Lines of the head: a value each, or a list. ${n}, ${path} and ${query.NAME} may stand in them.", headers(), func(a *writtenAnswer) *[]Header { return &a.headers }),
		setting.Key("json", "The body, sent as JSON: any value. ${n} (the call's number), ${path} and ${query.NAME} may stand in its texts.", setting.Located(template.JSON()), func(a *writtenAnswer) *setting.At[template.Template] { return &a.json }),
		setting.Key("body", "The body as a text, in which ${n}, ${path} and ${query.NAME} may stand.", setting.Located(template.Shape("a text")), func(a *writtenAnswer) *setting.At[template.Template] { return &a.body }),
	)
	return setting.Complete(read, func(r *setting.Reader, _ setting.Pos, w writtenAnswer) (*Answer, bool) {
		a, ok := &Answer{Status: w.status, Headers: w.headers}, true
		body, mime := w.body, plainText
		if w.json.Given {
			body, mime = w.json, typeJSON
		}
		switch {
		case w.json.Given && w.body.Given:
			r.Problem(setting.Later(w.json.Pos, w.body.Pos), "an answer has one body: give json or body")
			ok = false
		case body.Given && bodiless(w.status):
			r.Problem(body.Pos, "an answer of the status %d has no body: leave it out", w.status)
			ok = false
		}
		if body.Given {
			a.Body, a.Type = &body.Value, mime
		}
		for _, t := range []template.Template{w.json.Value, w.body.Value} {
			ok = known(r, t) && ok
		}
		return a, ok
	})
}

// known reports the references to what no request has.
func known(r *setting.Reader, t template.Template) bool {
	ok := true
	for _, ref := range t.Refs() {
		if err := checkRef(ref); err != nil {
			r.Problem(ref.Pos, "%v", err)
			ok = false
		}
	}
	return ok
}

func checkRef(ref template.Ref) error {
	switch {
	case ref.Name == refQuery && len(ref.Path) != 1:
		return fmt.Errorf("${%s} needs one name of a query: write ${query.page}, and ${query.\"a.b\"} for a name with a dot", ref.Text)
	case ref.Name == refQuery:
		return nil
	case ref.Name != refNumber && ref.Name != refPath:
		return fmt.Errorf("${%s} is nothing that a request has%s", ref.Text, setting.Suggest(ref.Name, []string{refNumber, refPath, refQuery + ".NAME"}))
	case len(ref.Path) > 0:
		return fmt.Errorf("${%s} reaches into what has no parts: write ${%s}", ref.Text, ref.Name)
	}
	return nil
}

func headers() setting.Shape[[]Header] {
	lines := setting.Map("headers", setting.OneOrMore(template.Shape("the value of a header")))
	return setting.Complete(lines, func(r *setting.Reader, _ setting.Pos, entries []setting.Entry[setting.Several[template.Template]]) ([]Header, bool) {
		var all []Header
		seen, ok := map[string]bool{}, true
		for _, e := range entries {
			name := textproto.CanonicalMIMEHeaderKey(e.Key)
			if err := checkHeader(e.Key, seen[name]); err != nil {
				r.Problem(e.Pos, "%v", err)
				ok = false
			}
			seen[name] = true
			for _, v := range e.Value.Items {
				all = append(all, Header{e.Key, v.Value})
				ok = known(r, v.Value) && inOneLine(r, v) && ok
			}
		}
		return all, ok
	})
}

func checkHeader(name string, twice bool) error {
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Content-Length", "Transfer-Encoding", "Trailer":
		return fmt.Errorf("the header %s follows from the body: leave it out", name)
	case "Content-Encoding":
		return fmt.Errorf("the body is sent as it is written, without a %s: leave it out", name)
	}
	switch {
	case !token.MatchString(name):
		return fmt.Errorf("%q is no name of a header: letters, digits and - make one", name)
	case twice:
		return fmt.Errorf("the header %s comes twice: give its values as a list", name)
	}
	return nil
}

// token is RFC 9110's, 5.6.2.
var token = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func inOneLine(r *setting.Reader, v setting.At[template.Template]) bool {
	text, constant := v.Value.Constant()
	if !constant {
		return true
	}
	for _, c := range []byte(text) {
		if c < ' ' && c != '\t' || c == 0x7f {
			r.Problem(v.Pos, "a header's value must be one line without control characters, found %q", c)
			return false
		}
	}
	return true
}
