package http

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"plimsoll/target/httpcall"
	"plimsoll/target/setting"
)

// line is a header line, and where its name stands.
type line struct {
	Header
	pos setting.Pos
}

func headers() setting.Shape[[]line] {
	lines := setting.Map("headers", setting.OneOrMore(headerValue()))
	return setting.Complete(lines, func(r *setting.Reader, _ setting.Pos, entries []setting.Entry[setting.Several[string]]) ([]line, bool) {
		var all []line
		seen, ok := map[string]bool{}, true
		for _, e := range entries {
			name, values := textproto.CanonicalMIMEHeaderKey(e.Key), e.Value.Values()
			if err := checkHeader(e.Key, values, seen[name]); err != nil {
				r.Problem(e.Pos, "%v", err)
				ok = false
			}
			seen[name] = true
			for _, value := range values {
				all = append(all, line{Header{e.Key, value}, e.Pos})
			}
		}
		return all, ok
	})
}

func checkHeader(name string, values []string, twice bool) error {
	err := httpcall.CheckHeader(name, twice)
	if err == nil && textproto.CanonicalMIMEHeaderKey(name) == "Host" {
		err = checkHost(name, values)
	}
	return err
}

// checkHost sees to it that servers read the name as it was meant.
func checkHost(header string, values []string) error {
	if len(values) != 1 || values[0] == "" {
		return fmt.Errorf("the header %s has one value, the name of a host: write one, or leave it out", header)
	}
	switch spelled, err := ascii(values[0]); {
	case err != nil || !hostSpelling.MatchString(spelled):
		return fmt.Errorf("%q is no name of a host, such as shop.example or 127.0.0.1:8080", values[0])
	case spelled != values[0]:
		return fmt.Errorf("the header %s is sent as it is written, and %q is spelled with ASCII letters there: write %s", header, values[0], spelled)
	}
	return nil
}

// hostSpelling is RFC 3986's, 3.2.2, without percent signs.
var hostSpelling = regexp.MustCompile(`^[A-Za-z0-9._~!$&'()*+,;=:\[\]-]+$`)

func headerValue() setting.Shape[string] {
	return setting.Where(setting.Text("the value of a header"), func(text string) error {
		for _, c := range text {
			if c < ' ' && c != '\t' || c == 0x7f {
				return fmt.Errorf("a header's value must be one line without control characters, found %q", c)
			}
		}
		return nil
	})
}

// linesFit reports the lines that the target's version of HTTP does not have.
func (w written) linesFit(r *setting.Reader, protocol string) bool {
	if protocol == "1.1" {
		return true
	}
	good := true
	lists := [][]line{w.headers.Value}
	for _, c := range w.calls.Value {
		lists = append(lists, c.Value.headers.Value)
	}
	for _, list := range lists {
		for i, l := range list {
			if err := l.fitsHTTP2(list[:i]); err != nil {
				r.Problem(l.pos, "HTTP/2, which `http: %s` %s, %v: leave it out, or write `http: 1.1`", protocol, asksFor[protocol], err)
				good = false
			}
		}
	}
	return good
}

// fitsHTTP2 tells why HTTP/2, which has no lines between neighbours (RFC 9113,
// 8.2.2), cannot carry a line, as the rest of a sentence about it; before are those above it. That a connection is
// to be closed it says in another way.
func (l line) fitsHTTP2(before []line) error {
	same := func(other line) bool { return strings.EqualFold(other.Name, l.Name) }
	switch name := textproto.CanonicalMIMEHeaderKey(l.Name); name {
	case "Connection":
		for option := range strings.SplitSeq(l.Value, ",") {
			if !strings.EqualFold(textproto.TrimString(option), "close") {
				return fmt.Errorf("has no header %s but for close", l.Name)
			}
		}
	case "Keep-Alive", "Proxy-Connection", "Upgrade":
		return fmt.Errorf("has no header %s", l.Name)
	case "Te":
		if !strings.EqualFold(l.Value, "trailers") {
			return errors.New("has the header TE for trailers only")
		}
	case "User-Agent":
		if l.Value == "" || slices.ContainsFunc(before, same) {
			return errors.New("has one User-Agent, which is not empty")
		}
	}
	return nil
}
