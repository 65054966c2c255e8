package sql

import (
	"bytes"
	"context"
	stdsql "database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
)

// mysql speaks to MySQL and MariaDB by go-sql-driver.
type mysql struct{ config *mysqldriver.Config }

func newMySQL(dsn string) (dialect, error) {
	config, err := parseMySQL(dsn)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "invalid DSN: "))
	}
	config.Logger = &mysqldriver.NopLogger{}
	return &mysql{config}, nil
}

// parseMySQL reads the driver's own spelling, or a URL.
func parseMySQL(dsn string) (*mysqldriver.Config, error) {
	if !strings.HasPrefix(dsn, "mysql://") {
		return mysqldriver.ParseDSN(dsn)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		// What net/url says of it may be a part of the password.
		return nil, errors.New("it is no URL: write what is none of A to Z, a to z and 0 to 9 in names and passwords as %XX")
	}
	config, err := mysqldriver.ParseDSN("/" + strings.TrimPrefix(u.EscapedPath(), "/") + "?" + u.RawQuery)
	if err != nil {
		return nil, err
	}
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	port := u.Port()
	if port == "" {
		port = "3306"
	}
	config.Net, config.Addr = "tcp", net.JoinHostPort(u.Hostname(), port)
	return config, nil
}

func (m *mysql) place() string { return m.config.Addr + "/" + m.config.DBName }

func (m *mysql) secrets() []string { return []string{m.config.Passwd} }

// local: a server may ask for any file, of a dsn with allowAllFiles.
func (m *mysql) local() bool { return m.config.AllowAllFiles }

func (m *mysql) open(o options) (*opened, error) {
	config := m.config.Clone()
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := o.sockets.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		g := &greeting{Conn: c}
		if asked, is := ctx.Value(openingKey{}).(*opening); is {
			asked.greeting = g
		}
		return g, nil
	}
	if o.tls != nil {
		config.TLS = o.tls.Clone()
		if config.TLS.ServerName == "" {
			config.TLS.ServerName, _, _ = net.SplitHostPort(config.Addr)
		}
	}
	connector, err := mysqldriver.NewConnector(config)
	if err != nil {
		return nil, err
	}
	k := newKiller(connector)
	return &opened{connector: connector, stop: k.stop, finish: k.close}, nil
}

// killer asks the server for the end of connections that were given up: closing
// them is nothing that it notices while a statement runs. It is the connection
// that is killed and not the statement, which may not have begun.
type killer struct {
	db    *stdsql.DB
	under sync.WaitGroup
}

// A server may take its time: MariaDB tries for up to two seconds to wake
// who waits for something. So it is asked for several at once, and nobody waits
// longer than attentive before he goes on.
const (
	killers   = 8
	killing   = 3 * time.Second
	attentive = time.Second
)

func newKiller(connector driver.Connector) *killer {
	k := &killer{db: stdsql.OpenDB(&once{connector})}
	k.db.SetMaxOpenConns(killers)
	return k
}

func (k *killer) stop(s *session) {
	if s.greeting == nil || s.greeting.number == 0 {
		return
	}
	done := make(chan struct{})
	k.under.Go(func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), killing)
		defer cancel()
		_, _ = k.db.ExecContext(ctx, "KILL CONNECTION "+strconv.FormatUint(uint64(s.greeting.number), 10))
	})
	patience := time.NewTimer(attentive)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
	}
}

// close waits until all are killed that are to be.
func (k *killer) close() {
	k.under.Wait()
	_ = k.db.Close()
}

// code is the number of the server's error.
func (m *mysql) code(err error) string {
	var told *mysqldriver.MySQLError
	if errors.As(err, &told) {
		return decimal(told.Number)
	}
	return ""
}

// says is the server's message.
func (m *mysql) says(err error) string {
	var told *mysqldriver.MySQLError
	if !errors.As(err, &told) {
		return err.Error()
	}
	return told.Error()
}

func (m *mysql) texts() bool { return false }

func (m *mysql) prepares() bool { return true }

func (m *mysql) malformed(err error) bool {
	for _, known := range []error{mysqldriver.ErrMalformPkt, mysqldriver.ErrPktSync, mysqldriver.ErrPktSyncMul, mysqldriver.ErrOldProtocol, errGreeting} {
		if errors.Is(err, known) {
			return true
		}
	}
	return strings.HasPrefix(err.Error(), "unsupported protocol version")
}

// errGreeting says that what greets is no server of MySQL's.
var errGreeting = errors.New("what came first is no greeting of a MySQL server")

// greeting is a connection whose first packet is looked at before the driver
// gets it: for the number that the server gives the connection, which to ask for
// would be a statement more; and because the driver believes the packet to be
// well-formed.
type greeting struct {
	net.Conn
	number uint32
	bad    bool
	read   bool
	left   []byte // of the packet
}

func (g *greeting) Read(b []byte) (int, error) {
	if !g.read {
		if err := g.receive(); err != nil {
			return 0, err
		}
	}
	if len(g.left) > 0 {
		n := copy(b, g.left)
		g.left = g.left[n:]
		return n, nil
	}
	return g.Conn.Read(b)
}

// receive reads the first packet.
func (g *greeting) receive() error {
	var head [4]byte
	if _, err := io.ReadFull(g.Conn, head[:]); err != nil {
		return err
	}
	const longest = 4096
	size := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	if size == 0 || size > longest || head[3] != 0 {
		g.bad = true
		return errGreeting
	}
	packet := make([]byte, len(head)+size)
	copy(packet, head[:])
	if _, err := io.ReadFull(g.Conn, packet[len(head):]); err != nil {
		return err
	}
	number, ok := greeted(packet[len(head):])
	if !ok {
		g.bad = true
		return errGreeting
	}
	g.number, g.left, g.read = number, packet, true
	return nil
}

// greeted is the number of a connection, as a well-formed greeting says it; 0
// where it is an error.
func greeted(packet []byte) (number uint32, ok bool) {
	const version, refusal = 10, 0xff
	switch packet[0] {
	case refusal:
		return 0, len(packet) >= 3+6
	case version:
	default:
		return 0, false
	}
	end := bytes.IndexByte(packet, 0)
	if end < 0 {
		return 0, false
	}
	const least = 4 + 8 + 1 + 2 + 16 + 13 // since MySQL 4.1
	if len(packet)-end-1 < least {
		return 0, false
	}
	return binary.LittleEndian.Uint32(packet[end+1:]), true
}

func decimal(n uint16) string { return strconv.Itoa(int(n)) }
