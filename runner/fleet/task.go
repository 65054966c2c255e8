package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plimsoll/runner/result"
)

// task is an order that is under way at an agent, and the desk of its share.
type task struct {
	Command
	stop, atOnce context.CancelFunc
	told         chan<- told
	begins       chan beginning
	others       chan struct{} // closed when their load is over
	given        []byte
	began, alone bool
}

// beginning is what a share waits for when it is ready.
type beginning struct {
	at    time.Time
	given []byte
}

// told is what a task's goroutines tell.
type told struct {
	kind kind // ready, interval or ended
	body []byte
	err  error
}

func (t *task) Ready(ctx context.Context, left []byte) (time.Time, []byte, error) {
	t.told <- told{kind: ready, body: left}
	select {
	case b := <-t.begins:
		return b.at, b.given, nil
	case <-ctx.Done():
		return time.Time{}, nil, ctx.Err()
	}
}

func (t *task) Send(recorded []byte) { t.told <- told{kind: interval, body: recorded} }

func (t *task) Alone(ctx context.Context) error {
	select {
	case <-t.others:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// toEnd is how long a share may take to be given up.
const toEnd = 10 * time.Second

// longestLead is how far ahead, or ago, a load may begin: see Coordinator.start.
const longestLead = time.Minute

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
	s.keep(c)
	t := &task{Command: c, stop: stop, atOnce: giveUp, told: s.told, begins: make(chan beginning, 1), others: make(chan struct{})}
	s.task = t
	go func() {
		end, err := s.job.Carry(ctx, atOnce, c, t)
		s.told <- told{kind: ended, body: end, err: err}
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
		if ahead := b.At - s.Clock.Now(); ahead < -longestLead || ahead > longestLead {
			return fmt.Errorf("it has the load begin at %v of this agent's clock, which shows %v", b.At, s.Clock.Now())
		}
		s.task.began = true
		s.task.begins <- beginning{s.Clock.Time(b.At), s.task.given}
		return nil
	case alone:
		o, err := read[about](k, body)
		if err == nil && s.on(o.Number) && !s.task.alone {
			s.task.alone = true
			close(s.task.others)
		}
		return err
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
	r := report{Number: s.task.Number, Body: t.body}
	if t.kind == interval {
		s.record(recordsMore, t.body)
	}
	var short cutShort
	switch {
	case errors.As(t.err, &short):
		r.Cut = clip(short.how)
	case t.err != nil:
		r.Why = clip(t.err.Error())
	}
	if t.kind == ended {
		s.task.release()
		s.task = nil
		s.recordEnd(keptEnd{Body: t.body, Why: r.Why})
	}
	if err := s.push(t.kind, r); err != nil {
		return err.Error()
	}
	return ""
}

// keep begins to keep what is recorded of an order.
func (s *service) keep(c Command) {
	if s.Keep != "" && s.spool == nil {
		var err error
		s.spool, err = newSpool(s.Keep, Kept{
			Format: keptFormat, Agent: s.Name, Machine: result.ThisMachine(), Session: s.session, Began: time.Now().UTC().Round(0),
			Program: s.Program, File: s.of.file, Plan: s.of.sum, Share: c.Share, Shares: c.Shares,
		})
		if err != nil {
			s.Keep = ""
			s.note("what is recorded cannot be kept on disk: " + err.Error())
		}
	}
	s.record(ordersTrial, c.Order)
}

// record keeps what was recorded, as long as the disk takes it.
func (s *service) record(about byte, body []byte) { s.noted(s.spool.add(about, body)) }

func (s *service) recordEnd(e keptEnd) { s.noted(s.spool.end(e)) }

func (s *service) noted(err error) {
	if err != nil {
		s.note("what is recorded can no longer be kept on disk, the load goes on: " + err.Error())
	}
}

// part ends at the coordinator's word. What was kept goes where the result is written.
func (s *service) part(body []byte) error {
	p, err := read[parting](leave, body)
	s.over = true
	if err == nil && p.Saved {
		s.spool.remove()
		s.spool = nil
	}
	s.abandon("the coordinator has ended")
	return err
}

// release ends a task that is over.
func (t *task) release() {
	t.stop()
	t.atOnce()
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

// abandon gives up what is under way, with nobody to report it to, and tells how it was
// cut short: what was recorded stays on disk.
func (s *service) abandon(how string) {
	defer s.leftIn()
	if s.task == nil {
		return
	}
	s.task.release()
	for until := time.After(toEnd); s.task != nil; {
		select {
		case last := <-s.told:
			switch last.kind {
			case interval:
				s.record(recordsMore, last.body)
			case ended:
				e := keptEnd{Body: last.body, Cut: clip(how)}
				if last.err != nil {
					e.Why = clip(last.err.Error())
				}
				s.recordEnd(e)
				s.task = nil
			}
		case <-until:
			s.note("the load does not end")
			return
		}
	}
}

// leftIn tells where what was recorded is kept.
func (s *service) leftIn() {
	if path := s.spool.seal(); path != "" {
		s.note("what was recorded is kept in " + path + ": `plimsoll agent --recover` hands it over")
	}
	s.spool = nil
}
