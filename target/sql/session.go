package sql

import (
	"context"
	stdsql "database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"plimsoll/target/client"
)

// session is a connection to the database, and what has been prepared on it.
type session struct {
	*opening
	conn     *stdsql.Conn
	prepared map[*statement]*stdsql.Stmt // nil: nothing is
	since    time.Time                   // when its last call ended
	wrecked  bool                        // the driver is in no state to be asked anything
}

// connect opens a session.
func (t *Target) connect(ctx context.Context) (s *session, err error) {
	s = &session{opening: &opening{}}
	defer func() {
		if panicked := recover(); panicked != nil {
			s, err = nil, &nonsense{panicked}
		}
	}()
	if s.conn, err = t.db.Conn(context.WithValue(ctx, openingKey{}, s.opening)); err != nil {
		if s.greeting != nil && s.greeting.bad {
			err = errGreeting
		}
		return nil, s.told(err)
	}
	if t.prepare && t.dialect.prepares() {
		s.prepared = map[*statement]*stdsql.Stmt{}
	}
	return s, nil
}

// nonsense is an answer of which a driver could make nothing at all.
type nonsense struct{ panicked any }

func (n *nonsense) Error() string { return fmt.Sprintf("the answer makes no sense: %v", n.panicked) }

// alive tells whether a session that was idle may be used again.
func (s *session) alive() bool {
	const aWhile = time.Millisecond // of rest, from which on the system is asked
	return s.valid() && (s.socket == nil || time.Since(s.since) < aWhile || !client.Finished(s.socket.Conn, false))
}

// valid tells whether the driver would use the connection again.
func (s *session) valid() bool {
	if s.wrecked {
		return false
	}
	v, asks := s.opening.conn.(driver.Validator)
	return !asks || v.IsValid()
}

// close gives the connection back.
func (s *session) close() {
	if s.wrecked || !s.valid() {
		_ = s.opening.conn.Close() // without what is prepared, of which the server has to be told
		if s.wrecked {
			return
		}
	}
	_ = s.conn.Close()
}

// query sends a statement.
func (s *session) query(ctx context.Context, st *statement, args []any) (*stdsql.Rows, error) {
	if s.prepared == nil {
		return s.conn.QueryContext(ctx, st.text, args...)
	}
	ready := s.prepared[st]
	if ready == nil {
		var err error
		if ready, err = s.conn.PrepareContext(ctx, st.text); err != nil {
			return nil, err
		}
		s.prepared[st] = ready
	}
	return ready.QueryContext(ctx, args...)
}

// ask carries a call out, and reads all that is answered.
func (s *session) ask(ctx context.Context, c *Call, values [][]any, a *answer) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			s.wrecked, err = true, &nonsense{panicked}
		}
	}()
	if !c.transaction {
		return s.told(s.run(ctx, &c.statements[0], values[0], a))
	}
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return s.told(err)
	}
	for i := range c.statements {
		if err = s.run(ctx, &c.statements[i], values[i], a); err != nil {
			if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, stdsql.ErrTxDone) {
				s.wrecked = s.wrecked || s.valid() // its transaction may be open
			}
			return s.told(err)
		}
	}
	return s.told(tx.Commit())
}

// run carries out a statement.
func (s *session) run(ctx context.Context, st *statement, args []any, a *answer) error {
	rows, err := s.query(ctx, st, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := a.begin(rows); err != nil {
		return err
	}
	return a.read(rows)
}

// told is an error with what the connection knows of it, where the driver says
// no more than that it is gone.
func (s *session) told(err error) error {
	if err == nil || s.socket == nil || !gone(err) {
		return err
	}
	if fault := s.socket.fault.Load(); fault != nil {
		return *fault
	}
	return err
}
