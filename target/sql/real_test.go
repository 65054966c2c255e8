package sql

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/sql/real"
	"plimsoll/target/value"
)

// at is a target that calls a real server; more are its other settings.
func at(t testing.TB, s *real.Server, more string) *Target {
	return open(t, `{driver: %s, dsn: "%s"%s}`, s.Driver, s.DSN("admin", real.Password), more)
}

// dialected is a statement as a server's dialect spells it: with ? for placeholders.
func dialected(s *real.Server, text string) string {
	if s.Driver == "mysql" {
		return text
	}
	for n := 1; strings.Contains(text, "?"); n++ {
		text = strings.Replace(text, "?", fmt.Sprintf("$%d", n), 1)
	}
	return text
}

// step is a call as a step of a journey has it.
func step(t testing.TB, s *real.Server, statement, args string) *Call {
	return asks(t, fmt.Sprintf(`{driver: mysql, dsn: a@/b, sql: "%s", args: %s}`, dialected(s, statement), args))
}

func number(n int) value.Value { return value.Value{Kind: value.Number, Text: fmt.Sprint(n)} }

// table makes an empty table for a test.
func table(t *testing.T, s *real.Server) (name string) {
	name = strings.ToLower(strings.NewReplacer("/", "_", ":", "", ",", "_", " ", "").Replace(t.Name()))
	s.Ask(t, "drop table if exists "+name)
	s.Ask(t, "create table "+name+" (id int primary key, name varchar(100), price numeric(10,2))")
	t.Cleanup(func() { s.Ask(t, "drop table "+name) })
	return name
}

// What the server has is what is reported: rows that went in, and those that it
// refused.
func TestRealCounts(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		for _, more := range []string{"", ", prepare: true", ", keepalive: user", ", connections: 3"} {
			t.Run("with"+more, func(t *testing.T) { countsAddUp(t, s, more) })
		}
	})
}

func countsAddUp(t *testing.T, s *real.Server, more string) {
	name := table(t, s)
	o := at(t, s, more)
	insert := step(t, s, "insert into "+name+" values (?, ?, ?)", `["${id}", "n ${id}", 1.50]`)
	const users, each = 8, 25
	classes := within(o, users, each, func(user, n int) *target.Request {
		id := number((user*each + n) / 2) // each id twice
		return &target.Request{User: uint32(user), Call: insert, Args: []value.Value{id, id}}
	})
	twice := map[string]string{"postgres": "sql-23505", "mysql": "sql-1062"}[s.Driver]
	rows := s.Number(t, "select count(*) from "+name+" where name = concat('n ', id) and price = 1.5")
	if rows != users*each/2 || classes[""] != rows || classes[twice] != users*each/2 || len(classes) != 2 {
		t.Errorf("%d rows at the server, and %v", rows, classes)
	}
	o.Close()
	until(t, "no connection is left", func() bool { return s.Users(t) == 0 })
}

// What comes back can be looked at, with its types.
func TestRealRows(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		name := table(t, s)
		s.Ask(t, "insert into "+name+" values (1, 'a', 2.50), (2, null, 3), (3, 'c', 4)")
		for _, more := range []string{"", ", prepare: true"} {
			o := at(t, s, more)
			query := step(t, s, "select id, name, price, id > 1 as large, id / 2.0 as half, null as none from "+name+" where id >= ? order by id desc", `[2]`)
			found := sees(t, o, query, "rows", "row.id", "row.name", "row.price", "row.none")
			want := []value.Value{number(2), number(3), value.Of("c"), {Kind: value.Number, Text: "4.00"}, {Kind: value.Null}}
			if fmt.Sprint(found) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", more, found, want)
			}
			if found := sees(t, o, step(t, s, "select id from "+name+" where id > ?", "[9]"), "rows", "row.id"); found[0] != number(0) || found[1].Kind != value.None {
				t.Errorf("of no rows: %v", found)
			}
			if found := sees(t, o, step(t, s, "update "+name+" set name = ? where id = ?", `["b", "2"]`), "rows"); found[0] != number(0) {
				t.Errorf("an update answers rows: %v", found)
			}
			if got := s.Ask(t, "select name from "+name+" where id = 2")[0][0]; got != "b" {
				t.Errorf("the text is %q", got)
			}
			s.Ask(t, "update "+name+" set name = null where id = 2")
		}
	})
}

