package http

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	nethttp "net/http"
	"net/url"
	"sync"
	"time"

	"plimsoll/target/random"
	"plimsoll/target/wire"
)

// Wire turns the settings into those of package wire's engine, which sends the
// same requests and judges answers by the same rules as Target does. Relative
// URLs are resolved against base, as Open does. The settings ask for nothing
// BeyondWire.
func (s Settings) Wire(base string, streams random.Source, spin float64) (o wire.Options, err error) {
	var root *url.URL
	if base != "" {
		if root, err = url.Parse(base); err != nil {
			return o, err
		}
	}
	var labels []string
	for i, call := range s.Calls {
		r, err := prepare(call, root, s)
		if err != nil {
			return o, fmt.Errorf("request %d: %w", i+1, err)
		}
		o.Host = address(r.template.URL)
		var text bytes.Buffer
		if err := r.with(context.Background()).Write(&text); err != nil {
			return o, fmt.Errorf("request %d: %w", i+1, err)
		}
		o.Requests = append(o.Requests, wire.Request{
			Bytes: text.Bytes(), Head: r.template.Method == nethttp.MethodHead, Idempotent: r.idempotent(),
		})
		labels = append(labels, r.label)
	}
	o.Timeout, o.KeepAlive, o.Connections, o.Spin = s.Timeout, s.KeepAlive, s.Connections, spin
	o.Accepts = func(status int) bool { // 101: another protocol follows, and no body
		return status != nethttp.StatusSwitchingProtocols && s.Success.accepts(status)
	}
	o.Contains = []byte(s.Success.Contains)
	o.Retry = wireRetry{newRetrier(s.Retry, streams)}
	o.Example = s.examples(labels)
	return o, nil
}

// BeyondWire tells what the settings ask for that package wire's engine cannot
// do, as the rest of a sentence about it; "" when it can do it all.
func (s Settings) BeyondWire() string {
	if cmp.Or(s.Protocol, "1.1") != "1.1" {
		return fmt.Sprintf("speaks HTTP/1.1 only, and `http: %s` asks for more", s.Protocol)
	}
	first := ""
	for _, c := range s.Calls {
		u, err := url.Parse(c.URL)
		if err != nil || c.URL == "" {
			continue // reported already
		}
		host := address(u)
		switch {
		case u.Scheme == "https":
			return "speaks no TLS, which https:// asks for"
		case first != "" && host != first:
			return fmt.Sprintf("calls one server, and there are %s and %s", first, host)
		}
		first = host
	}
	return ""
}

// examples makes the messages of failures, one a class, as Target does.
func (s Settings) examples(labels []string) func(n uint64, class string, seen wire.Seen) string {
	var mu sync.Mutex // engines may share it
	made := map[string]string{}
	return func(n uint64, class string, seen wire.Seen) string {
		mu.Lock()
		defer mu.Unlock()
		if text, known := made[class]; known {
			return text
		}
		f := failure{class: class, stage: stage(seen.Stage), err: seen.Err, read: content{size: seen.Body}}
		if class == statusClass(seen.Status) {
			f.status, f.read.start = seen.Status, string(seen.Start)
		}
		made[class] = clip(s.scrub(labels[n%uint64(len(labels))]+": "+f.reason(s)), 200)
		return made[class]
	}
}

// wireRetry is the retrier as package wire asks for it.
type wireRetry struct{ retrier }

func (r wireRetry) Again(class string, k int) bool        { return r.again(class, k) }
func (r wireRetry) Backoff(n uint64, k int) time.Duration { return r.backoff(n, k) }
