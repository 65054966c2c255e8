//go:build embedded

package sql

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/value"
)

// private is a call to the database that a target has for itself.
func private(t testing.TB, text, args string) *Call {
	return asks(t, fmt.Sprintf(`{sql: "%s", args: %s}`, text, args))
}

func ok(t testing.TB, out target.Outcome) {
	t.Helper()
	if !out.OK() {
		t.Fatalf("%s: %s", out.Class, out.Example)
	}
}

// A target without settings has a database of its own, which goes with it.
func TestPrivate(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, more := range []string{"", "prepare: true", "connections: 2", "keepalive: false"} {
		o := open(t, "{%s}", more)
		ok(t, ask(o, private(t, "create table t (id integer primary key, name text, price real)", "[]")))
		insert := private(t, "insert into t values (?, ?, ?)", `["${id}", "n ${id}", 1.5]`)
		classes := within(o, 8, 25, func(user, n int) *target.Request {
			id := number((user*25 + n) / 2)
			return &target.Request{User: uint32(user), Call: insert, Args: []value.Value{id, id}}
		})
		if classes[""] != 100 || classes["sql-1555"] != 100 || len(classes) != 2 { // SQLITE_CONSTRAINT_PRIMARYKEY
			t.Errorf("%s: %v", more, classes)
		}
		found := sees(t, o, private(t, "select count(*) as n, typeof(max(id)) as a, typeof(max(name)) as b, typeof(max(price)) as c, null as d from t where name = 'n ' || id", "[]"), "row.n", "row.a", "row.b", "row.c", "row.d", "rows")
		want := []value.Value{number(100), value.Of("integer"), value.Of("text"), value.Of("real"), {Kind: value.Null}, number(1)}
		if fmt.Sprint(found) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", more, found, want)
		}
		o.Close()
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// Of a transaction everything is there, or nothing.
func TestPrivateTransaction(t *testing.T) {
	o := open(t, "{}")
	ok(t, ask(o, private(t, "create table t (id integer primary key)", "[]")))
	both := asks(t, `{sql: ["insert into t values (?)", "insert into t values (?)"], args: [["${a}"], ["${b}"]]}`)
	ok(t, ask(o, both, number(1), number(2)))
	if out := ask(o, both, number(3), number(1)); out.Class != "sql-1555" {
		t.Errorf("%q, %s", out.Class, out.Example)
	}
	if found := sees(t, o, private(t, "select count(*) as n from t", "[]"), "row.n"); found[0] != number(2) {
		t.Errorf("%v rows, want 2", found[0])
	}
}

// A statement that is given up ends, and its connection is used no more.
func TestPrivateCancellation(t *testing.T) {
	o := open(t, "{connections: 1}")
	endless := private(t, "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n", "[]")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	if out := o.Call(ctx, &target.Request{Call: endless}); out.Class != target.Cancelled {
		t.Errorf("%q, %s", out.Class, out.Example)
	}
	ok(t, ask(o, private(t, "select 1", "[]")))
}

// Who waits for another's transaction waits no longer than he has said.
func TestLockedFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shop.db")
	o := open(t, `{dsn: "%s?_pragma=busy_timeout(20)"}`, file)
	ok(t, ask(o, private(t, "create table t (id integer)", "[]")))
	holder := open(t, `{dsn: "file:%s", keepalive: user}`, file)
	ok(t, ask(holder, private(t, "begin immediate", "[]")))
	if out := ask(o, private(t, "insert into t values (1)", "[]")); out.Class != "sql-5" {
		t.Errorf("%q, %s", out.Class, out.Example)
	}
	ok(t, ask(holder, private(t, "commit", "[]")))
	ok(t, ask(o, private(t, "insert into t values (1)", "[]")))
}

// A file that is none, and one that is in a folder that is not there.
func TestNoFile(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "text"), []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"text": "sql-26", "absent/x.db": "sql-14"} {
		o := open(t, `{dsn: "%s"}`, filepath.Join(folder, name))
		if out := ask(o, private(t, "create table t (id integer)", "[]")); out.Class != want {
			t.Errorf("%s: %q (%s), want %s", name, out.Class, out.Example, want)
		}
	}
}
