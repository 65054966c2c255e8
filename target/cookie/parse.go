package cookie

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// longest is how long a name and its value may be together, as browsers have it.
const longest = 4096

// parse reads the value of a Set-Cookie line (RFC 6265, 5.2 and 5.3). False says
// that it is no cookie, or that whoever sent it may not set it.
func parse(line []byte, from Place, now time.Time) (c cookie, ok bool) {
	first, rest, _ := strings.Cut(string(line), ";")
	name, value, is := strings.Cut(first, "=")
	name, value = trim(name), trim(value)
	if !is || name == "" || len(name)+len(value) > longest || controls(name) || controls(value) {
		return c, false
	}
	c = cookie{pair: name + "=" + value, name: uint16(len(name)), domain: from.Host, path: folder(from.Path)}
	domain, lives := "", false // Max-Age is there, which goes before Expires
	for more := rest != ""; more; {
		var attribute string
		attribute, rest, more = strings.Cut(rest, ";")
		key, value, _ := strings.Cut(attribute, "=")
		value = trim(value)
		switch strings.ToLower(trim(key)) {
		case "secure":
			c.secure = true
		case "path":
			if c.path = folder(from.Path); strings.HasPrefix(value, "/") && !controls(value) {
				c.path = strings.Clone(value)
			}
		case "domain":
			domain = strings.ToLower(value)
		case "max-age":
			if seconds, good := age(value); good {
				c.dies, lives = death(now, seconds), true
			}
		case "expires":
			if at, good := date(value); good && !lives {
				c.dies = max(1, at.Unix())
			}
		}
	}
	return c, c.belongs(domain, from.Host)
}

// belongs gives the cookie its domain, unless the host may not set it: one of a
// single word is everybody's.
func (c *cookie) belongs(domain, host string) bool {
	c.domain, c.deep = host, false
	if domain == "" {
		return true
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return domain == host
	}
	domain = strings.TrimPrefix(domain, ".")
	if domain == "" || domain[0] == '.' || domain[len(domain)-1] == '.' || domain != host && (!below(host, domain) || strings.IndexByte(domain, '.') < 0) {
		return false
	}
	c.domain, c.deep = strings.Clone(domain), true
	return true
}

// folder is the path of a cookie that names none (RFC 6265, 5.1.4).
func folder(path string) string {
	end := strings.LastIndexByte(path, '/')
	if end <= 0 || path[0] != '/' {
		return "/"
	}
	return strings.Clone(path[:end])
}

// age reads Max-Age.
func age(text string) (seconds int64, good bool) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" || len(digits) > 1 && digits[0] == '0' {
		return 0, false
	}
	const ever = 1 << 40 // 35,000 years, where it is too long to be read
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds > ever {
		seconds = ever
	}
	if text[0] == '-' {
		seconds = 0
	}
	return seconds, true
}

func death(now time.Time, seconds int64) int64 {
	if seconds <= 0 {
		return 1
	}
	return now.Unix() + seconds
}

// date reads Expires, in the spellings that servers have.
func date(text string) (at time.Time, good bool) {
	for _, layout := range []string{time.RFC1123, "Mon, 02-Jan-2006 15:04:05 MST", time.RFC850, "Mon, 02-Jan-06 15:04:05 MST", time.ANSIC} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1601 {
			return at, true
		}
	}
	return at, false
}

func trim(text string) string { return strings.Trim(text, " \t") }

// controls tells whether there are control characters, which no line may have.
func controls(text string) bool {
	return strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}
