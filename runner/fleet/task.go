package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// task is an order that is under way at an agent.
type task struct {
	Command
	stop, atOnce context.CancelFunc
	begins       chan beginning
	given        []byte
	places       int // intervals so far
	began        bool
	zero         time.Duration
	spool        *spool // nil: nothing is kept
}

// beginning is what a share waits for when it is ready.
type beginning struct {
	zero  time.Time
	given []byte
}

// told is what a task's goroutines tell.
type told struct {
	kind kind // ready, interval or ended
	body []byte
	err  error
}

// toEnd is how long a share may take to be given up.
const toEnd = 10 * time.Second

// order begins one.
func (s *service) order(body []byte) error {
	c, err := read[Command](orderOf, body)
	switch {
	case err != nil:
		return err
	case s.job == nil:
		return errors.New("it has ordered a trial before there was a plan")
	case s.task != nil:
		return errors.New("it has ordered a trial while another one is under way")
	case c.Shares < 1 || c.Share < 0 || c.Share >= c.Shares:
		return fmt.Errorf("it has ordered share %d of %d", c.Share, c.Shares)
	}
	atOnce, giveUp := context.WithCancel(context.Background())
	ctx, stop := context.WithCancel(atOnce)
	t := &task{Command: c, stop: stop, atOnce: giveUp, begins: make(chan beginning, 1)}
	if t.spool, err = spoolFor(s.Keep, s.Name, s.session, c); err != nil {
		s.note("what is recorded cannot be kept on disk: " + err.Error())
	}
	s.task = t
	go func() {
		end, err := s.job.Carry(ctx, atOnce, c, Desk{
			Ready: func(ctx context.Context, set []byte) (time.Time, []byte, error) {
				s.told <- told{kind: ready, body: set}
				select {
				case b := <-t.begins:
					return b.zero, b.given, nil
				case <-ctx.Done():
					return time.Time{}, nil, ctx.Err()
				}
			},
			Send: func(recorded []byte) { s.told <- told{kind: interval, body: recorded} },
		})
		s.told <- told{ended, end, err}
	}()
	return nil
}

// instruct has the order that is under way begin or end.
func (s *service) instruct(k kind, body []byte) error {
	switch k {
	case given:
		v, err := read[values](k, body)
		if err == nil && s.on(v.Number) {
			s.task.given = v.Body
		}
		return err
	case start:
		b, err := read[begin](k, body)
		if err != nil || !s.on(b.Number) || s.task.began {
			return err
		}
		s.task.began, s.task.zero = true, b.At
		s.task.begins <- beginning{s.Clock.Time(b.At), s.task.given}
		return nil
	}
	h, err := read[stopping](k, body)
	if err == nil && s.on(h.Number) {
		s.task.stop()
		if h.AtOnce {
			s.task.atOnce()
		}
	}
	return err
}

// on tells whether that is the order which is under way.
func (s *service) on(number uint64) bool { return s.task != nil && s.task.Number == number }

// report passes on what a task tells.
func (s *service) report(t told) (lost string) {
	r := report{Number: s.task.Number, At: s.Clock.Now(), Zero: s.task.zero, Body: t.body}
	if t.kind == interval {
		r.Place = s.task.places
		s.task.places++
		s.spoolOut(t.body)
	}
	if t.err != nil {
		r.Why = clip(t.err.Error())
	}
	if t.kind == ended {
		s.task.release()
		s.task = nil
	}
	if err := s.push(t.kind, r); err != nil {
		return err.Error()
	}
	return ""
}

// spoolOut keeps what was recorded, as long as the disk takes it.
func (s *service) spoolOut(recorded []byte) {
	if err := s.task.spool.add(recorded); err != nil {
		s.note("what is recorded can no longer be kept on disk, the load goes on: " + err.Error())
		s.task.spool.remove()
		s.task.spool = nil
	}
}

// release lets go of a task that is over, and handed over.
func (t *task) release() {
	t.stop()
	t.atOnce()
	t.spool.remove()
}

// finish gives up what is under way, and reports it to who listens. It tells why the
// agent ends, or that it cannot.
func (s *service) finish(why string) string {
	s.task.stop()
	s.task.atOnce()
	for until := time.After(toEnd); s.task != nil; {
		select {
		case t := <-s.told:
			s.report(t)
		case <-until:
			return why + ", and its load does not end"
		}
	}
	return why
}

// abandon gives up what is under way, with nobody to report it to: what was recorded
// stays on disk.
func (s *service) abandon() {
	if s.task == nil {
		return
	}
	t := s.task
	t.stop()
	t.atOnce()
	for until := time.After(toEnd); ; {
		select {
		case last := <-s.told:
			if last.kind == interval {
				s.spoolOut(last.body)
			}
			if last.kind != ended {
				continue
			}
			if path := t.spool.seal(last.body); path != "" {
				s.note("what was recorded is kept in " + path)
			}
		case <-until:
			s.note("the load does not end")
		}
		s.task = nil
		return
	}
}
