//go:build embedded

package sql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	sqlitedriver "modernc.org/sqlite"
)

// sqliteHere tells that this build has SQLite.
const sqliteHere = true

// openSQLite makes what opens a file of SQLite's.
func openSQLite(dsn string) driver.Connector {
	return &sqliteFile{dsn: dsn, driver: &sqlitedriver.Driver{}}
}

type sqliteFile struct {
	dsn    string
	driver *sqlitedriver.Driver
}

// Connect opens it once more.
func (f *sqliteFile) Connect(context.Context) (driver.Conn, error) { return f.driver.Open(f.dsn) }

func (f *sqliteFile) Driver() driver.Driver { return f.driver }

// codeOfSQLite is SQLite's extended result code; "" for what is none of its
// errors.
func codeOfSQLite(err error) string {
	var told *sqlitedriver.Error
	if errors.As(err, &told) {
		return fmt.Sprint(told.Code())
	}
	return ""
}
