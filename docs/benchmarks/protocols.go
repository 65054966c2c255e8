//go:build linux

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"time"

	"plimsoll/runner/statistics"
)

// protocol is one way to speak to nginx, and who else speaks it.
type protocol struct {
	name string
	of   func(*nginx) string // where nginx listens for it
	peer client              // {m} are the calls at once on a connection
	ours string              // flags of plimsoll bench
	at   []shared
}

// shared are connections, and calls at once on each of them.
type shared struct{ connections, streams int }

func (s shared) String() string { return fmt.Sprintf("%d × %d", s.connections, s.streams) }

var (
	alone  = []shared{{1, 1}, {16, 1}, {64, 1}, {256, 1}}
	shares = []shared{{1, 1}, {1, 10}, {8, 8}, {64, 1}}
)

// protocols are all that are compared.
var protocols = []protocol{
	{"HTTP/1.1", func(s *nginx) string { return s.url }, peers[0], "", alone},
	{"HTTP/1.1 over TLS", func(s *nginx) string { return s.secure }, peers[0], "-k", alone},
	{"HTTP/2", func(s *nginx) string { return s.http2 }, h2load, "--http2", shares},
	{"HTTP/2 over TLS", func(s *nginx) string { return s.secure }, h2load, "--http2 -k", shares},
}

var h2load = client{name: "h2load", full: "h2load -t1 -c{c} -m{m} -D {s} {url}"}

// line is the command line of a client that speaks a protocol.
func (p protocol) line(c client, at shared) string {
	if !c.ours() {
		return strings.ReplaceAll(c.full, "{m}", fmt.Sprint(at.streams))
	}
	line := fmt.Sprintf("{plimsoll} bench -c %d -d {s}s --quiet %s --connections {c} {url}", at.connections*at.streams, p.ours)
	if strings.Contains(p.ours, "--http2") {
		line += fmt.Sprintf(" --streams %d", at.streams)
	}
	if c.engine != "" {
		line += " --engine " + c.engine
	}
	return line
}

// work is what a client does of a protocol.
func (p protocol) work(ctx context.Context, l *lab, server *nginx, c client, at shared) func() (spent, error) {
	return func() (spent, error) {
		return l.spendOn(ctx, server, p.line(c, at), load{url: p.of(server), connections: at.connections, seconds: l.seconds})
	}
}

// spoken compares requests per second of processor time with who is known to be the
// fastest at each protocol, in turns.
func spoken(ctx context.Context, l *lab) (table, error) {
	server, err := l.startNginx(ctx)
	if err != nil {
		return table{}, err
	}
	defer server.stop()
	t := table{
		about: l.about(fmt.Sprintf("Requests per second of the client's processor time, by connections × calls at once on each; %v each, counted by nginx, answers of 128 bytes", time.Duration(l.seconds)*time.Second), "nginx", []client{peers[0], h2load}),
		heads: []string{"protocol", "connections × streams", "peer", "its k/s", "plimsoll's k/s", "ratio", "95 % interval"},
	}
	for _, p := range protocols {
		if len(l.present(ctx, []client{p.peer})) == 0 {
			continue
		}
		for _, at := range p.at {
			row, err := p.compare(ctx, l, server, p.peer, plimsoll("", ""), at)
			if err != nil {
				return t, fmt.Errorf("%s, %s: %w", p.name, at, err)
			}
			t.rows = append(t.rows, row)
		}
	}
	if len(t.rows) == 0 {
		return t, errors.New("neither wrk nor h2load is there")
	}
	return t, nil
}

// inTurns measures what two clients get of a second of processor time, round by round;
// who goes first changes with each.
func (l *lab) inTurns(theirs, ours func() (spent, error)) (c compared, err error) {
	err = l.rounded(func() error {
		sides := []struct {
			do   func() (spent, error)
			each *[]float64
		}{{theirs, &c.before}, {ours, &c.after}}
		if len(c.before)%2 == 1 {
			sides[0], sides[1] = sides[1], sides[0]
		}
		for _, side := range sides {
			s, err := side.do()
			if err != nil {
				return err
			}
			*side.each = append(*side.each, s.perSecond())
		}
		return nil
	})
	return c, err
}

// compare measures one row: what ours does beside theirs.
func (p protocol) compare(ctx context.Context, l *lab, server *nginx, theirs, ours client, at shared) ([]string, error) {
	c, err := l.inTurns(p.work(ctx, l, server, theirs, at), p.work(ctx, l, server, ours, at))
	if err != nil {
		return nil, err
	}
	row := []string{p.name, at.String(), theirs.name, fmt.Sprintf("%.1f", median(c.before, itself)/1000), fmt.Sprintf("%.1f", median(c.after, itself)/1000)}
	if l.rounds < 2 {
		return append(row, fmt.Sprintf("%.2f", c.ratio(-1)), "–"), nil
	}
	e, err := statistics.Ratio(len(c.after), c.ratio)
	return append(row, fmt.Sprintf("%.2f", e.Value), fmt.Sprintf("%.2f … %.2f", e.Low, e.High)), err
}

// certify writes a certificate for 127.0.0.1, and its key, as PEM files.
func certify(cert, key string) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	public, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public}), 0o666),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}