// Of a transaction everything is there, or nothing.
func TestRealTransactions(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		name := table(t, s)
		o := at(t, s, ", connections: 1")
		both := asks(t, fmt.Sprintf(`{driver: mysql, dsn: a@/b, sql: ["%s", "%s", "select count(*) as n from %s"], args: [["${id}"], ["${other}"], []]}`,
			dialected(s, "insert into "+name+" (id) values (?)"), dialected(s, "insert into "+name+" (id) values (?)"), name))
		if out := ask(o, both, number(1), number(2)); !out.OK() {
			t.Fatal(out.Example)
		}
		if out := ask(o, both, number(3), number(1)); out.OK() || !strings.HasPrefix(out.Class, "sql-") {
			t.Errorf("a failed one: %q", out.Class)
		}
		if n := s.Number(t, "select count(*) from "+name); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
		if out := ask(o, both, number(3), number(4)); !out.OK() {
			t.Errorf("after a rollback: %s", out.Example)
		}
		if n := s.Users(t); n != 1 {
			t.Errorf("%d connections, want 1: a rollback costs none", n)
		}
	})
}

// A pool of five is never more than five at the server, and three calls at once
// never more than three.
func TestRealConcurrency(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		for _, c := range []struct {
			more        string
			users, most int
		}{{"", 3, 3}, {", connections: 5", 20, 5}, {", connections: 5, keepalive: false", 20, 5}} {
			o := at(t, s, c.more)
			sleep := step(t, s, s.Sleep(0.05), "[]")
			var most, busiest atomic.Int64
			stop, watched := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(watched)
				for {
					select {
					case <-stop:
						return
					default:
					}
					most.Store(max(most.Load(), int64(s.Users(t))))
					busiest.Store(max(busiest.Load(), int64(s.Busy(t))))
				}
			}()
			classes := within(o, c.users, 60/c.users, func(user, _ int) *target.Request {
				return &target.Request{User: uint32(user), Call: sleep}
			})
			close(stop)
			<-watched
			closing := int64(0)
			if strings.Contains(c.more, "false") {
				closing = int64(c.most) // that are on their way out, with a statement that has just ended
			}
			if len(classes) != 1 || classes[""] != 60 || most.Load() > int64(c.most)+closing || busiest.Load() > int64(c.most)+closing || busiest.Load() == 0 {
				t.Errorf("%q: %d connections and %d statements at once, want %d; %v", c.more, most.Load(), busiest.Load(), c.most, classes)
			}
			o.Close()
			until(t, "no connection is left", func() bool { return s.Users(t) == 0 })
		}
	})
}

// Who waits for a connection is held.
func TestRealHeld(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		o := at(t, s, ", connections: 1")
		sleep := step(t, s, s.Sleep(0.1), "[]")
		var held [2]time.Duration
		var both sync.WaitGroup
		for i := range held {
			both.Go(func() {
				out := ask(o, sleep)
				held[i] = out.Held
				if !out.OK() {
					t.Error(out.Example)
				}
			})
		}
		both.Wait()
		if min(held[0], held[1]) != 0 || max(held[0], held[1]) < 50*time.Millisecond {
			t.Errorf("held %v", held)
		}
	})
}

