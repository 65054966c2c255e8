package sql

import (
	"context"
	"crypto/tls"
	stdsql "database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"os"
	"strings"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/host"
	"plimsoll/target/plain"
)

// gone tells that a driver says no more than that its connection is.
func gone(err error) bool {
	for _, known := range []error{driver.ErrBadConn, stdsql.ErrConnDone, mysqldriver.ErrInvalidConn, pgconn.ErrConnClosed, errNoConnection} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// class names what went wrong: by the server's own word, where it has one.
func (t *Target) class(ctx context.Context, err error, connecting bool) string {
	var (
		certificate *tls.CertificateVerificationError
		makesNone   *nonsense
	)
	code := t.dialect.code(err)
	switch {
	case ctx.Err() != nil:
		return target.Cancelled // the loop knows why
	case code != "":
		return "sql-" + code
	case host.LimitOf(err) != 0:
		return target.Generator
	case errors.As(err, &makesNone), t.dialect.malformed(err):
		return target.Body
	case errors.As(err, &certificate), errors.Is(err, mysqldriver.ErrNoTLS), strings.Contains(err.Error(), "server refused TLS connection"):
		return target.TLS
	case !connecting && !broken(err) && !client.Alert(err):
		return target.Other
	}
	return client.Class(err, connecting)
}

// broken tells that a connection was broken off.
func broken(err error) bool {
	var network net.Error
	return gone(err) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded)
}

// reason says what went wrong.
func (t *Target) reason(err error) string {
	switch code := t.dialect.code(err); {
	case code != "":
		return t.dialect.says(err)
	case gone(err):
		return "the connection broke off"
	}
	return client.Reason(err)
}

// which names the failures that have one example.
type which struct {
	call  *Call
	class string
}

// longestExample is how many bytes the message of a failure has.
const longestExample = 200

// example is the message for a failure: made once a class, from its first one.
func (t *Target) example(call *Call, class string, err error) string {
	is := which{call, class}
	if known, ok := t.examples.Load(is); ok {
		return known.(string)
	}
	made, _ := t.examples.LoadOrStore(is, plain.Clip(t.scrub(call.Name()+": "+t.reason(err)), longestExample))
	return made.(string)
}
