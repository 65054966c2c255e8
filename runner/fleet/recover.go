package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Recover hands over what agents have kept in the folder Keep, to a coordinator that
// recovers (Options.Recover): of each plan the shares of the run that began last. It
// loads nothing, and ends with the first coordinator that it has served, or with ctx.
// What was handed over is removed when that coordinator has written the result.
func (a Agent) Recover(ctx context.Context) error {
	files, left := keptIn(a.Keep)
	defer func() {
		for _, k := range files {
			_ = k.file.Close()
		}
	}()
	for _, why := range left {
		a.note(why)
	}
	if len(files) == 0 {
		return fmt.Errorf("nothing is kept in %s that could be handed over", a.Keep)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(files))
	for _, k := range files {
		a.note(fmt.Sprintf("to be handed over: share %d of %d of %s, begun at %s, recorded by %s", k.Share, k.Shares, k.File, k.began(), k.Agent))
		one := a
		one.Name, one.Index, one.Once, one.Keep, one.hands = k.Agent, k.Share, true, "", k
		one.Work = replay{k}
		go func() { ended <- one.Run(ctx) }()
	}
	var all error
	for k := range files {
		all = errors.Join(all, <-ended)
		if k == 0 { // the others end with it, or were not wanted
			time.AfterFunc(Silence, cancel)
		}
	}
	return all
}

// told is what an agent tells of a file: the orders of which it has records.
func (k *keptFile) told() []byte {
	orders := []json.RawMessage{}
	for order := range k.orders {
		orders = append(orders, json.RawMessage(order))
	}
	text, _ := json.Marshal(orders) // all of them were valid
	return text
}

// replay is the work of an agent that hands over what it has carried out before.
type replay struct{ *keptFile }

// Take refuses any other plan.
func (r replay) Take(p Plan) (Job, error) {
	if p.sum() != r.Plan {
		return nil, otherPlan(&r.Kept, p.Name)
	}
	return r, nil
}

// otherPlan is why what was kept of one plan is nothing of another.
func otherPlan(k *Kept, name string) error {
	return fmt.Errorf("what agent %s has kept is of another plan than this %s: of %s, begun at %s; the text of the file, the files that it names and the seed (--seed) must be what they were", k.Agent, name, k.File, k.began())
}

func (replay) Close() {}

// cutShort is how a share was cut short that is handed over.
type cutShort struct{ how string }

func (c cutShort) Error() string { return c.how }

// Carry hands over what was recorded of an order, and how it had ended.
func (r replay) Carry(ctx, atOnce context.Context, c Command, d Desk) (end []byte, err error) {
	from := r.of(c.Order)
	if from == nil {
		return nil, errors.New("nothing is kept of that trial")
	}
	if _, _, err := d.Ready(ctx, nil); err != nil {
		return nil, err
	}
	for atOnce.Err() == nil {
		switch about, body, ok := from.next(); {
		case ok && about == recordsMore:
			d.Send(body)
		case ok && about == endsTrial:
			return endedAs(body)
		default: // the file ends, or its next trial begins
			return nil, cutShort{"how its share ended was not kept"}
		}
	}
	return nil, cutShort{"what it had kept was not handed over"}
}

// endedAs is how a share had ended.
func endedAs(body []byte) ([]byte, error) {
	var e keptEnd
	switch err := json.Unmarshal(body, &e); {
	case err != nil:
		return nil, cutShort{"how its share ended cannot be read"}
	case e.Cut != "":
		return e.Body, cutShort{e.Cut}
	case e.Why != "":
		return e.Body, errors.New(e.Why)
	}
	return e.Body, nil
}

// recovering is what a coordinator knows of the run that it recovers.
type recovering struct {
	kept *Kept           // of the first agent; nil: there is none yet
	told map[string]bool // why others were refused
}

// judgeKept tells why what an agent hands over is not taken; "": it is.
func (c *Coordinator) judgeKept(k *Kept) string {
	of := c.recovering.kept
	switch err := k.check(); {
	case err != nil:
		return err.Error()
	case k.Program != c.Program:
		return fmt.Sprintf("what agent %s has kept was recorded by version %s, here is version %s: take the same to recover it", k.Agent, k.Program, c.Program)
	case k.Plan != c.Plan.sum():
		return otherPlan(k, c.Plan.Name).Error()
	case c.Agents > k.Shares:
		return fmt.Sprintf("what agent %s has kept is share %d of %d, so no %d agents can hand something over: write --agents %d", k.Agent, k.Share, k.Shares, c.Agents, k.Shares)
	case of == nil:
		return ""
	case of.Session != k.Session || of.Shares != k.Shares:
		return fmt.Sprintf("what agent %s has kept is of another run, begun at %s: this takes that of %s", k.Agent, k.began(), of.began())
	}
	for _, m := range c.members {
		if m.Kept.Share == k.Share {
			return fmt.Sprintf("share %d has been handed over already, by agent %s", k.Share, m.Name)
		}
	}
	return ""
}

// refuseKept tells people once why something is not taken.
func (c *Coordinator) refuseKept(why string) {
	if !c.recovering.told[why] && len(c.recovering.told) < 100 {
		c.recovering.told[why] = true
		c.note("refused: %s", why)
	}
}

// fillIn puts shares in their places that nobody hands over.
func (c *Coordinator) fillIn() {
	all := make([]*member, c.recovering.kept.Shares)
	for _, m := range c.members {
		all[m.Kept.Share] = m
	}
	var none []string
	for k := range all {
		if all[k] == nil {
			name := fmt.Sprintf("share %d", k)
			none = append(none, name)
			all[k] = &member{peer: peer{link: c.link}, introduction: introduction{Name: name}, planned: true, absent: true, lost: "nobody has handed over what it had kept"}
		}
	}
	c.members = all
	if none != nil {
		c.note("nobody hands over %s", strings.Join(none, ", "))
	}
	c.note("recovering the run of %s that began at %s", c.recovering.kept.File, c.recovering.kept.began())
}

// has takes in of which orders an agent has kept something.
func (m *member) has(body []byte) error {
	var orders []json.RawMessage
	if err := json.Unmarshal(body, &orders); err != nil || len(orders) > mostTrials {
		return errors.New("it does not tell what it has kept")
	}
	m.kept = map[string]bool{}
	for _, order := range orders {
		m.kept[string(order)] = true
	}
	return nil
}

// Began is when the run began that is recovered, by its agents' times of day.
func (c *Coordinator) Began() time.Time {
	first := time.Now()
	for _, m := range c.members {
		if m.Kept != nil && m.Kept.Began.Before(first) {
			first = m.Kept.Began
		}
	}
	return first
}
