//go:build !sqlite

package sql

import "database/sql/driver"

// sqliteHere tells that this build does without SQLite, whose compilation takes
// as long as half of all else.
const sqliteHere = false

func openSQLite(string) driver.Connector { return nil }

func codeOfSQLite(error) string { return "" }
