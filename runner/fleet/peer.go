package fleet

import (
	"encoding/json"
	"time"

	"plimsoll/runner/fleet/offset"
)

// Clock is one of this machine's, by which rounds are timed and trials begin. It goes
// on while the process does not, and nobody sets it.
type Clock interface {
	Now() time.Duration
	// Time is when that is as package time has it, for whoever waits.
	Time(time.Duration) time.Time
	// At is what it shows, or showed, at a time of package time's.
	At(time.Time) time.Duration
}

// Steady is a clock that shows what the time of day was then, in nanoseconds since
// 1970, and what has passed since: so it tells whose machine's time of day is wrong, and
// goes on evenly where that is set.
type Steady time.Time

// Now is what it shows.
func (s Steady) Now() time.Duration { return s.At(time.Now()) }

// Time is when it shows that.
func (s Steady) Time(at time.Duration) time.Time { return time.Time(s).Add(at - s.began()) }

// At is what it shows at that time.
func (s Steady) At(t time.Time) time.Duration { return s.began() + t.Sub(time.Time(s)) }

func (s Steady) began() time.Duration { return time.Duration(time.Time(s).UnixNano()) }

// Silence is after how long without a word somebody is lost: a coordinator to its
// agents, which stop then, an agent to its coordinator.
const Silence = 3 * time.Second

// beat is how often there is a word at least, and look how often all is looked at.
const (
	beat = time.Second
	look = 100 * time.Millisecond
)

// peer is the other side of a conversation. It belongs to one goroutine.
type peer struct {
	link    *link
	session string
	pipe    pipe
	heard   time.Duration // by our clock
	behind  bool          // something has come that was not acknowledged
}

// push has a report sent.
func (p *peer) push(k kind, r report) error { return p.pipe.push(k, r.append()) }

// flush sends what can be sent, and tells what has come.
func (p *peer) flush(now time.Duration) {
	for f := p.pipe.next(now); f != nil; f = p.pipe.next(now) {
		f.Seen = p.pipe.seen
		p.behind = false
		p.link.say(p.session, *f)
	}
	if p.behind {
		p.behind = false
		p.link.say(p.session, frame{head: head{Kind: seen, Seen: p.pipe.seen}})
	}
}

// take hears a frame of this peer's. whole tells that a message is, with its body.
func (p *peer) take(l letter, now time.Duration) (body []byte, whole bool, err error) {
	p.heard = now
	p.pipe.got(l.Seen, now)
	if !l.Kind.numbered() {
		return l.body, true, nil
	}
	p.behind = true
	return p.pipe.take(l.frame)
}

// trip is what a ping holds, and its answer.
type trip struct {
	Sent     time.Duration `json:"sent"`
	Heard    time.Duration `json:"heard,omitempty"`
	Answered time.Duration `json:"answered,omitempty"`
}

// ping begins a round trip.
func (p *peer) ping(c Clock) {
	body, _ := json.Marshal(trip{Sent: c.Now()})
	p.link.say(p.session, frame{head: head{Kind: ping, Seen: p.pipe.seen}, body: body})
}

// pong answers one that came at that time.
func (p *peer) pong(l letter, body []byte, c Clock) {
	var t trip
	if json.Unmarshal(body, &t) != nil {
		return
	}
	t.Heard, t.Answered = c.At(l.at), c.Now()
	answer, _ := json.Marshal(t)
	p.link.say(p.session, frame{head: head{Kind: pong, Seen: p.pipe.seen}, body: answer})
}

// round is a round trip that is over.
func round(l letter, body []byte, c Clock) (r offset.Round, ok bool) {
	var t trip
	if json.Unmarshal(body, &t) != nil {
		return r, false
	}
	r = offset.Round{Sent: t.Sent, Heard: t.Heard, Answered: t.Answered, Back: c.At(l.at)}
	return r, believable(r)
}

// Nobody waits longer than this for the answer to a ping, and no clock shows what lies
// so far from 1970.
const (
	longestRound = 10 * time.Second
	furthest     = 200 * 365 * 24 * time.Hour
)

// believable tells whether a round trip can have been: what it says of the coordinator's
// clock has come back from an agent, who may have made it up, and the start of all
// depends on it.
func believable(r offset.Round) bool {
	took := r.Back - r.Sent
	return r.Sent <= r.Back && 0 <= took && took <= longestRound && -furthest/200 <= r.Heard && r.Heard <= r.Answered && r.Answered <= furthest
}
