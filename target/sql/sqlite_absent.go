//go:build !embedded

package sql

import "database/sql/driver"

// sqliteHere tells that this build does without SQLite, which takes memory of
// every process, and a minute to compile.
const sqliteHere = false

func openSQLite(string) driver.Connector { return nil }

func codeOfSQLite(error) string { return "" }
