package serve

import (
	"context"
	"io"
	nethttp "net/http"
	"strconv"
	"strings"
	"time"

	"plimsoll/target/chat"
	"plimsoll/target/sim"
)

// mostPrompt is how large the body of a request may be that asks for a stream.
const mostPrompt = 16 << 20

// stream answers a call event by event, each when the model says so. What has
// come due by the same time is written together.
func (h *handler) stream(w nethttp.ResponseWriter, r *nethttp.Request, asked *sim.Asked) {
	prompt, ok := h.prompt(w, r)
	if !ok {
		return
	}
	answer := asked.Answer(chat.Wished(strings.Join(r.Header.Values("Accept"), ","), prompt))
	w.Header().Set("Content-Type", answer.Type())
	w.Header().Set("Cache-Control", "no-store")
	if answer.Form == chat.Whole {
		h.whole(w, r.Context(), asked, &answer)
		return
	}
	s := stream{client: nethttp.NewResponseController(w), to: w, patience: h.patience.body}
	rest, n := h.pacer.sleeps(r.Context()), int64(0)
	for due := range asked.Events.Due {
		if until := h.began.Add(due); time.Now().Before(until) {
			s.send()
			if !rest.sleep(until) {
				panic(nethttp.ErrAbortHandler) // nobody waits for more
			}
		}
		s.text = answer.AppendEvent(s.text, n)
		if n++; len(s.text) >= piece {
			s.send()
		}
	}
	s.send()
	_ = s.client.SetWriteDeadline(time.Time{})
}

// whole answers a call at once, when its stream would have ended.
func (h *handler) whole(w nethttp.ResponseWriter, client context.Context, asked *sim.Asked, answer *chat.Answer) {
	if !h.pacer.sleep(client, h.began.Add(asked.At)) {
		panic(nethttp.ErrAbortHandler)
	}
	text := answer.Append(nil)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text)
}

// prompt is the body of a request; false: it is too large, and has been refused.
func (h *handler) prompt(w nethttp.ResponseWriter, r *nethttp.Request) ([]byte, bool) {
	if r.Body == nethttp.NoBody {
		return nil, true
	}
	body, err := io.ReadAll(io.LimitReader(h.body(w, r), mostPrompt+1))
	if err != nil {
		panic(nethttp.ErrAbortHandler) // net/http would wait for the rest
	}
	if len(body) > mostPrompt {
		refuse(w, "a request for a stream takes bodies of at most %d bytes", mostPrompt)
		return nil, false
	}
	_ = nethttp.NewResponseController(w).SetReadDeadline(time.Time{})
	return body, true
}

// stream is the way of an answer to its client, who must not hold it up for
// longer than the patience.
type stream struct {
	client   *nethttp.ResponseController
	to       io.Writer
	patience time.Duration
	renewed  time.Time // when the client was last given as long
	text     []byte    // not yet sent
}

// send has the client get what is written so far, if there is any.
func (s *stream) send() {
	if len(s.text) == 0 {
		return
	}
	if now := time.Now(); now.Sub(s.renewed) > s.patience/4 {
		_ = s.client.SetWriteDeadline(now.Add(s.patience))
		s.renewed = now
	}
	_, err := s.to.Write(s.text)
	if err == nil {
		err = s.client.Flush()
	}
	if err != nil {
		panic(nethttp.ErrAbortHandler) // the client is gone, or does not read
	}
	s.text = s.text[:0]
}
