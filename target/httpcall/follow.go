package httpcall

import (
	"net/url"
	"strings"

	"plimsoll/target/cookie"
	"plimsoll/target/value"
)

// Redirected tells whether an answer of that status to m is followed, if it says
// whither.
func (p *Prepared) Redirected(m *Message, status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return m.Hops < p.Redirects
	}
	return false
}

// Follow makes the request that follows a redirect out of the one that was
// answered so. False says that the location leads nowhere: the answer is the
// call's.
func (p *Prepared) Follow(m *Message, status int, location []byte, args []value.Value, user uint32) (follows bool, err error) {
	to, wrong := url.Parse(string(mended(nil, location)))
	if len(location) == 0 || wrong != nil {
		return false, nil
	}
	from, wrong := url.Parse(m.Scheme + "://" + m.named + string(m.Target))
	if wrong != nil {
		return false, nil
	}
	u := from.ResolveReference(to)
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return false, nil
	}
	m.Hops++
	if status == 303 && m.Method != "HEAD" || (status == 301 || status == 302) && m.Method == "POST" {
		m.Method, m.bare = "GET", true
	}
	m.stranger = m.stranger || !m.stays(u)
	p.aim(m, u)
	jars := p.server.Jars
	if p.NoCookies {
		jars = nil
	}
	return true, p.render(m, args, user, jars)
}

// stays tells whether a URL is at the host that the message went to. The same
// name, spoken to in secret from now on, is.
func (m *Message) stays(u *url.URL) bool {
	if Address(u) == m.Host {
		return u.Scheme == m.Scheme || u.Scheme == "https"
	}
	name, port := cutPort(m.Host)
	to, toPort := cutPort(Address(u))
	return name == to && port == "80" && toPort == "443" && u.Scheme == "https"
}

func cutPort(address string) (host, port string) {
	at := strings.LastIndexByte(address, ':')
	return address[:at], address[at+1:]
}

// Learn keeps the cookies that the head of an answer to m sets for the user, and
// tells where it points to.
func (p *Prepared) Learn(m *Message, head []byte, user uint32) (location []byte) {
	for len(head) > 0 {
		var name, text []byte
		name, text, head = cutField(head)
		switch {
		case len(name) == len("set-cookie") && is(name, "set-cookie") && !p.NoCookies:
			p.server.Jars.Set(user, m.place(), text)
		case len(name) == len("location") && is(name, "location") && location == nil:
			location = text
		}
	}
	return location
}

// place is where the message goes, to its cookies.
func (m *Message) place() cookie.Place {
	host, _ := cutPort(m.Host)
	path, _, _ := strings.Cut(string(m.Target), "?")
	return cookie.Place{Host: host, Path: path, Secure: m.Scheme == "https"}
}

// Encodings are the Content-Encodings that a head tells of, as one list.
func Encodings(head []byte) (list string) {
	for len(head) > 0 {
		var name, text []byte
		name, text, head = cutField(head)
		if len(name) == len("content-encoding") && is(name, "content-encoding") {
			if list != "" {
				list += ","
			}
			list += string(text)
		}
	}
	return list
}

// cutField cuts the first field off the lines of a head. The status line, which
// is none, has no name.
func cutField(head []byte) (name, text, rest []byte) {
	end := 0
	for end < len(head) && head[end] != '\n' {
		end++
	}
	line, rest := head[:end], head[min(end+1, len(head)):]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	for i, c := range line {
		if c == ':' {
			text = line[i+1:]
			for len(text) > 0 && blank(text[0]) {
				text = text[1:]
			}
			for len(text) > 0 && blank(text[len(text)-1]) {
				text = text[:len(text)-1]
			}
			return line[:i], text, rest
		}
		if c == ' ' {
			break
		}
	}
	return nil, nil, rest
}

// is tells whether a name is text, which is of small letters, in any case.
func is(name []byte, text string) bool {
	for i, c := range name {
		if c|0x20 != text[i] {
			return false
		}
	}
	return true
}
