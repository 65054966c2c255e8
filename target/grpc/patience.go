package grpc

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"plimsoll/target"
)

// patience bounds a call that blocks, or of a stream each event.
type patience struct {
	outer context.Context // whose end is that of all calls
	each  time.Duration
	timer *time.Timer
	end   context.CancelFunc
	over  atomic.Bool
}

func impatient(outer context.Context, usual time.Duration, p *prepared) (context.Context, *patience) {
	ctx, cancel := context.WithCancel(outer)
	w := &patience{outer: outer, each: usual, end: cancel}
	if p.bound > 0 {
		w.each = p.bound
	}
	if w.each > 0 {
		w.timer = time.AfterFunc(w.each, func() {
			w.over.Store(true)
			cancel()
		})
	}
	return ctx, w
}

// renew gives a stream its time anew.
func (w *patience) renew() {
	if w.timer != nil {
		w.timer.Reset(w.each)
	}
}

func (w *patience) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
	w.end()
}

// connecting is how long a call took to have a connection, unless there was one.
type connecting struct {
	began, lasted atomic.Int64
	kept          atomic.Bool
}

func (c *connecting) trace() *httptrace.ClientTrace {
	start := time.Now()
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.began.CompareAndSwap(0, int64(time.Since(start))+1) },
		GotConn: func(info httptrace.GotConnInfo) {
			if info.Reused {
				c.kept.Store(true)
				return
			}
			c.lasted.CompareAndSwap(0, max(1, int64(time.Since(start))+1-c.began.Load()))
		},
	}
}

func (c *connecting) took() time.Duration {
	if took := c.lasted.Load(); took > 0 {
		return time.Duration(took)
	}
	return target.None
}

// resetStream is the error of net/http for a stream that was reset, which fits any
// type with the same fields (errors.As).
type resetStream struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (r resetStream) Error() string { return r.name() }

// names are those of the codes of HTTP/2 (RFC 9113, 7).
var names = [...]string{
	"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
	"REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
}

func (r resetStream) name() string {
	if int(r.Code) < len(names) {
		return names[r.Code]
	}
	return fmt.Sprintf("error %d", r.Code)
}
