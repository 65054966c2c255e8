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

	"plimsoll/target/plain"
	"plimsoll/target/setting"
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
	secrets *setting.Secrets // which it may say back
}

func newPeer(what string, to *url.URL, headers map[string]string, timeout time.Duration, tell func(string)) peer {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 1, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
		DialContext: (&net.Dialer{Timeout: timeout}).DialContext, IdleConnTimeout: time.Minute,
	}
	return peer{name: what + " at " + to.Host, client: &http.Client{Transport: transport, CheckRedirect: stay}, tell: tell, timeout: timeout, secrets: sent(to, headers)}
}

// sent are the secrets that a peer is told: those of its URL and of headers.
func sent(to *url.URL, headers map[string]string) *setting.Secrets {
	s := &setting.Secrets{}
	for _, credential := range credentials(to) {
		s.Add("credentials", credential)
	}
	for name, values := range to.Query() {
		for _, value := range values {
			s.Add(name, value)
		}
	}
	for name, value := range headers {
		for _, secret := range confided(value) {
			s.Add(name, secret)
		}
	}
	return s
}

// confided is what a header's value keeps secret: all of it, and what stands behind the
// name of a scheme, as in Bearer TOKEN.
func confided(value string) []string {
	if _, token, is := strings.Cut(value, " "); is {
		return []string{value, token}
	}
	return []string{value}
}

// credentials are what a URL says to be let in: a password, or else the name, which
// then is one.
func credentials(u *url.URL) []string {
	if password, has := u.User.Password(); has {
		return []string{password}
	}
	if name := u.User.Username(); name != "" {
		return []string{name}
	}
	return nil
}

// stay follows nobody elsewhere: what was sent has secrets.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// refusal is an answer that says no.
type refusal struct {
	code        int
	status, why string
}

func (r refusal) Error() string {
	if r.why == "" {
		return "it answered " + r.status
	}
	return "it answered " + r.status + ": " + r.why
}

// ask sends something, and hands over what is said to it. Errors have nothing secret in
// them.
func (p peer) ask(ctx context.Context, method, to string, body []byte, headers map[string]string) (said []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("its URL is none") // which is not repeated: it may hold secrets
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("User-Agent", "plimsoll")
	answer, err := p.client.Do(request)
	var of *url.Error
	switch {
	case errors.As(err, &of) && of.Timeout():
		return nil, errors.New("it did not answer in time")
	case errors.As(err, &of):
		if text := of.Err.Error(); p.secrets.Scrub(text) != text { // of an answer that is none
			return nil, errors.New(p.repeat(text))
		}
		return nil, of.Err
	case err != nil:
		return nil, err
	}
	defer answer.Body.Close()
	said, err = io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if answer.StatusCode/100 != 2 {
		return nil, refusal{answer.StatusCode, p.repeat(answer.Status), p.repeat(string(said))}
	}
	return said, err
}

// repeat is the first line of what a peer said, without the secrets that it was told
// itself.
func (p peer) repeat(said string) string {
	const longest = 200
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	return plain.Clip(p.secrets.Scrub(line), longest)
}

// telling is a peer that is told now and then, in a goroutine of its own.
type telling struct {
	sender
	peer  peer
	table *table
	over  chan context.Context // that of the last time
	gone  chan struct{}
	told  bool  // that it does not listen
	lost  int64 // data points of those that it was told and did not take
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
			t.losses()
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
	var some dropped
	if errors.As(err, &some) {
		if t.lost += some.points; t.lost == some.points {
			t.peer.tell(fmt.Sprintf("%s took not all of the metrics: %v", t.peer.name, err))
		}
		return
	}
	if err != nil && !t.told && !errors.Is(err, context.Canceled) {
		t.told = true
		t.peer.tell(fmt.Sprintf("%s was not told the metrics: %v", t.peer.name, err))
	}
}

// losses says how much was lost in all.
func (t *telling) losses() {
	if t.lost > 0 {
		t.peer.tell(fmt.Sprintf("%s dropped %d data points in all", t.peer.name, t.lost))
	}
}

// end tells for the last time, as long as that may take.
func (t *telling) end(last context.Context) {
	t.over <- last
	<-t.gone
}
