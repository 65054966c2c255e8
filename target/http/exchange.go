package http

import (
	"context"
	nethttp "net/http"
	"time"

	"plimsoll/target"
	"plimsoll/target/wire"
)

// exchanges sends a request, which has a place, until it is processed.
func (t *Target) exchanges(ctx, timed context.Context, at place, r *request, out *target.Outcome) *failure {
	for again, moves := false, 0; ; {
		before := out.Attempts
		f := t.send(timed, at, r, out)
		if again {
			out.Resent += out.Attempts - before
		}
		if f == nil {
			return nil
		}
		f.classify(ctx, timed)
		switch inTime := timed.Err() == nil; {
		case inTime && f.unsent && moves < mostMoves: // on a connection that was gone, or for others
			moves++
		case inTime && f.unprocessed() && !again:
			again = true
		default:
			out.Attempts = max(out.Attempts, before+1) // even if nothing could be sent
			return f
		}
		next, held, err := r.pool.take(timed, wish{once: r.once, besides: at.conn})
		out.Held += held
		if err != nil {
			f = &failure{stage: connecting, err: err}
			f.classify(ctx, timed)
			return f
		}
		at = next
	}
}

// send carries the request out on its connection.
func (t *Target) send(ctx context.Context, at place, r *request, out *target.Outcome) *failure {
	if err := at.connect(ctx, phasesOf(out)); err != nil {
		out.Ended = time.Now()
		if err != errMoved {
			out.Attempts++
		}
		return &failure{stage: connecting, err: err, unsent: err == errMoved}
	}
	out.Attempts++
	if err := ctx.Err(); err != nil { // net/http would send it all the same, now and then
		out.Ended = time.Now()
		at.pool.unused(at.conn, r.once)
		return &failure{stage: connecting, err: err}
	}
	var f *failure
	if at.link.tap != nil {
		f = t.exchangeTapped(at.conn, r, ctx, out)
	} else {
		f = t.exchangeStream(at.client, r, ctx, out)
		if o := at.link.opening; o != nil && f != nil && f.stage == awaiting {
			if why := o.foreign(); why != nil {
				f.class, f.err, f.unsent = target.Body, why, false
			}
		}
	}
	out.Ended = time.Now()
	if f != nil {
		f.kept, f.rested = at.reused, at.rested
		f.silent = f.silent || at.link.tap == nil && f.stage == awaiting && at.rested > 0
		if f.unsent = f.unsent && (at.reused || at.link.tap == nil); f.unsent {
			out.Attempts--
		}
		if unusable(f.err) {
			at.pool.retire(at.conn)
		}
	}
	if f == nil && at.pool.keep && !r.once && !at.shared {
		at.rest()
	}
	at.pool.used(at.conn, r.once)
	return f
}

// exchangeTapped sends the request over HTTP/1.1, reads the answer to its end
// and judges it.
func (t *Target) exchangeTapped(c *conn, r *request, ctx context.Context, out *target.Outcome) *failure {
	c.link.words.next(r)
	c.link.tap.expect(r.template.Method == nethttp.MethodHead, r.step)
	f := t.exchange(c.client, r.with(ctx), r.step)
	seen := c.link.tap.finish(r.size())
	out.BytesIn += seen.in
	out.BytesOut += seen.out
	if !seen.silent {
		phasesOf(out).Answer(seen.took)
	}
	if f = f.tapped(seen); r.step != nil {
		return t.conclude(r.step, seen.interim, f, out)
	}
	return f
}

// phasesOf are those of a call on its way.
func phasesOf(out *target.Outcome) *wire.Measured { return (*wire.Measured)(out.Parts.Phases) }

// exchange sends the request, reads the answer to its end and judges it.
func (t *Target) exchange(client *nethttp.ClientConn, r *nethttp.Request, s *step) *failure {
	answer, err := client.RoundTrip(r)
	if err != nil {
		return &failure{stage: awaiting, err: err}
	}
	if answer.StatusCode == nethttp.StatusSwitchingProtocols {
		_ = answer.Body.Close() // no body follows, but another protocol
		s.sees(answer, len(t.contains) == 0)
		return &failure{class: statusClass(answer.StatusCode), status: answer.StatusCode, whole: true}
	}
	read, err := t.drain(answer, s)
	return t.judge(answer, read, err)
}
