package sql

import (
	"crypto/tls"
	"database/sql/driver"
)

// dialect is what differs from one database to the next: a dsn that its driver
// has understood.
type dialect interface {
	// place says where the database is, without names and passwords of users.
	place() string
	secrets() []string
	// local tells that it has to do with files of this machine.
	local() bool
	open(options) (*opened, error)
	// code is the server's own word for an error; "": it is none of the server's.
	code(err error) string
	// says is the server's message, of an error that has a code.
	says(err error) string
	// malformed tells that what came was none of the protocol.
	malformed(err error) bool
	// prepares tells that statements are to be prepared by whoever uses it.
	prepares() bool
	// texts tells that values go as texts, and the server finds their types.
	texts() bool
}

// options are those of a target for its driver.
type options struct {
	prepare bool
	tls     *tls.Config // nil: as the dsn says
	sockets *sockets
}

// opened is a driver ready to connect.
type opened struct {
	connector driver.Connector
	// stop has the server give up what a connection that was given up is about;
	// nil: the driver sees to that.
	stop func(*session)
	// finish waits, not for long, until all has been stopped; nil: no need.
	finish func()
	close  func() // nil: nothing is left
}

// database is one that can be named as a driver.
type database struct {
	name  string
	holes string // how its statements spell what args stand for
	like  string // a dsn
	of    func(dsn string) (dialect, error)
	// sent is of, for a dsn that somebody else has sent.
	sent func(dsn string) (dialect, error)
}

// databases are all there are.
func databases() []database {
	return []database{
		{"postgres", "$1, $2 …", "postgres://app:${PASSWORD}@127.0.0.1:5432/shop", newPostgres, confinedPostgres},
		{"mysql", "?", "app:${PASSWORD}@tcp(127.0.0.1:3306)/shop", newMySQL, newMySQL},
		{"sqlite", "?", "shop.db", newSQLite, newSQLite},
	}
}
