package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// How often peers are told how things stand, how long one may take to listen, and
// how long all of them together have for the last time.
const (
	every   = 5 * time.Second
	patient = 10 * time.Second
	atLast  = 5 * time.Second
)

// sender tells somebody how things stand.
type sender interface {
	send(ctx context.Context, families []family, now time.Time) error
}

// peer is somebody elsewhere who is told over HTTP.
type peer struct {
	name    string // as people know it: without what its URL keeps secret
	client  *http.Client
	tell    func(string)
	timeout time.Duration
}

func newPeer(what string, to *url.URL, timeout time.Duration, tell func(string)) peer {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 1, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
		DialContext: (&net.Dialer{Timeout: timeout}).DialContext, IdleConnTimeout: time.Minute,
	}
	return peer{name: what + " at " + to.Host, client: &http.Client{Transport: transport, CheckRedirect: stay}, tell: tell, timeout: timeout}
}

// stay follows nobody elsewhere: what was sent has secrets.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// refusal is an answer that says no.
type refusal struct{ status, why string }

func (r refusal) Error() string {
	if r.why == "" {
		return "it answered " + r.status
	}
	return "it answered " + r.status + ": " + r.why
}

// ask sends something. Errors have nothing of the URL in them.
func (p peer) ask(ctx context.Context, method, to string, body []byte, headers map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("its URL is none") // which is not repeated: it may hold secrets
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("User-Agent", "plimsoll")
	answer, err := p.client.Do(request)
	var of *url.Error
	switch {
	case errors.As(err, &of) && of.Timeout():
		return errors.New("it did not answer in time")
	case errors.As(err, &of):
		return of.Err
	case err != nil:
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if answer.StatusCode/100 != 2 {
		return refusal{answer.Status, firstLine(said)}
	}
	return err
}

// firstLine is the beginning of what somebody said.
func firstLine(said []byte) string {
	const longest = 200
	line, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	if len(line) > longest {
		line = line[:longest] + " …"
	}
	return line
}

// telling is a peer that is told now and then, in a goroutine of its own.
type telling struct {
	sender
	peer  peer
	table *table
	over  chan context.Context // that of the last time
	gone  chan struct{}
	told  bool // that it does not listen
}

func startTelling(s sender, p peer, t *table) *telling {
	one := &telling{sender: s, peer: p, table: t, over: make(chan context.Context, 1), gone: make(chan struct{})}
	go one.run()
	return one
}

func (t *telling) run() {
	defer close(t.gone)
	defer t.peer.client.CloseIdleConnections()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case last := <-t.over:
			t.now(last)
			return
		case <-tick.C:
			t.until()
		}
	}
}

// until tells how things stand, unless the end comes before the peer has listened.
func (t *telling) until() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.now(ctx)
	}()
	select {
	case <-done:
	case last := <-t.over:
		select { // it may still listen; else the last time is over, too
		case <-done:
		case <-last.Done():
		}
		cancel()
		<-done
		t.over <- last
	}
}

// now tells how things stand. That a peer does not listen is said once: it is
// nothing to the load.
func (t *telling) now(ctx context.Context) {
	families := t.table.families()
	if len(families) == 0 {
		return
	}
	err := t.send(ctx, families, time.Now())
	if err != nil && !t.told && !errors.Is(err, context.Canceled) {
		t.told = true
		t.peer.tell(fmt.Sprintf("%s was not told the metrics: %v", t.peer.name, err))
	}
}

// end tells for the last time, as long as that may take.
func (t *telling) end(last context.Context) {
	t.over <- last
	<-t.gone
}
