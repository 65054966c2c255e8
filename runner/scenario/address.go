package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// way is how addresses of some schemes become a target. A kind of target that can
// be loaded without a file is one line in the table of ways.
type way struct {
	schemes []string // what an address begins with, without the colon
	kind    string   // of the target
	put     func(q Quick, f *lines)
}

// ways are the table; the first one is for addresses that name no scheme.
func ways() []way {
	return []way{
		{[]string{"http", "https"}, "http", Quick.putHTTP},
		{[]string{"unix"}, "http", Quick.putSocket},
		{[]string{"redis"}, "redis", Quick.putRedis},
		{[]string{"postgres", "postgresql", "mysql"}, "sql", Quick.putSQL},
		{[]string{"ws", "wss"}, "websocket", Quick.putWebSocket},
		{[]string{"tcp"}, "tcp", Quick.putTCP},
		{[]string{"nats"}, "nats", Quick.putNATS},
		{[]string{"grpc", "grpcs"}, "grpc", Quick.putGRPC},
	}
}

// schemed is an address with a scheme.
var schemed = regexp.MustCompile(`^(?:([A-Za-z][A-Za-z0-9+.-]*)://|(?i:(unix)):)`)

// IsAddress tells whether a text names who is to be called: it has a scheme, or is
// HOST:PORT and perhaps more behind that. Else it is a command.
func IsAddress(text string) bool { return schemed.MatchString(text) || hasPort(text) }

// hasPort tells whether a text is HOST:PORT. (As a regular expression the letters of
// all languages would cost every start of the program two milliseconds.)
func hasPort(text string) bool {
	if end := strings.IndexAny(text, "/?#"); end >= 0 {
		text = text[:end]
	}
	colon := strings.LastIndexByte(text, ':')
	if colon < 1 || colon == len(text)-1 {
		return false
	}
	host, port := text[:colon], text[colon+1:]
	of := func(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) || strings.ContainsRune("._-", c) }
	if inside, bracketed := strings.CutPrefix(host, "["); bracketed {
		inside, bracketed = strings.CutSuffix(inside, "]")
		if host = inside; !bracketed || host == "" {
			return false
		}
		of = func(c rune) bool {
			return c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsNumber(c)) || strings.ContainsRune(":.%_-", c)
		}
	}
	return strings.Trim(port, "0123456789") == "" && strings.IndexFunc(host, func(c rune) bool { return !of(c) }) < 0
}

// CheckScheme tells whether an address can be loaded without a file, as far as its
// scheme says. What is wrong with the rest of it, the scenario file's reader says.
func CheckScheme(address string) error {
	if _, found := wayOf(address); found {
		return nil
	}
	var known []string
	for _, w := range ways() {
		for _, scheme := range w.schemes {
			known = append(known, spelled(scheme))
		}
	}
	last := len(known) - 1
	return fmt.Errorf("the scheme %s is not supported: bench loads %s and %s", spelled(schemeOf(address)), strings.Join(known[:last], ", "), known[last])
}

// spelled is a scheme as an address begins with it.
func spelled(scheme string) string {
	if scheme == "unix" {
		return "unix:"
	}
	return scheme + "://"
}

// schemeOf is an address's, in small letters; "" where it has none.
func schemeOf(address string) string {
	found := schemed.FindStringSubmatch(address)
	if found == nil {
		return ""
	}
	return strings.ToLower(found[1] + found[2])
}

// wayOf finds how an address becomes a target.
func wayOf(address string) (way, bool) {
	all := ways()
	scheme := schemeOf(address)
	if scheme == "" {
		return all[0], true
	}
	i := slices.IndexFunc(all, func(w way) bool { return slices.Contains(w.schemes, scheme) })
	if i < 0 {
		return all[0], false
	}
	return all[i], true
}

// complete gives a URL without a scheme the usual one.
func complete(url string) string {
	if schemed.MatchString(url) {
		return url
	}
	return "http://" + url
}

// putSocket asks over the socket that unix:PATH names, or unix:PATH:/items for
// another path of HTTP than /.
func (q Quick) putSocket(f *lines) {
	path, asked, _ := strings.Cut(strings.TrimPrefix(q.URL[len("unix:"):], "//"), ":/")
	q.URL, q.Unix = "http://localhost/"+asked, path
	q.putHTTP(f)
}
