package nats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
)

// refusal is why JetStream has not kept a message, with the number that it gives
// to that.
type refusal struct {
	code int
	text string
}

func (r *refusal) Error() string { return r.text }

// refused tells whether an acknowledgement is none.
func refused(answer []byte) error {
	if !bytes.Contains(answer, []byte(`"error"`)) && bytes.HasPrefix(answer, []byte(`{"stream":`)) {
		return nil
	}
	var ack struct {
		Stream string
		Error  *struct {
			Code        int `json:"err_code"`
			Description string
		}
	}
	switch err := json.Unmarshal(answer, &ack); {
	case err != nil || ack.Stream == "" && ack.Error == nil:
		return fmt.Errorf("what came is no acknowledgement of JetStream: %.60q", answer)
	case ack.Error != nil:
		return &refusal{ack.Error.Code, ack.Error.Description}
	}
	return nil
}

// What a stream that we make keeps at the most: what is over goes, the oldest
// first.
const (
	mostMessages = 1_000_000
	mostBytes    = 64 << 20
)

// keep sees to it that a stream keeps what is published under a subject: one that
// is there, or else one of ours, in memory, which is gone with the trial.
func (b *broker) keep(subject string) error {
	c, err := b.connect(nil)
	if err != nil {
		return fmt.Errorf("cannot ask the broker for its streams: %s", b.Scrub(reasonOf(err)))
	}
	defer c.Close()
	js, err := c.JetStream(nats.MaxWait(b.Client.Timeout))
	if err != nil {
		return err
	}
	switch name, err := js.StreamNameBySubject(subject); {
	case err == nil && name != "":
		return nil
	case errors.Is(err, nats.ErrJetStreamNotEnabled):
		return errors.New("the broker has no JetStream, and so acknowledges nothing: start it with -js, or write jetstream: false")
	case !errors.Is(err, nats.ErrNoMatchingStream):
		return fmt.Errorf("cannot ask the broker for the stream of %s: %s", subject, reasonOf(err))
	}
	name := "plimsoll-" + nuid.Next()
	_, err = js.AddStream(&nats.StreamConfig{Name: name, Subjects: []string{subject}, Storage: nats.MemoryStorage, MaxMsgs: mostMessages, MaxBytes: mostBytes, Discard: nats.DiscardOld})
	if err != nil {
		return fmt.Errorf("cannot make a stream for %s: %s", subject, reasonOf(err))
	}
	b.made = append(b.made, name)
	return nil
}

// clear removes the streams that are ours.
func (b *broker) clear() {
	if len(b.made) == 0 {
		return
	}
	c, err := b.connect(nil)
	if err != nil {
		return // with the broker, or its memory, they are gone
	}
	defer c.Close()
	if js, err := c.JetStream(nats.MaxWait(b.Client.Timeout)); err == nil {
		for _, name := range b.made {
			_ = js.DeleteStream(name)
		}
	}
}

// pattern is a subject under which all messages of a call are: each word in which
// a value stands is any word.
func (c *Call) pattern() string {
	if text, constant := c.Subject.Constant(); constant {
		return text
	}
	words := strings.Split(c.Subject.String(), ".")
	var all []string
	open := false
	for _, w := range words { // ${a.b} has dots of its own
		opens := strings.LastIndex(w, "${") > strings.LastIndex(w, "}")
		switch {
		case open:
			open = !strings.Contains(w, "}") || opens
		case strings.Contains(w, "${"):
			all, open = append(all, "*"), opens
		default:
			all = append(all, w)
		}
	}
	return strings.Join(all, ".")
}