// A call that is given up is given up at the server, within a second and
// wherever it is.
func TestRealCancellation(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		name := table(t, s)
		s.Ask(t, "insert into "+name+" (id) values (1)")
		for _, call := range []*Call{
			step(t, s, s.Sleep(30), "[]"),
			asks(t, fmt.Sprintf(`{driver: mysql, dsn: a@/b, sql: ["update %s set id = 2", "%s"]}`, name, s.Sleep(30))),
		} {
			o := at(t, s, "")
			ctx, cancel := context.WithCancel(context.Background())
			var all sync.WaitGroup
			const calls = 8
			for range calls {
				all.Go(func() {
					if out := o.Call(ctx, &target.Request{Call: call}); out.Class != target.Cancelled {
						t.Errorf("%q, %s", out.Class, out.Example)
					}
				})
			}
			until(t, "they run", func() bool { return s.Busy(t) == calls })
			cancel()
			all.Wait()
			given := time.Now()
			until(t, "none runs any more", func() bool { return s.Busy(t) == 0 })
			t.Logf("%s after the calls had ended the server was idle", time.Since(given))
			if out := ask(o, step(t, s, "select 1", "[]")); !out.OK() {
				t.Errorf("the next call: %s", out.Example)
			}
			o.Close()
		}
		if n := s.Number(t, "select id from "+name); n != 1 {
			t.Error("a transaction that was given up has been committed")
		}
	})
}

// Calls that are given up as soon as they are made leave nothing behind, however
// far they were.
func TestRealCancellationAtAnyTime(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		o := at(t, s, "")
		sleep := step(t, s, s.Sleep(20), "[]")
		for n := range 40 {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Duration(n)*200*time.Microsecond, cancel)
			out := o.Call(ctx, &target.Request{Call: sleep})
			if out.Class != target.Cancelled {
				t.Fatalf("%q, %s", out.Class, out.Example)
			}
		}
		until(t, "none runs any more", func() bool { return s.Busy(t) == 0 })
	})
}

// A server that is frozen does not keep a call that is given up, and is asked
// again when it goes on.
func TestRealFreeze(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		o := at(t, s, ", prepare: true")
		one := step(t, s, "select ?", "[1]")
		if out := ask(o, one); !out.OK() {
			t.Fatal(out.Example)
		}
		s.Freeze()
		thaw := sync.OnceFunc(s.Thaw)
		defer thaw()
		for range 2 { // with a connection, and without
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			began := time.Now()
			out := o.Call(ctx, &target.Request{Call: one})
			if cancel(); out.Class != target.Cancelled || time.Since(began) > 20*time.Second {
				t.Errorf("%q after %s, %s", out.Class, time.Since(began), out.Example)
			}
		}
		thaw()
		if out := ask(o, one); !out.OK() {
			t.Errorf("when it goes on: %s", out.Example)
		}
		o.Close()
		until(t, "no connection is left", func() bool { return s.Users(t) == 0 })
	})
}

// A server that is killed and comes back: every call ends, none is sent twice,
// and those that failed say why.
func TestRealKill(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		name := table(t, s)
		o := at(t, s, "")
		insert := step(t, s, "insert into "+name+" (id) values (?)", `["${id}"]`)
		var ids atomic.Int64
		var mu sync.Mutex
		classes, succeeded := map[string]int{}, 0
		over, gone := make(chan struct{}), sync.WaitGroup{}
		for range 6 {
			gone.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
					}
					out := ask(o, insert, number(int(ids.Add(1))))
					mu.Lock()
					classes[out.Class]++
					if out.OK() {
						succeeded++
					}
					mu.Unlock()
					if !out.OK() {
						time.Sleep(5 * time.Millisecond)
					}
				}
			})
		}
		more := func(than int) func() bool {
			return func() bool { mu.Lock(); defer mu.Unlock(); return succeeded > than }
		}
		until(t, "calls succeed", more(100))
		s.Kill()
		time.Sleep(100 * time.Millisecond)
		mu.Lock()
		before := succeeded
		mu.Unlock()
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, "calls succeed again", more(before+100))
		close(over)
		gone.Wait()
		total := 0
		for class, n := range classes {
			total += n
			if class != "" && class != target.Reset && class != target.Connect && !strings.HasPrefix(class, "sql-") {
				t.Errorf("%d failures of class %s", n, class)
			}
			if class == "sql-23505" || class == "sql-1062" {
				t.Errorf("%d calls were sent twice", n)
			}
		}
		if int64(total) != ids.Load() || classes[target.Reset] == 0 && classes["sql-57P01"] == 0 {
			t.Errorf("%d calls, %v", ids.Load(), classes)
		}
		rows := s.Number(t, "select count(*) from "+name)
		if unanswered := total - succeeded; rows < succeeded || rows > succeeded+unanswered {
			t.Errorf("%d rows, and %v", rows, classes)
		}
		t.Logf("%v", classes)
	})
}

