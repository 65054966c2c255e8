//go:build nosqlite

package sql

import "database/sql/driver"

// sqliteHere tells that this build does without SQLite: it is 4 MB smaller, and
// compiled in less time.
const sqliteHere = false

func openSQLite(string) driver.Connector { return nil }

func codeOfSQLite(error) string { return "" }
