//go:build unix

package sql

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/sql/real"
)

// BenchmarkAdded compares what a call takes with what the same driver takes in a
// bare loop, on a connection of database/sql for each goroutine: rounds in turns,
// medians of their means.
//
//	go test -run xxx -bench Added ./target/sql
func BenchmarkAdded(b *testing.B) {
	b.Run("postgres", func(b *testing.B) { added(b, real.Postgres(b)) })
	b.Run("mariadb", func(b *testing.B) { added(b, real.MariaDB(b)) })
}

func added(b *testing.B, s *real.Server) {
	for _, prepare := range []bool{false, true} {
		for _, users := range []int{1, 16} {
			b.Run(fmt.Sprintf("prepare=%v/users=%d", prepare, users), func(b *testing.B) {
				const text = "select 1"
				bare := bareLoop(b, s, prepare, text, users)
				o := open(b, `{driver: %s, dsn: "%s", prepare: %v, keepalive: user}`, s.Driver, s.DSN("admin", real.Password), prepare)
				c := step(b, s, text, "[]")
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				ours := func(user int) {
					if out := o.Call(ctx, &target.Request{User: uint32(user), Call: c}); !out.OK() {
						b.Error(out.Example)
					}
				}
				inTurns(b, users, bare, ours)
			})
		}
	}
}

// bareLoop is a call of the driver's alone.
func bareLoop(b *testing.B, s *real.Server, prepare bool, text string, users int) func(user int) {
	t := open(b, `{driver: %s, dsn: "%s", prepare: %v}`, s.Driver, s.DSN("admin", real.Password), prepare)
	db := stdsql.OpenDB(t.opened.connector)
	b.Cleanup(func() { _ = db.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	b.Cleanup(cancel)
	query := make([]func() (*stdsql.Rows, error), users)
	for u := range query {
		c, err := db.Conn(ctx)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = c.Close() })
		query[u] = func() (*stdsql.Rows, error) { return c.QueryContext(ctx, text) }
		if prepare && s.Driver == "mysql" {
			st, err := c.PrepareContext(ctx, text)
			if err != nil {
				b.Fatal(err)
			}
			query[u] = func() (*stdsql.Rows, error) { return st.QueryContext(ctx) }
		}
	}
	return func(user int) {
		rows, err := query[user]()
		if err != nil {
			b.Error(err)
			return
		}
		for rows.Next() {
		}
		if err := rows.Close(); err != nil {
			b.Error(err)
		}
	}
}

// inTurns measures two ways of calling.
func inTurns(b *testing.B, users int, bare, ours func(user int)) {
	const each = 100
	var means, work [2][]float64
	round := func() {
		for i, call := range []func(int){bare, ours} {
			before := processor()
			means[i] = append(means[i], mean(users, each, call))
			work[i] = append(work[i], float64(processor()-before)/float64(users*each))
		}
	}
	for range 10 + b.N {
		round()
	}
	middle := func(of []float64) float64 { slices.Sort(of); return of[len(of)/2] / 1e3 }
	x, y := middle(means[0]), middle(means[1])
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(x, "bare-µs")
	b.ReportMetric(y-x, "added-µs")
	b.ReportMetric((y/x-1)*100, "added-%")
	b.ReportMetric(middle(work[0]), "bare-cpu-µs")
	b.ReportMetric(middle(work[1])-middle(work[0]), "added-cpu-µs")
}

// processor is how long this process has had one.
func processor() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// mean is how long calls take in the mean, as their callers see it.
func mean(users, each int, call func(user int)) float64 {
	took := make([]time.Duration, users)
	var all sync.WaitGroup
	for u := range users {
		all.Go(func() {
			for range each {
				began := time.Now()
				call(u)
				took[u] += time.Since(began)
			}
		})
	}
	all.Wait()
	sum := time.Duration(0)
	for _, d := range took {
		sum += d
	}
	return float64(sum) / float64(users*each)
}
