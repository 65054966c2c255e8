package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nuid"

	"plimsoll/runner/result"
)

// Agent takes shares of loads that a coordinator has planned.
type Agent struct {
	Talk
	Work Work
	// Name is how results call it, and Index its place among the agents, where
	// whoever started them has numbered them; -1: nobody has.
	Name  string
	Index int
	// Once has it end with the first coordinator that it has served.
	Once bool
	// Keep is a folder for what was recorded, as long as no coordinator has written the
	// result; "": nothing is kept.
	Keep string
	// Clock is the one by which trials begin; nil: the process's own.
	Clock Clock
	hands *keptFile // what it hands over, instead of loading; nil: it loads
}

// Run serves one coordinator after another until ctx is done, or one with Once. The
// error is why it cannot go on; with Once also that the coordinator was lost.
func (a Agent) Run(ctx context.Context) error {
	if err := named(a.Name); err != nil {
		return err
	}
	if a.Clock == nil {
		a.Clock = Steady(time.Now())
	}
	for {
		lost, err := a.serve(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case lost != "":
			a.note(lost)
		}
		if a.Once {
			if lost != "" {
				return errors.New(lost)
			}
			return nil
		}
	}
}

func (a Agent) note(text string) {
	if a.Note != nil {
		a.Note(text)
	}
}

// serve waits for a coordinator and serves it to its end. lost tells how it went if
// not by its word.
func (a Agent) serve(ctx context.Context) (lost string, err error) {
	l, err := connect(ctx, a.Talk, nuid.Next(), true)
	if err != nil {
		return "", err
	}
	defer l.close()
	a.note("waiting for a coordinator at " + withoutPassword(a.URL))
	with, err := a.join(ctx, l)
	if err != nil || with == "" {
		return "", err
	}
	a.note("one of a fleet now")
	s := service{Agent: a, peer: peer{link: l, session: with, heard: a.Clock.Now()}, looked: a.Clock.Now(), told: make(chan told)}
	if a.hands != nil {
		s.spool = &spool{path: a.hands.file.Name(), some: true}
	}
	return s.run(ctx)
}

// unheard is after how long it is told that nobody has called.
const unheard = 10 * time.Second

// join answers whoever calls for agents until one takes this one; "": ctx was done
// before.
func (a Agent) join(ctx context.Context, l *link) (session string, err error) {
	alone := time.After(unheard)
	asked, noted := "", ""
	for {
		select {
		case <-ctx.Done():
			return "", nil
		case <-alone:
			a.note("no coordinator has called yet: is `plimsoll run --agents` started, with the same token?")
		case heard := <-l.heard:
			switch {
			case heard.Kind == a.answers():
				asked, alone = heard.From, nil
				body, _ := json.Marshal(a.introduces())
				l.say(asked, frame{head: head{Kind: join, Program: a.Program}, body: body})
			case heard.Kind == calling || heard.Kind == collecting:
				alone = nil
				if other := a.otherwise(); other != noted {
					noted = other
					a.note(other)
				}
			case heard.Kind == noMore && heard.From == asked && a.Once && a.hands == nil:
				return "", errors.New("the coordinator has ended before all agents were there")
			case heard.From != asked || heard.To != l.session:
			case heard.Kind == welcome && heard.Protocol == Protocol:
				return asked, nil
			case heard.Kind == refused:
				no := a.why(heard.frame)
				if no.Final {
					return "", fmt.Errorf("the coordinator refuses this agent: %s", no.Why)
				}
				if no.Why != noted {
					noted = no.Why
					a.note("the coordinator has no share for this agent: " + no.Why)
				}
			}
		}
	}
}

// answers is what an agent answers that loads, or one that hands over what was kept.
func (a Agent) answers() kind {
	if a.hands != nil {
		return collecting
	}
	return calling
}

// otherwise tells of a coordinator that wants something else.
func (a Agent) otherwise() string {
	if a.hands != nil {
		return "the coordinator that calls does not recover: that takes `plimsoll run --recover`"
	}
	return "the coordinator that calls recovers a run: it takes what agents have kept, by `plimsoll agent --recover`"
}

// introduces is what an agent says of itself.
func (a Agent) introduces() introduction {
	in := introduction{Name: a.Name, Index: a.Index, Machine: result.ThisMachine()}
	if a.hands != nil {
		in.Kept = &a.hands.Kept
		in.Machine = in.Kept.Machine
	}
	return in
}

// why is what a refusal says; one of another protocol cannot be read.
func (a Agent) why(f frame) answer {
	if f.Protocol != Protocol {
		return answer{versions(f.head, a.Program), true}
	}
	no, err := read[answer](refused, f.body)
	if err != nil {
		no.Why = err.Error()
	}
	no.Why = clip(no.Why)
	return no
}