// Wrong credentials are the server's own class, told without the password, and
// tried once.
func TestRealCredentials(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		log := func() int {
			text, err := os.ReadFile(s.Log())
			if err != nil {
				t.Fatal(err)
			}
			return strings.Count(string(text), "password authentication failed") + strings.Count(string(text), "Access denied for user 'admin'")
		}
		before := log()
		o := open(t, `{driver: %s, dsn: "%s", sql: "select 1"}`, s.Driver, s.DSN("admin", "wr0ng-password"))
		out := o.Call(context.Background(), &target.Request{})
		want := map[string]string{"postgres": "sql-28P01", "mysql": "sql-1045"}[s.Driver]
		if out.Class != want || strings.Contains(out.Example, "wr0ng") {
			t.Errorf("%q, %s", out.Class, out.Example)
		}
		time.Sleep(50 * time.Millisecond)
		if n := log() - before; n != 1 {
			t.Errorf("the server was asked %d times", n)
		}
	})
}

// More connections than the server takes are refused with its own class, and
// what it took goes on.
func TestRealLimit(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		o := at(t, s, "")
		sleep := step(t, s, s.Sleep(1), "[]")
		classes := within(o, real.Most+10, 1, func(int, int) *target.Request { return &target.Request{Call: sleep} })
		want := map[string]string{"postgres": "sql-53300", "mysql": "sql-1040"}[s.Driver]
		if classes[want] == 0 || classes[""] == 0 || classes[""]+classes[want] != real.Most+10 {
			t.Errorf("%v", classes)
		}
	})
}

// An error leaves the connection as it was.
func TestRealErrorsKeepConnections(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		o := at(t, s, ", prepare: true")
		for _, text := range []string{"select 1/?", "nonsense", "select * from nowhere", "select 1"} {
			args := "[]"
			if strings.Contains(text, "?") {
				args = `["x"]`
			}
			out := ask(o, step(t, s, text, args))
			if text != "select 1" && text != "select 1/?" && !strings.HasPrefix(out.Class, "sql-") {
				t.Errorf("%s: %q, %s", text, out.Class, out.Example)
			}
		}
		if n := s.Users(t); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
		if out := ask(o, step(t, s, "select ?, ?", "[1]")); out.OK() {
			t.Error("an argument is missing, and nobody says so")
		} else {
			t.Log(out.Class, out.Example)
		}
	})
}

// Phases tell what connecting took, and when the first row was there.
func TestRealPhases(t *testing.T) {
	real.All(t, func(t *testing.T, s *real.Server) {
		o := at(t, s, "")
		sleep := step(t, s, s.Sleep(0.05), "[]")
		first, second := ask(o, sleep), ask(o, sleep)
		a, b := first.Parts.Phases, second.Parts.Phases
		if a[connectPhase] <= 0 || b[connectPhase] >= 0 || a[firstRowPhase] < 50*time.Millisecond || b[firstRowPhase] < 50*time.Millisecond {
			t.Errorf("%v, then %v", a, b)
		}
		if first.BytesIn <= second.BytesIn || second.BytesIn == 0 || second.BytesOut == 0 {
			t.Errorf("%d and %d bytes in, %d out", first.BytesIn, second.BytesIn, second.BytesOut)
		}
		if none := ask(o, step(t, s, "select 1 where 1 = ?", "[2]")); none.Parts.Phases[firstRowPhase] >= 0 {
			t.Errorf("no row has come, after %s", none.Parts.Phases[firstRowPhase])
		}
	})
}
