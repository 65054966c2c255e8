// Package sql is a kind of target whose calls are statements to a database:
// PostgreSQL, MySQL and MariaDB, or SQLite in this process.
//
// A call has a connection to itself. Its statements are sent as they are
// written, once, and what they answer is read to the end; values never become a
// part of a statement's text.
package sql

import (
	"context"
	"crypto/tls"
	stdsql "database/sql"
	"sync"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/look"
	"plimsoll/target/value"
)

// Settings are those of `sql:`.
type Settings struct {
	client.Settings
	// Driver is the database's name, as files have it.
	Driver string
	// Prepare has statements prepared, once a connection.
	Prepare bool

	dialect dialect
	own     *Call // nil: it has none
	scrub   func(string) string
}

// Target carries calls to one database.
type Target struct {
	dialect  dialect
	prepare  bool
	opened   *opened
	sockets  sockets
	db       *stdsql.DB
	pool     *client.Pool[*session]
	scrub    func(string) string
	own      *Call
	args     func(*target.Request) []value.Value
	examples sync.Map        // of which
	observer target.Observer // nil: nobody watches
}

// Open makes ready what carries calls. Nothing is connected yet.
func Open(s *Settings) (*Target, error) {
	t := &Target{dialect: s.dialect, prepare: s.Prepare, scrub: s.scrub, own: s.own}
	t.sockets.control = s.Permit.Control
	var secured *tls.Config
	if s.TLS.Given {
		var err error
		if secured, err = s.TLS.Config(); err != nil {
			return nil, err
		}
	}
	var err error
	if t.opened, err = s.dialect.open(options{prepare: s.Prepare, tls: secured, sockets: &t.sockets}); err != nil {
		return nil, err
	}
	t.db = stdsql.OpenDB(&once{t.opened.connector})
	t.db.SetMaxIdleConns(-1) // whatever rests does so in our pool
	t.pool = client.New(client.Options[*session]{
		Open: t.connect, Close: (*session).close, Alive: (*session).alive,
		Limit: s.Connections, Reuse: s.Reuse,
	})
	return t, nil
}

// Close ends all connections, and whatever is still about on one.
func (t *Target) Close() {
	t.pool.Close()
	if t.opened.finish != nil {
		t.opened.finish()
	}
	t.sockets.close()
	_ = t.db.Close()
	if t.opened.close != nil {
		t.opened.close()
	}
}

// Leave closes the connections that are a user's own.
func (t *Target) Leave(user uint32) { t.pool.Leave(user) }

// Call carries out one call.
func (t *Target) Call(ctx context.Context, r *target.Request) (out target.Outcome) {
	call, args := t.own, r.Args
	if asked, is := r.Call.(*Call); is {
		call = asked
	} else if t.args != nil {
		args = t.args(r)
	}
	c, held, err := t.pool.Take(ctx, r.User)
	out.Held = held
	if err != nil {
		t.fail(ctx, &out, call, err, true)
		return out
	}
	t.carryOut(ctx, c, call, args, r, &out)
	return out
}

// carryOut makes the call on its connection, and gives that back.
func (t *Target) carryOut(ctx context.Context, c *client.Conn[*session], call *Call, args []value.Value, r *target.Request, out *target.Outcome) {
	s := c.Value
	values := make([][]any, len(call.statements))
	for i := range call.statements {
		values[i] = call.statements[i].values(args, t.dialect.texts())
	}
	a := answer{keep: len(r.Want) > 0 || t.observer != nil}
	t.tellSent(r, call, args)
	in, sent := s.socket.traffic()
	if c.Fresh {
		in, sent = 0, 0
	}
	began := time.Now()
	err := s.ask(ctx, call, values, &a)
	s.since = time.Now()
	out.Ended = s.since
	inNow, sentNow := s.socket.traffic()
	out.BytesIn, out.BytesOut = inNow-in, sentNow-sent
	out.Parts = parts(c, &a, began)
	if err != nil {
		t.fail(ctx, out, call, err, false)
	} else if a.keep {
		t.tellAnswered(r, &a)
		t.look(&a, r, out)
	}
	broken := err != nil && (ctx.Err() != nil || t.dialect.code(err) == "" || !s.valid())
	if broken && ctx.Err() != nil && t.opened.stop != nil {
		t.opened.stop(s)
	}
	t.pool.Put(c, broken)
}

// Numbers of phases.
const (
	connectPhase = iota
	firstRowPhase
	phases
)

// phaseNames are what they are called.
func phaseNames() []string { return []string{"connect", "first_row"} }

// parts are how long the phases of a call took that has had its connection.
func parts(c *client.Conn[*session], a *answer, began time.Time) *target.Parts {
	var made struct {
		target.Parts
		took [phases]time.Duration
	}
	made.took[connectPhase], made.took[firstRowPhase] = -1, -1
	if c.Fresh {
		made.took[connectPhase] = c.Connect
	}
	if !a.first.IsZero() {
		made.took[firstRowPhase] = a.first.Sub(began)
	}
	made.Phases = made.took[:]
	return &made.Parts
}

// fail notes what became of a call that failed.
func (t *Target) fail(ctx context.Context, out *target.Outcome, call *Call, err error, connecting bool) {
	out.Class = t.class(ctx, err, connecting)
	if out.Class == target.Cancelled {
		out.Example = t.example(call, out.Class, context.Canceled)
		return
	}
	out.Example = t.example(call, out.Class, err)
}

// look finds what is wanted in the answer.
func (t *Target) look(a *answer, r *target.Request, out *target.Outcome) {
	found, all := a.find(r.Want)
	out.Found = found
	if !all {
		out.Shown = look.Shown([]byte(a.show()), t.scrub)
	}
}
