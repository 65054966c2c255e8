package fleet

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
)

// Protocol is the version of what is said: who speaks another one is refused.
const Protocol = 1

// kind is what a frame is about. Those of the pipe are numbered, come once and in
// order; pings and their answers, calls and what is said to strangers come or do not.
type kind string

const (
	// To everybody, from a coordinator that has shares to give; nobody's session.
	calling kind = "calling"
	// The same of one that loads nothing, and takes what agents have kept.
	collecting kind = "collecting"
	// From one that has called, to all that have asked it: it is no more.
	noMore kind = "no_more"
	// From an agent, to a coordinator: it would take a share.
	join kind = "join"
	// The answers: it is one of the fleet, or is not, and why.
	welcome kind = "welcome"
	refused kind = "refused"
	// Round trips, which are signs of life as well, and tell what has come.
	ping kind = "ping"
	pong kind = "pong"
	// What has come, told at once.
	seen kind = "seen"
	// To an agent that is none of the fleet any more: it stops at once.
	dropped kind = "dropped"

	// On the pipe, to an agent.
	planOf  kind = "plan"  // what is to be carried out
	orderOf kind = "order" // of one trial: make ready
	given   kind = "given" // what the setup has set
	start   kind = "start" // at that time of the agent's clock
	alone   kind = "alone" // the load of all the other shares is over
	halt    kind = "halt"  // start nothing more, or give all up at once
	leave   kind = "leave" // it is over
	// On the pipe, from an agent.
	planned  kind = "planned"  // it has understood the plan
	cannot   kind = "cannot"   // or it has not, or may not, and why
	ready    kind = "ready"    // everything is open
	interval kind = "interval" // what was recorded since the last
	ended    kind = "ended"    // how the share ended
)

// numbered tells whether frames of a kind belong to the pipe.
func (k kind) numbered() bool {
	switch k {
	case calling, collecting, noMore, join, welcome, refused, ping, pong, seen, dropped:
		return false
	}
	return true
}

// head is what stands before a frame's body, in one line of JSON.
type head struct {
	Protocol int    `json:"protocol"`
	Program  string `json:"program,omitempty"` // its version, as far as there is no session
	Kind     kind   `json:"kind"`
	// From and To are sessions; To is empty where everybody is meant.
	From string `json:"from"`
	To   string `json:"to,omitempty"`
	// Seq is the frame's place on the pipe, from 1 on, and More tells that the message
	// goes on in the next one. Seen is how many of the other's have come, without a gap.
	Seq  uint64 `json:"seq,omitempty"`
	More bool   `json:"more,omitempty"`
	Seen uint64 `json:"seen,omitempty"`
}

// frame is what travels as one message of NATS.
type frame struct {
	head
	body []byte
}

// Limits of what is believed: a frame stays well below the 1 MB that a server of NATS
// takes by default, and a head names sessions and versions, no more.
const (
	mostBody  = 256 << 10
	mostHead  = 1 << 10
	mostWords = 64 // characters of a session or a version
)

// errForged is what becomes of a frame that somebody has written who has another
// token, or none.
var errForged = errors.New("the message was not written with this token")

// seal writes a frame: HMAC-SHA256 by the key, over all that follows; a line of JSON;
// the body.
func (f *frame) seal(key []byte) []byte {
	f.Protocol = Protocol
	line, _ := json.Marshal(f.head) // strings and numbers
	out := make([]byte, sha256.Size, sha256.Size+len(line)+1+len(f.body))
	out = append(append(append(out, line...), '\n'), f.body...)
	copy(out, sign(key, out[sha256.Size:]))
	return out
}

func sign(key, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)
}

// open reads a frame; the body lies in the message's own bytes. One of another
// protocol is handed back with its head alone, so that it can be told of.
func open(key, text []byte) (f frame, err error) {
	if len(text) < sha256.Size || !hmac.Equal(text[:sha256.Size], sign(key, text[sha256.Size:])) {
		return f, errForged
	}
	text = text[sha256.Size:]
	end := bytes.IndexByte(text[:min(len(text), mostHead)], '\n')
	if end < 0 {
		return f, errors.New("the message has no head")
	}
	if err := json.Unmarshal(text[:end], &f.head); err != nil {
		return frame{}, fmt.Errorf("the message's head cannot be read: %w", err)
	}
	f.body = text[end+1:]
	switch {
	case len(f.From) > mostWords || len(f.To) > mostWords || len(f.Program) > mostWords:
		return frame{}, errors.New("the message's head is too long")
	case f.Protocol != Protocol:
		return frame{head: f.head}, nil
	case len(f.body) > mostBody:
		return frame{}, fmt.Errorf("the message has %d bytes, %d are the most", len(f.body), mostBody)
	}
	return f, nil
}
