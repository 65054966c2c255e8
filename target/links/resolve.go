package links

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Why a link leads to no page.
const (
	OtherScheme = "scheme"    // mailto:, javascript:, data: …
	Malformed   = "malformed" // no browser could go there
)

// address is a URL that can be asked for, spelled in the one way that equal ones
// have in common.
type address struct {
	scheme string // http or https
	host   string // in small letters, with the port where that is not the scheme's own
	path   string // from its / on, without dot segments
	query  string // from its ? on
}

func (a address) String() string { return a.scheme + "://" + a.host + a.path + a.query }

// Normal is a whole URL as all that mean the same are spelled: its scheme and
// host in small letters, without the scheme's own port, dot segments and the
// fragment, what is escaped in capitals.
func Normal(url string) (string, error) {
	a, why := address{}.resolve(url)
	switch {
	case why == OtherScheme:
		return "", errors.New("is no URL of http or https")
	case why != "":
		return "", errors.New("is no URL")
	}
	return a.String(), nil
}

// Resolve is where a link on a page leads, and else why that is no page.
func Resolve(page, link string) (url, why string) {
	to, why := whole(page).resolve(link)
	if why != "" {
		return "", why
	}
	return to.String(), ""
}

// Cut takes a normal URL apart.
func Cut(normal string) (scheme, host, target string) {
	scheme, rest, _ := strings.Cut(normal, "://")
	end := strings.IndexByte(rest, '/')
	if end < 0 {
		end = len(rest)
	}
	return scheme, rest[:end], rest[end:]
}

// whole takes a page's own URL apart.
func whole(page string) address {
	a, _ := address{}.resolve(page)
	return a
}

// resolve follows a link from a page, as https://url.spec.whatwg.org has it of
// the schemes http and https. The zero address is no page: from there only whole
// URLs lead anywhere.
func (a address) resolve(link string) (to address, why string) {
	link, _, _ = strings.Cut(tidy(link), "#")
	scheme, rest, named := cutScheme(link)
	if named && scheme != "http" && scheme != "https" {
		return to, OtherScheme
	}
	slashes := leading(rest)
	switch {
	case named && (scheme != a.scheme || slashes >= 2):
		return atHost(scheme, rest[slashes:])
	case a.scheme == "":
		return to, Malformed
	case slashes >= 2:
		return atHost(a.scheme, rest[slashes:])
	}
	path, query := cutQuery(rest)
	to = a
	switch {
	case slashes == 1:
		to.path, to.query = cleaned(path), query
	case path != "":
		to.path, to.query = cleaned(a.path[:strings.LastIndexByte(a.path, '/')+1]+path), query
	case query != "":
		to.query = query
	}
	return to, ""
}

// tidy takes off what browsers pay no heed to: blanks around a link, and tabs and
// line breaks in it.
func tidy(link string) string {
	link = strings.TrimFunc(link, func(c rune) bool { return c <= ' ' })
	if strings.ContainsAny(link, "\t\r\n") {
		link = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(link)
	}
	return link
}

func cutScheme(link string) (scheme, rest string, named bool) {
	for i, c := range []byte(link) {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && (('0' <= c && c <= '9') || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return strings.ToLower(link[:i]), link[i+1:], true
		default:
			return "", link, false
		}
	}
	return "", link, false
}

// leading is how many slashes a text begins with, of either kind.
func leading(text string) (n int) {
	for n < len(text) && isSlash(text[n]) {
		n++
	}
	return n
}

func isSlash(c byte) bool { return c == '/' || c == '\\' }

// cutQuery splits a path, whose slashes come out as such, from a query, which has
// its ? and is written out.
func cutQuery(text string) (path, query string) {
	path, asked, is := strings.Cut(text, "?")
	if is {
		query = "?" + escaped(asked, inQuery)
	}
	return strings.ReplaceAll(path, `\`, "/"), query
}

// atHost reads what follows the slashes of a whole URL.
func atHost(scheme, text string) (to address, why string) {
	end := strings.IndexAny(text, `/\?`)
	if end < 0 {
		end = len(text)
	}
	host, err := hostOf(scheme, text[:end])
	if err != nil {
		return to, Malformed
	}
	path, query := cutQuery(text[end:])
	return address{scheme, host, cleaned(path), query}, ""
}

// ports are the schemes' own.
var ports = map[string]string{"http": "80", "https": "443"}

// hostOf is HOST[:PORT] as it is spelled. A name and a password before it are
// nothing that a link should hold.
func hostOf(scheme, text string) (string, error) {
	if strings.Contains(text, "@") {
		return "", errors.New("a name and a password")
	}
	host, port, literal := text, "", strings.HasPrefix(text, "[")
	if at := strings.LastIndexByte(text, ':'); at > strings.LastIndexByte(text, ']') {
		host, port = text[:at], text[at+1:]
	}
	var err error
	if literal {
		host, err = addressOf(host)
	} else {
		host, err = nameOf(host)
	}
	if err != nil || port == "" {
		return host, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if port = strconv.FormatUint(n, 10); port != ports[scheme] {
		host += ":" + port
	}
	return host, err
}

// addressOf is an address of IPv6, in brackets.
func addressOf(text string) (string, error) {
	inside, after, closed := strings.Cut(text[1:], "]")
	ip, err := netip.ParseAddr(inside)
	if err != nil || !closed || after != "" || !ip.Is6() || ip.Zone() != "" {
		return "", fmt.Errorf("%q is no address", text)
	}
	return "[" + ip.String() + "]", nil
}

// nameOf is the name of a host as name servers know it.
func nameOf(text string) (string, error) {
	name := unescaped(text)
	if strings.ContainsFunc(name, func(c rune) bool { return c > '~' }) {
		ascii, err := idna.Lookup.ToASCII(name)
		if err != nil {
			return "", err
		}
		name = ascii
	}
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || strings.ContainsRune(`#%/:<>?@[\]^|"{}`+"`\x7f", c) }) {
		return "", fmt.Errorf("%q is no name", text)
	}
	return strings.ToLower(name), nil
}

// cleaned is a path without dot segments, written out. It begins with a slash.
func cleaned(path string) string {
	var kept []string
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(strings.ToLower(s), "%2e", ".") {
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		case ".":
		default:
			kept = append(kept, escaped(s, inPath))
			last = false
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

// What is escaped besides blanks, control characters and all beyond ASCII.
const (
	inPath  = "\"#<>?^`{}"
	inQuery = "\"#<>'"
)

// escaped writes a text out, with what is escaped already in capitals.
func escaped(text, marks string) string {
	const digits = "0123456789ABCDEF"
	if !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' || c == '%' || strings.ContainsRune(marks, c) }) {
		return text
	}
	b := make([]byte, 0, len(text)+8)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			b = append(b, '%')
			b = append(b, strings.ToUpper(text[i+1:i+3])...)
			i += 2
		case c <= ' ' || c > '~' || strings.IndexByte(marks, c) >= 0:
			b = append(b, '%', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// unescaped undoes what is escaped in the name of a host.
func unescaped(text string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if c := text[i]; c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]) {
			n, _ := strconv.ParseUint(text[i+1:i+3], 16, 8)
			b, i = append(b, byte(n)), i+2
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}
