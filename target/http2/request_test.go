package http2

import (
	"strings"
	"testing"

	"plimsoll/target/wire"
)

// Heads of HTTP/1.1 as fields of HTTP/2.
func TestRequests(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"GET / HTTP/1.1\r\nHost: a:1\r\n\r\n", "1 END :method=GET :scheme=http :authority=a:1 :path=/"},
		{"GET /?a=b%20c HTTP/1.1\r\n\r\n", "1 END :method=GET :scheme=http :authority=localhost:1 :path=/?a=b%20c"},
		{"OPTIONS * HTTP/1.1\r\nX: y\r\nhOsT:\ta \r\n\r\n", "1 END :method=OPTIONS :scheme=http :authority=a :path=* x=y"},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nUser-Agent:plimsoll\r\nAccept-Encoding: gzip, deflate\r\nEmpty:\r\n\r\n", "1 END :method=GET :scheme=http :authority=a :path=/ user-agent=plimsoll accept-encoding=gzip, deflate empty="},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTransfer-Encoding: chunked\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nTE: gzip\r\n\r\n", "1 END :method=GET :scheme=http :authority=a :path=/"},
		{"GET / HTTP/1.1\r\nHost: a\r\nTE: Trailers\r\n\r\n", "1 END :method=GET :scheme=http :authority=a :path=/ te=Trailers"},
		{"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic eA==\r\nCookie: a=b; c=d\r\nProxy-Authorization: x\r\n\r\n", "1 END :method=GET :scheme=http :authority=a :path=/ authorization=!Basic eA== cookie=!a=b; c=d proxy-authorization=!x"},
		{"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nOK", "1 :method=PUT :scheme=http :authority=a :path=/x content-length=2"},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "1 END :method=POST :scheme=http :authority=a :path=/ content-length=0"},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Upper: UPPER:lower\r\n\r\n", "1 END :method=GET :scheme=http :authority=a :path=/ x-upper=UPPER:lower"},
	} {
		for _, prepared := range []bool{true, false} {
			r := newRig(t, c.text)
			p := r.newPlace()
			p.x.Request = &r.codec.requests[0].Request
			if !prepared { // as a journey's
				p.x.Request = &wire.Request{Bytes: []byte(c.text)}
			}
			p.put(p.x)
			r.Begin(p.stream)
			said := sayings(t, r.says())
			if got := strings.TrimPrefix(said[2], "HEADERS "); got != c.want {
				t.Errorf("%q\n%s, and not\n%s", c.text, got, c.want)
			}
			if at := strings.Index(c.text, "\r\n\r\n"); strings.HasSuffix(c.text, "OK") && said[3] != "DATA 1 END 2" || p.x.BytesOut != int64(len(c.text)) && at > 0 {
				t.Errorf("%q: %q, %d", c.text, said, p.x.BytesOut)
			}
		}
	}
}