// versions tells two sides that do not understand each other, if they do not.
func versions(theirs head, ours string) string {
	return fmt.Sprintf("it is of version %s (protocol %d), here is version %s (protocol %d): all of a fleet must be of the same", theirs.Program, theirs.Protocol, ours, Protocol)
}

// service is an agent that is one of a fleet. It belongs to the goroutine of run.
type service struct {
	Agent
	peer
	looked time.Duration // when silence was last looked for
	of     known         // the plan
	job    Job           // nil: there is no plan yet
	task   *task         // nil: no order is under way
	told   chan told     // what the task's goroutines tell
	spool  *spool        // what was recorded of all orders; nil: nothing is kept
	over   bool          // the coordinator has no more to do
}

// known is what an agent remembers of a plan: the name of its file, and its sum.
type known struct{ file, sum string }

// run serves until the coordinator lets go, is lost, or ctx is done.
func (s *service) run(ctx context.Context) (lost string, err error) {
	defer func() {
		if s.job != nil {
			s.job.Close()
		}
	}()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for !s.over {
		select {
		case <-ctx.Done():
			return "", s.quit()
		case heard := <-s.link.heard:
			if heard.From == s.session && heard.To == s.link.session && heard.Protocol == Protocol {
				lost = s.hear(heard)
			}
		case t := <-s.tells():
			lost = s.report(t)
		case <-tick.C:
			lost = s.silence()
		}
		if lost != "" {
			s.abandon(lost)
			return lost, nil
		}
		s.flush(s.Clock.Now())
	}
	return "", nil
}

// mostAhead is how much waits for the coordinator before an agent reads on in what it
// has kept, in bytes: no load waits for that.
const mostAhead = 8 << 20

// tells are where the order under way tells what there is; nil: not now.
func (s *service) tells() chan told {
	if s.hands != nil && s.pipe.bytes > mostAhead {
		return nil
	}
	return s.told
}

// silence tells that the coordinator is lost, or we are to it.
func (s *service) silence() string {
	now := s.Clock.Now()
	stood := now - s.looked
	s.looked = now
	switch {
	case stood > Silence:
		return fmt.Sprintf("this process stood still for %v: the coordinator has given it up", stood.Round(look))
	case now-s.heard > Silence:
		return fmt.Sprintf("no word from the coordinator for %v: stopped", Silence)
	}
	return ""
}

// hear hears one frame.
func (s *service) hear(l letter) (lost string) {
	body, whole, err := s.peer.take(l, s.Clock.Now())
	switch {
	case err != nil:
		return err.Error()
	case !whole:
		return ""
	}
	switch l.Kind {
	case ping:
		s.pong(l, body, s.Clock)
	case dropped:
		return "the coordinator has given this agent up"
	case leave:
		err = s.part(body)
	case planOf:
		err = s.plan(body)
	case orderOf:
		err = s.order(body)
	case given, start, alone, halt:
		err = s.instruct(l.Kind, body)
	case seen:
	default:
		err = fmt.Errorf("it says %q", l.Kind)
	}
	if err != nil {
		return "the coordinator makes no sense: " + err.Error()
	}
	return ""
}

// plan takes a plan in, or refuses it.
func (s *service) plan(body []byte) error {
	p, err := read[Plan](planOf, body)
	if err != nil {
		return err
	}
	if s.job != nil {
		return errors.New("it has sent a second plan")
	}
	job, err := s.Work.Take(p)
	if err != nil {
		s.note("refused: " + err.Error())
		return s.push(cannot, report{Why: clip(err.Error())})
	}
	s.of, s.job = known{p.Name, p.sum()}, job
	r := report{}
	if s.hands != nil {
		r.Body = s.hands.told()
	}
	return s.push(planned, r)
}

// quit ends the agent at its user's wish: it gives up what is under way, says so, and
// waits a moment for that to be heard.
func (s *service) quit() error {
	why := "the agent was stopped"
	if s.task != nil {
		why = s.finish(why)
	}
	_ = s.push(cannot, report{Why: why})
	for until := s.Clock.Now() + Silence; s.Clock.Now() < until && len(s.pipe.waiting) > 0; {
		s.flush(s.Clock.Now())
		select {
		case heard := <-s.link.heard:
			if heard.From == s.session && heard.To == s.link.session {
				_, _, _ = s.peer.take(heard, s.Clock.Now())
			}
		case <-time.After(look):
		}
	}
	s.leftIn()
	return nil
}
