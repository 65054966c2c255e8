// Package cookie keeps the cookies of users, as RFC 6265 has it: whose, whither
// and until when. It knows of no list of public suffixes: servers under load are
// their owner's. What net/http/cookiejar does with well-formed cookies, it does,
// in a quarter of the memory.
package cookie

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Jars are the cookies of all users of a trial. They may be used from anywhere.
type Jars struct {
	now     func() time.Time
	shelves [shelves]shelf
}

// shelves is how many there are. Loops that share a trial have every second, third …
// user each, and so do not meet at one.
const shelves = 64

// shelf holds the jars of the users whose numbers leave the same rest.
type shelf struct {
	mu sync.Mutex
	of map[uint32]*jar
	_  [48]byte // the next one is on another line of the processor's cache
}

// NewJars makes jars without a cookie; now tells what has expired.
func NewJars(now func() time.Time) *Jars {
	j := &Jars{now: now}
	for at := range j.shelves {
		j.shelves[at].of = map[uint32]*jar{}
	}
	return j
}

// shelf is where a user's jar stands.
func (j *Jars) shelf(user uint32) *shelf { return &j.shelves[user%shelves] }

// Place is where a request goes: a host in small letters, without its port; the
// path, without its query; and whether nobody else hears it.
type Place struct {
	Host, Path string
	Secure     bool
}

// jar is one user's: longer paths come first, and then who was there first.
type jar struct {
	cookies []cookie
	count   uint32 // of cookies there ever were
}

// cookie is one cookie. Its pair is sent as it came.
type cookie struct {
	pair         string // "name=value"
	name         uint16 // the length of the name
	secure       bool   // goes where nobody else hears it
	deep         bool   // goes to the hosts below, too
	domain, path string
	dies         int64 // in seconds since 1970; 0: with its user
	number       uint32
}

// mostCookies is how many a user keeps: the oldest of more go.
const mostCookies = 300

// Set takes in the value of a Set-Cookie line that came from a place; what is no
// cookie is passed over.
func (j *Jars) Set(user uint32, from Place, line []byte) {
	now := j.now()
	c, ok := parse(line, from, now)
	if !ok {
		return
	}
	at := j.shelf(user)
	at.mu.Lock()
	defer at.mu.Unlock()
	of := at.of[user]
	if of == nil {
		of = new(jar)
		at.of[user] = of
	}
	of.set(c, now.Unix())
}

// Append writes the cookies that a user sends to a place, "a=1; b=2".
func (j *Jars) Append(dst []byte, user uint32, to Place) []byte {
	at := j.shelf(user)
	at.mu.Lock()
	defer at.mu.Unlock()
	of := at.of[user]
	if of == nil {
		return dst
	}
	now, first := int64(0), true
	for i := range of.cookies {
		c := &of.cookies[i]
		if c.dies != 0 && now == 0 {
			now = j.now().Unix()
		}
		if c.dies != 0 && c.dies <= now || !c.goesTo(to) {
			continue
		}
		if !first {
			dst = append(dst, "; "...)
		}
		dst, first = append(dst, c.pair...), false
	}
	return dst
}

// Has tells whether a user has kept a cookie.
func (j *Jars) Has(user uint32) bool {
	at := j.shelf(user)
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.of[user] != nil
}

// Leave forgets a user.
func (j *Jars) Leave(user uint32) {
	at := j.shelf(user)
	at.mu.Lock()
	defer at.mu.Unlock()
	delete(at.of, user)
}

// set puts a cookie in the place of the one that has its name, domain and path;
// one that is dead already only takes that out.
func (of *jar) set(c cookie, now int64) {
	c.number = of.count
	of.count++
	for i := range of.cookies {
		if old := &of.cookies[i]; old.same(&c) {
			c.number = old.number // it keeps its place
			of.cookies = slices.Delete(of.cookies, i, i+1)
			break
		}
	}
	if c.dies != 0 && c.dies <= now {
		return
	}
	if len(of.cookies) == mostCookies {
		of.forget(now)
	}
	at, _ := slices.BinarySearchFunc(of.cookies, c, func(a, b cookie) int {
		return cmp.Or(cmp.Compare(len(b.path), len(a.path)), cmp.Compare(a.number, b.number))
	})
	of.cookies = slices.Insert(of.cookies, at, c)
}

// forget makes room for another cookie.
func (of *jar) forget(now int64) {
	of.cookies = slices.DeleteFunc(of.cookies, func(c cookie) bool { return c.dies != 0 && c.dies <= now })
	if len(of.cookies) < mostCookies {
		return
	}
	oldest := 0
	for i := range of.cookies {
		if of.cookies[i].number < of.cookies[oldest].number {
			oldest = i
		}
	}
	of.cookies = slices.Delete(of.cookies, oldest, oldest+1)
}

func (c *cookie) same(d *cookie) bool {
	return c.pair[:c.name] == d.pair[:d.name] && c.domain == d.domain && c.path == d.path
}

// goesTo tells whether the cookie is for a place (RFC 6265, 5.4).
func (c *cookie) goesTo(to Place) bool {
	return (!c.secure || to.Secure || local(c.domain)) && (c.domain == to.Host || c.deep && below(to.Host, c.domain)) && within(to.Path, c.path)
}

// local tells whether a domain is this machine, which nobody else hears, as
// browsers have it.
func local(domain string) bool {
	domain = strings.TrimSuffix(domain, ".")
	if domain[strings.LastIndexByte(domain, '.')+1:] == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(domain)
	return err == nil && ip.IsLoopback()
}

// below tells whether a host's name ends with a domain.
func below(host, domain string) bool {
	cut := len(host) - len(domain) - 1
	return cut > 0 && host[cut] == '.' && host[cut+1:] == domain
}

// within tells whether a path lies in a cookie's (RFC 6265, 5.1.4).
func within(path, of string) bool {
	if path == "" {
		path = "/"
	}
	rest, is := strings.CutPrefix(path, of)
	return is && (rest == "" || of[len(of)-1] == '/' || rest[0] == '/')
}
