package http

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// whole reads a URL that says everything.
func whole(text string) (*url.URL, error) {
	u, err := parse(text)
	if err != nil {
		return nil, err
	}
	return u, complete(u, text)
}

// unixSpelling is how others spell the URL of a socket, whose path comes first.
var unixSpelling = regexp.MustCompile(`^(?i:(?:https?\+)?unix):(?://)?(.*)$`)

// complete tells what a URL, written as text, lacks to be called.
func complete(u *url.URL, text string) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "" {
		return fmt.Errorf("%q is no URL: write it in full, such as http://127.0.0.1:8080/items", text)
	}
	if u.Hostname() == "" {
		return fmt.Errorf("the URL %q names no host, write it in full, such as http://127.0.0.1:8080/items", text)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("the port %s of %q is out of range: from 1 to 65535", port, text)
		}
	}
	return nil
}

// parse reads a URL, whole or not. What may not stand in one, but can only
// mean one thing, is escaped, in the query as in the path; what is escaped
// stays as it is. Names of hosts come out as name servers know them.
func parse(text string) (*url.URL, error) {
	if socket := unixSpelling.FindStringSubmatch(text); socket != nil {
		path, _, _ := strings.Cut(socket[1], ":/")
		if !strings.HasPrefix(path, "/") { // it stands where others have a host
			path, _, _ = strings.Cut(path, "/")
			path, _ = url.PathUnescape(path)
		}
		return nil, fmt.Errorf("%q is no URL of HTTP: for a Unix socket write `unix: %s` beside `url: http://localhost/` (with bench: --unix %[2]s http://localhost/)", text, cmp.Or(path, "PATH"))
	}
	mended, err := mend(text)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(mended)
	if err != nil {
		return nil, fmt.Errorf("%q is no URL: %w%s", text, reason(err), hint(mended))
	}
	if u.Host, err = spelled(u.Host); err != nil {
		return nil, fmt.Errorf("%q is no URL: %w", text, err)
	}
	return u, nil
}

// mend escapes what has to be, wherever the URL's grammar puts it.
func mend(text string) (string, error) {
	parts := authority.FindStringSubmatch(text)
	scheme, server, rest := parts[1], parts[2], parts[3]
	user := ""
	if at := strings.LastIndexByte(server, '@') + 1; at > 0 {
		user, server = server[:at], server[at:]
	}
	if strings.HasPrefix(server, "[") && !strings.Contains(server, "%25") {
		server = strings.Replace(server, "%", "%25", 1) // the network of a link-local address
	}
	for _, part := range []string{user, server, rest} {
		if err := hopeless(part); err != nil {
			return "", fmt.Errorf("the URL %q holds %w", text, err)
		}
	}
	return scheme + escape(user) + server + escape(rest), nil
}

// authority is the part of a URL that names the server, between the scheme and
// the rest.
var authority = regexp.MustCompile(`(?s)^((?:[A-Za-z][A-Za-z0-9+.-]*:)?//|)((?:[^/?#]*)|)(.*)$`)

// hopeless tells what of a URL's part cannot be mended, as the rest of a
// sentence: it may mean several things, or nothing.
func hopeless(part string) error {
	for i := range len(part) {
		c := part[i]
		switch {
		case c < ' ' || c == 0x7f:
			return fmt.Errorf("the control character %q: leave it out, or write %%%02X if it is meant", c, c)
		case c == '%' && (len(part) < i+3 || !hexadecimal(part[i+1]) || !hexadecimal(part[i+2])):
			return fmt.Errorf("a percent sign that begins no escape, %q: write %%25 if a percent sign is meant", part[i:min(i+3, len(part))])
		}
	}
	return nil
}

func hexadecimal(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// escape puts percent signs and numbers for what stands in no path, query or
// name of a user (RFC 3986, 3.3, 3.4), but for brackets, which every server
// takes.
func escape(part string) string {
	const letters, others = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "-._~!$&'()*+,;=:@/?#[]%"
	var text strings.Builder
	for i := range len(part) {
		if c := part[i]; strings.IndexByte(letters+others, c) >= 0 {
			text.WriteByte(c)
		} else {
			fmt.Fprintf(&text, "%%%02X", c)
		}
	}
	return text.String()
}

// hint says what may be meant by a URL that cannot be read.
func hint(text string) string {
	server := authority.FindStringSubmatch(text)
	switch {
	case strings.Contains(server[3], "@") && strings.Contains(server[2], ":"):
		return " (in a user's password write %2F for /, %3F for ? and %23 for #)"
	case strings.Count(server[2], ":") > 1 && !strings.Contains(server[2], "["):
		return " (an IPv6 address stands in brackets, http://[::1]:8080/)"
	}
	return ""
}

func reason(err error) error {
	var parse *url.Error
	if errors.As(err, &parse) {
		return parse.Err
	}
	return err
}

// spelled spells HOST or HOST:PORT for everybody who is told it.
func spelled(text string) (string, error) {
	if inside, after, literal := strings.Cut(strings.TrimPrefix(text, "["), "]"); strings.HasPrefix(text, "[") {
		if ip, err := netip.ParseAddr(inside); !literal || err != nil || !ip.Is6() {
			return "", fmt.Errorf("%q is no IPv6 address", inside)
		}
		return "[" + inside + "]" + strings.TrimSuffix(after, ":"), nil
	}
	if strings.Count(text, ":") > 1 {
		return "", errors.New("an IPv6 address stands in brackets, http://[::1]:8080/")
	}
	return ascii(strings.TrimSuffix(text, ":"))
}

// ascii spells a name with letters beyond ASCII as name servers know it, with
// xn-- (RFC 5891). The standard library does that in requests that it writes,
// and nowhere else that we could ask; it leaves to us what RFC 5895 maps.
func ascii(name string) (string, error) {
	if !strings.ContainsFunc(name, func(r rune) bool { return r > '~' }) {
		return name, nil
	}
	var text bytes.Buffer
	mapped := strings.ReplaceAll(norm.NFKC.String(strings.ToLower(name)), "。", ".")
	r := nethttp.Request{Method: nethttp.MethodGet, URL: new(url.URL), Host: mapped}
	if err := r.Write(&text); err != nil {
		return "", fmt.Errorf("%q is no name of a host", name)
	}
	_, after, _ := strings.Cut(text.String(), "\r\nHost: ")
	spelled, _, _ := strings.Cut(after, "\r\n")
	if spelled == "" {
		return "", fmt.Errorf("%q is no name of a host", name)
	}
	return spelled, nil
}
