package nats

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"plimsoll/target/client"
	"plimsoll/target/kind"
	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// Action is how a message is published.
func Action() kind.Action {
	return kind.Action{
		Word: "publish", Sort: "a message to a broker",
		Doc:   "The message that is published, a text.",
		Shape: kind.Untyped(template.Shape("a message")),
		Keys: []kind.Key{
			kind.Keyed("subject", "Where it goes: names joined by dots, orders.${id}.", template.Shape("a subject")),
			kind.Keyed("wait_for", "What ends the call: acknowledged (default: the broker has kept the message), replied (somebody has answered), or consumed (it has come to a consumer of plimsoll's own).", setting.Word("what is waited for", waits()...)),
		},
		Call: func(r *setting.Reader, w *kind.Written) (kind.Call, bool) {
			if !w.At("subject").Given {
				r.Problem(w.At("publish").Pos, "publish needs a subject: write subject: orders.new beside it")
				return nil, false
			}
			c := &Call{}
			c.Publish = c.holes.Add(kind.Value[template.Template](w, "publish"))
			c.Subject = c.holes.Add(kind.Value[template.Template](w, "subject"))
			c.Wait = waiting(max(0, slices.Index(waits(), kind.Value[string](w, "wait_for"))))
			if err := checkSubject(c.Subject); err != nil {
				r.Problem(w.At("subject").Pos, "%v", err)
				return nil, false
			}
			return c, true
		},
	}
}

// checkSubject tells what is wrong with a subject.
func checkSubject(t template.Template) error {
	text := (&Call{Subject: t}).pattern()
	_, constant := t.Constant()
	words := strings.Split(text, ".")
	switch {
	case strings.ContainsAny(text, " \t\r\n"):
		return fmt.Errorf("%q is no subject: it has blanks in it, and names are joined by dots, orders.new", t)
	case slices.Contains(words, ""):
		return fmt.Errorf("%q is no subject: names are joined by single dots, orders.new", t)
	case constant && (slices.Contains(words, "*") || slices.Contains(words, ">")):
		return errors.New("a message goes to one subject, in which no * and no > stands for others")
	case words[0] == "*":
		return fmt.Errorf("%q may be any subject: begin it with a name, as in orders.${id}", t)
	}
	return nil
}

// mostReceivers bounds how many more connections get each message.
const mostReceivers = 100_000

// Shape is how a scenario file spells the target.
func Shape() setting.Shape[kind.Settings] {
	type written struct {
		url       setting.At[string]
		jetstream setting.At[bool]
		receivers int
		client    client.Settings
	}
	settings := func(r *setting.Reader, at setting.Pos, w written, own kind.Call) (kind.Settings, bool) {
		s := &Settings{URL: w.url.Value, JetStream: !w.jetstream.Given || w.jetstream.Value, Receivers: w.receivers, Client: w.client, Scrub: r.Scrub}
		ok := s.Client.Complete(r, s.URL == "")
		if own != nil {
			s.Own = own.(*Call)
			if err := s.fits(s.Own); err != nil {
				r.Problem(at, "%v", err)
				ok = false
			}
		}
		return s, ok
	}
	fields := append([]setting.Field[written]{
		setting.Key("url", "The broker's address, nats://HOST:4222. Default: plimsoll starts one of its own.", setting.Secret(setting.Located(address())), func(w *written) *setting.At[string] { return &w.url }),
		setting.Key("jetstream", "Whether messages are kept by a stream, and that is acknowledged. Where there is no stream of their subject, one is made in memory for the trial. Default true.", setting.Located(setting.Bool()), func(w *written) *setting.At[bool] { return &w.jetstream }),
		setting.Key("receivers", "So many more connections must get each message too; the call ends when the last one has. Default: none.", setting.Count(1, mostReceivers), func(w *written) *int { return &w.receivers }),
	}, client.Fields(func(w *written) *client.Settings { return &w.client })...)
	return kind.Target("a nats target", Action(), settings, fields...)
}

// fits tells what keeps a call from being made with these settings.
func (s *Settings) fits(c *Call) error {
	if c.Wait == acknowledgement && !s.JetStream {
		return errors.New("without JetStream nobody acknowledges a message: write wait_for: consumed or replied, or leave jetstream out")
	}
	return nil
}

func address() setting.Shape[string] {
	return setting.Where(setting.Text("an address such as nats://127.0.0.1:4222"), func(text string) error {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || !slices.Contains([]string{"nats", "tls"}, u.Scheme) {
			return errors.New("the url is no address of a broker: write one such as nats://127.0.0.1:4222, or tls://…")
		}
		return nil
	})
}
