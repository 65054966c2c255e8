package http

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	nethttp "net/http"
	"net/url"
	"time"

	"plimsoll/target/random"
	"plimsoll/target/wire"
)

// Wire turns the settings into those of package wire's engine, which sends the
// same requests and judges answers by the same rules as Target does. Where only
// net/http will do, the reason says why. Relative URLs are resolved against
// base, as Open does.
func (s Settings) Wire(base string, streams random.Source, spin float64) (o wire.Options, reason string, err error) {
	var root *url.URL
	if base != "" {
		if root, err = url.Parse(base); err != nil {
			return o, "", err
		}
	}
	var labels []string
	for i, call := range s.Calls {
		r, err := prepare(call, root, s)
		if err != nil {
			return o, "", fmt.Errorf("request %d: %w", i+1, err)
		}
		u := r.template.URL
		host := u.Host
		if u.Port() == "" {
			host += ":80"
		}
		switch {
		case cmp.Or(s.Protocol, "1.1") != "1.1":
			return o, "it speaks HTTP/1.1 only", nil
		case u.Scheme != "http":
			return o, "it does not speak TLS", nil
		case o.Host != "" && o.Host != host:
			return o, "it calls one host only", nil
		}
		o.Host = host
		var text bytes.Buffer
		if err := r.with(context.Background()).Write(&text); err != nil {
			return o, "", fmt.Errorf("request %d: %w", i+1, err)
		}
		o.Requests = append(o.Requests, wire.Request{
			Bytes: text.Bytes(), Head: r.template.Method == nethttp.MethodHead, Idempotent: r.idempotent(),
		})
		labels = append(labels, r.label)
	}
	o.Timeout, o.KeepAlive, o.Connections, o.Spin = s.Timeout, s.KeepAlive, s.Connections, spin
	o.Accepts, o.Contains = s.Success.accepts, []byte(s.Success.Contains)
	o.Retry = wireRetry{newRetrier(s.Retry, streams)}
	o.Example = s.examples(labels)
	return o, "", nil
}

// examples makes the messages of failures, one a class.
func (s Settings) examples(labels []string) func(n uint64, class, seen string) string {
	made := map[string]string{}
	return func(n uint64, class, seen string) string {
		if _, known := made[class]; !known {
			made[class] = clip(s.scrub(labels[n%uint64(len(labels))]+": "+seen), 200)
		}
		return made[class]
	}
}

// wireRetry is the retrier as package wire asks for it.
type wireRetry struct{ retrier }

func (r wireRetry) Again(class string, k int) bool        { return r.again(class, k) }
func (r wireRetry) Backoff(n uint64, k int) time.Duration { return r.backoff(n, k) }
