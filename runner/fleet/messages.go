package fleet

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"plimsoll/runner/result"
	"plimsoll/target/plain"
)

// The bodies of messages. What an order says, what was recorded and how it ended is
// package runner's, and not understood here.

// introduction is an agent's join.
type introduction struct {
	Name    string         `json:"name"`
	Index   int            `json:"index"` // its place, where whoever started it gave it one; -1: none did
	Machine result.Machine `json:"machine"`
	// Kept is what it hands over of what it has carried out before; nil: it would load.
	Kept *Kept `json:"kept,omitempty"`
}

// answer is what a coordinator says to it.
type answer struct {
	Why string `json:"why,omitempty"` // it is refused
	// Final tells that it always will be.
	Final bool `json:"final,omitempty"`
}

// Plan is what is sent of a scenario file: its text, and the files that it names, by
// their paths from its folder. Values of the environment are not in it.
type Plan struct {
	Name  string            `json:"name"`
	Text  []byte            `json:"text"`
	Files map[string][]byte `json:"files,omitempty"`
	Seed  uint64            `json:"seed"`
	// Trials are how many both sides must find in it.
	Trials int `json:"trials"`
}

// Command is an order: the share of one trial.
type Command struct {
	// Number counts the orders of a run, from 1 on.
	Number uint64 `json:"number"`
	// Share is which of the Shares it is.
	Share  int `json:"share"`
	Shares int `json:"shares"`
	// Order is which trial.
	Order json.RawMessage `json:"order"`
}

// report is what an agent says of an order.
type report struct {
	Number uint64 `json:"number"`
	// Why it cannot go on, or ended before its time.
	Why string `json:"why,omitempty"`
	// Cut tells of a share that was carried out before, and kept, that it was cut short,
	// and how.
	Cut string `json:"cut,omitempty"`
	// Body is what was recorded, or how it ended; of a plan that was understood, the
	// orders of which an agent has kept something, where that is what it hands over. It
	// stands behind the JSON, after the end of its line, as it is.
	Body []byte `json:"-"`
}

func (r report) append() []byte {
	line, _ := json.Marshal(r) // a number and a text
	return append(append(line, '\n'), r.Body...)
}

// readReport reads what append wrote; the body lies in the message's own bytes.
func readReport(k kind, body []byte) (report, error) {
	line, behind, _ := bytes.Cut(body, []byte{'\n'})
	r, err := read[report](k, line)
	if len(behind) > 0 {
		r.Body = behind
	}
	return r, err
}

// parting is the last word.
type parting struct {
	// Saved tells that the result is written: nobody needs what was kept of it.
	Saved bool `json:"saved,omitempty"`
}

// begin is when a share begins.
type begin struct {
	Number uint64        `json:"number"`
	At     time.Duration `json:"at"` // of the agent's clock
}

// about is an order, by its number.
type about struct {
	Number uint64 `json:"number"`
}

// stopping ends an order.
type stopping struct {
	Number uint64 `json:"number"`
	AtOnce bool   `json:"at_once,omitempty"`
}

// values are those that a setup has set.
type values struct {
	Number uint64 `json:"number"`
	Body   []byte `json:"body"`
}

// Limits of names and reasons, in characters: they are shown to people.
const (
	mostName = 100
	mostWhy  = 4000
)

// sum tells this plan from any other: its text, its files and its seed. Nobody finds
// those from it.
func (p *Plan) sum() string {
	text, _ := json.Marshal(Plan{Text: p.Text, Files: p.Files, Seed: p.Seed, Trials: p.Trials}) // bytes and numbers
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// read reads a message's body, of which k tells what it should be.
func read[T any](k kind, body []byte) (message T, err error) {
	if err = json.Unmarshal(body, &message); err != nil {
		err = fmt.Errorf("the message %q cannot be read: %w", k, err)
	}
	return message, err
}

// check tells what cannot be of whoever introduces itself, and keeps what it says of
// its machine as short as people read.
func (in *introduction) check() error {
	m := &in.Machine
	if m.CPUs < 0 || m.CPUs > mostCPUs || m.MemoryBytes < 0 {
		return fmt.Errorf("a machine of %d processors and %d bytes is none", m.CPUs, m.MemoryBytes)
	}
	for _, text := range []*string{&m.OS, &m.Arch, &m.CPUModel, &m.Go} {
		*text = plain.Clip(*text, mostName)
	}
	return named(in.Name)
}

// mostCPUs is how many processors a machine may say that it has.
const mostCPUs = 1 << 20

// named checks an agent's name.
func named(name string) error {
	if name == "" || len(name) > mostName {
		return fmt.Errorf("an agent's name has 1 to %d characters", mostName)
	}
	for _, r := range name {
		if !plain.Harmless(r) || r < ' ' {
			return errors.New("an agent's name has no control characters")
		}
	}
	return nil
}

// clip keeps a reason as long as people read.
func clip(why string) string {
	if len(why) > mostWhy {
		return why[:mostWhy] + " …"
	}
	return why
}
