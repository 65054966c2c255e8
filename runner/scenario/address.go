package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
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
	}
}

// An address has a scheme, or is HOST:PORT and perhaps more behind that.
var (
	schemed  = regexp.MustCompile(`^(?:([A-Za-z][A-Za-z0-9+.-]*)://|(?i:(unix)):)`)
	hostPort = regexp.MustCompile(`^(?:\[[0-9A-Za-z:.%_-]+\]|[\pL\pN._-]+):[0-9]+(?:[/?#]|$)`)
)

// IsAddress tells whether a text names who is to be called; else it is a command.
func IsAddress(text string) bool { return schemed.MatchString(text) || hostPort.MatchString(text) }

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
