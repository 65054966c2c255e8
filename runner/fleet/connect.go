package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Talk says over which server of NATS a fleet talks, and who may.
type Talk struct {
	// URL is the server's: tls://HOST:4222, or nats://HOST:4222 on this machine.
	// Credentials of a cluster of one's own stand in it, or in the file that the
	// environment's NATS_CREDS names.
	URL   string
	Token Token
	// Program is this program's version, for who has another one.
	Program string
	// Note is told what a person should know of the connection; nil: nobody is.
	Note func(string)
}

// Check tells whether it is a server of NATS, and safe to talk that way.
func (t Talk) Check() error {
	_, err := t.check()
	return err
}

func (t Talk) check() (host string, err error) {
	if strings.Contains(t.URL, ",") {
		return "", errors.New("--nats names one server: the others of its cluster it tells itself")
	}
	at, err := url.Parse(t.URL)
	if err != nil || at.Host == "" || at.Scheme != "nats" && at.Scheme != "tls" {
		return "", fmt.Errorf("%q is no server of NATS: write tls://HOST:4222, or nats://127.0.0.1:4222 on this machine", withoutPassword(t.URL))
	}
	host = at.Hostname()
	switch {
	case loopback(host):
	case !t.Token.Given():
		return "", fmt.Errorf("%s is not this machine, so there must be a token: write --token-file FILE, the one of the coordinator", host)
	case at.Scheme != "tls":
		return "", fmt.Errorf("%s is not this machine, so it must be spoken to by TLS: write tls://%s", host, at.Host)
	}
	return host, nil
}

// loopback tells whether an address, or the name localhost, never leaves the machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	at, err := netip.ParseAddr(host)
	return err == nil && at.IsLoopback()
}

func withoutPassword(text string) string {
	if at, err := url.Parse(text); err == nil {
		return at.Redacted()
	}
	if !strings.Contains(text, "@") {
		return text
	}
	return "that"
}

// letter is what a link hears: a frame, and when it came.
type letter struct {
	frame
	at time.Time
}

// link is a connection over which the fleet talks, whichever server dies meanwhile:
// it comes back, and what was lost the pipes send again.
type link struct {
	conn    *nats.Conn
	talk    Talk
	key     []byte
	session string
	fleet   string // in which all its subjects are
	heard   chan letter
	gone    chan struct{} // closed with the link: nobody listens any more
	once    sync.Once
}

// connect waits for a server as long as ctx lets it. Letters for this session, and for
// everybody, come from heard.
func connect(ctx context.Context, t Talk, session string, everybody bool) (*link, error) {
	host, err := t.check()
	if err != nil {
		return nil, err
	}
	l := &link{talk: t, key: t.Token.key(), fleet: t.Token.fleet(), session: session, heard: make(chan letter, 256), gone: make(chan struct{})}
	var told string
	for {
		err := l.dial(host)
		if err == nil {
			break
		}
		if wrong := final(err); wrong != nil {
			return nil, fmt.Errorf("%s: %w", withoutPassword(t.URL), wrong)
		}
		if told != err.Error() && t.Note != nil {
			told = err.Error()
			t.Note(fmt.Sprintf("%s does not answer (%v): trying again", withoutPassword(t.URL), err))
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s does not answer: %w", withoutPassword(t.URL), err)
		case <-time.After(pause):
		}
	}
	if err := l.listen(everybody); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// pause is between two tries to connect.
const pause = 250 * time.Millisecond

// final is why trying again is of no use; nil: it may be.
func final(err error) error {
	switch {
	case errors.Is(err, nats.ErrAuthorization):
		return errors.New("the server refuses us: the token is another one, or the credentials in the URL or in NATS_CREDS are wrong")
	case errors.Is(err, nats.ErrSecureConnWanted):
		return errors.New("the server speaks no TLS")
	case strings.Contains(err.Error(), "tls:") || strings.Contains(err.Error(), "x509:") || strings.Contains(err.Error(), "another token"):
		return err
	}
	return nil
}

func (l *link) dial(host string) (err error) {
	options := []nats.Option{
		nats.Name("plimsoll"), nats.MaxReconnects(-1), nats.ReconnectWait(pause), nats.ReconnectJitter(pause, pause),
		nats.Timeout(3 * time.Second), nats.PingInterval(2 * time.Second), nats.MaxPingsOutstanding(2),
		nats.ReconnectBufSize(-1), // what is said while there is no connection the pipes say again
		nats.NoEcho(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
	if l.talk.Token.Given() {
		options = append(options, nats.UserInfo(user, l.talk.Token.password()))
	}
	trusts := l.talk.Token.trusts(host)
	if at, err := url.Parse(l.talk.URL); err == nil && at.Scheme == "tls" {
		options = append(options, nats.Secure(trusts))
	} else { // only if the server asks for it
		options = append(options, func(o *nats.Options) error { o.TLSConfig = trusts; return nil })
	}
	if file := os.Getenv("NATS_CREDS"); file != "" {
		options = append(options, nats.UserCredentials(file))
	}
	l.conn, err = nats.Connect(l.talk.URL, options...)
	return err
}

// subject is where a session hears; "all" where everybody does.
func (l *link) subject(session string) string {
	return "plimsoll." + l.fleet + "." + session
}

const everybody = "all"

func (l *link) listen(all bool) error {
	subjects := []string{l.subject(l.session)}
	if all {
		subjects = append(subjects, l.subject(everybody))
	}
	for _, s := range subjects {
		if _, err := l.conn.Subscribe(s, l.take); err != nil {
			return fmt.Errorf("the server lets us not listen to %s: %w", s, err)
		}
	}
	return l.conn.FlushTimeout(5 * time.Second)
}

// take hands a message over. Where nobody reads, the server's messages wait in the
// connection, and then at the server.
func (l *link) take(m *nats.Msg) {
	at := time.Now()
	f, err := open(l.key, m.Data)
	if err != nil {
		return // somebody else's
	}
	select {
	case l.heard <- letter{f, at}:
	case <-l.gone:
	}
}

// say sends a frame, which may be lost.
func (l *link) say(to string, f frame) {
	f.From, f.To = l.session, to
	if to == everybody {
		f.To = ""
	}
	_ = l.conn.Publish(l.subject(to), f.seal(l.key))
}

// close says what is still to be said, as far as there is a connection.
func (l *link) close() {
	l.once.Do(func() { close(l.gone) })
	if l.conn == nil {
		return
	}
	_ = l.conn.FlushTimeout(time.Second)
	l.conn.Close()
}
