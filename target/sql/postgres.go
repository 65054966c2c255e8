package sql

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgres speaks to PostgreSQL by pgx.
type postgres struct{ config *pgx.ConnConfig }

func newPostgres(dsn string) (dialect, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, reasonOfPostgres(err)
	}
	return &postgres{config}, nil
}

// reasonOfPostgres is why a dsn cannot be read, without it, and what may be left of its
// password.
func reasonOfPostgres(err error) error {
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) && parse.Unwrap() != nil {
		return parse.Unwrap()
	}
	return err
}

func (p *postgres) place() string {
	return net.JoinHostPort(p.config.Host, decimal(p.config.Port)) + "/" + p.config.Database
}

func (p *postgres) secrets() []string { return []string{p.config.Password} }

func (p *postgres) local() bool { return false }

// open has statements sent as they are, in one round trip, with values that have
// the types which the server finds for them; or prepared once a connection.
func (p *postgres) open(o options) (*opened, error) {
	config := p.config.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	if o.prepare {
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	}
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := o.sockets.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler { return &withdrawal{conn: c} }
	if o.tls != nil {
		secure(&config.Config, o.tls)
	}
	return &opened{connector: stdlib.GetConnector(*config)}, nil
}

// secure has all connections speak TLS.
func secure(config *pgconn.Config, with *tls.Config) {
	named := func(host string) *tls.Config {
		own := with.Clone()
		if own.ServerName == "" {
			own.ServerName = host
		}
		return own
	}
	first := config.Host
	config.TLSConfig = named(first)
	var others []*pgconn.FallbackConfig
	for _, f := range config.Fallbacks {
		if f.Host != first || f.Port != config.Port {
			others = append(others, &pgconn.FallbackConfig{Host: f.Host, Port: f.Port, TLSConfig: named(f.Host)})
		}
	}
	config.Fallbacks = others
}

// says is the server's message.
func (p *postgres) says(err error) string {
	var told *pgconn.PgError
	if !errors.As(err, &told) {
		return err.Error()
	}
	return told.Error()
}

// code is the SQLSTATE of what the server says.
func (p *postgres) code(err error) string {
	var told *pgconn.PgError
	if errors.As(err, &told) {
		return told.Code
	}
	return ""
}

// texts: PostgreSQL finds out by itself what a value is, from where it stands,
// and pgx does not make a text of a number that stands for one.
func (p *postgres) texts() bool { return true }

// prepares: pgx does so by itself.
func (p *postgres) prepares() bool { return false }

func (p *postgres) malformed(err error) bool {
	text := err.Error()
	for _, sign := range []string{"unknown message type", "invalid message", "unexpected message", "body is invalid", "body must have length", "received unexpected", "cannot decode", "invalid body length", "too short", "unknown authentication", "invalid length"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// A request to cancel may come to the server before the statement that it is
// about has begun, and is nothing then: so it is sent again and again, until the
// server has answered, or does not within a while.
const (
	betweenWithdrawals = 50 * time.Millisecond
	withdrawing        = time.Second
)

// withdrawal has the server give a statement up when its call has been.
type withdrawal struct {
	conn *pgconn.PgConn
	stop context.CancelFunc
	done sync.WaitGroup
}

// HandleCancel is called when a call has been given up.
func (w *withdrawal) HandleCancel(context.Context) {
	_ = w.conn.Conn().SetDeadline(time.Now().Add(withdrawing))
	var ctx context.Context
	ctx, w.stop = context.WithTimeout(context.Background(), withdrawing)
	w.done.Go(func() {
		for ctx.Err() == nil {
			_ = w.conn.CancelRequest(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(betweenWithdrawals):
			}
		}
	})
}

// HandleUnwatchAfterCancel is called when the server has answered all the same,
// or the connection is done with.
func (w *withdrawal) HandleUnwatchAfterCancel() {
	w.stop()
	w.done.Wait()
	_ = w.conn.Conn().SetDeadline(time.Time{})
}

var _ driver.Connector = (*once)(nil)

// once opens connections, and lets nobody try that again unseen.
type once struct{ driver.Connector }

// errNoConnection stands for an error that asks database/sql to try again.
var errNoConnection = errors.New("no connection")

// Connect opens a connection, and tells who asked for it.
func (o *once) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := o.Connector.Connect(ctx)
	if errors.Is(err, driver.ErrBadConn) {
		err = errNoConnection
	}
	if asked, is := ctx.Value(openingKey{}).(*opening); is && err == nil {
		asked.conn = c
	}
	return c, err
}
