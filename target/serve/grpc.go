package serve

import (
	"cmp"
	"context"
	"encoding/binary"
	"io"
	nethttp "net/http"
	"strings"
	"time"

	"plimsoll/target/sim"
)

// methods answer calls of gRPC, each when the model says so: plimsoll.Echo/Say says
// the message back, and plimsoll.Echo/Tell says it as often as the model's stream has
// events, else three times; grpc.health.v1.Health/Check answers at once that the
// server serves, and reflection what these are. What the model has fail: rejected is
// RESOURCE_EXHAUSTED, throttled UNAVAILABLE, reset resets the stream, timeout keeps
// silent, and a status of HTTP is one of HTTP.
type methods struct {
	*handler
	reflector *reflector // nil: nobody has described the server
}

// Statuses of gRPC.
const (
	fine          = "0"
	exhausted     = "8"
	notThere      = "12"
	notAMessage   = "13"
	notAvailable  = "14"
	tellsUnasked  = 3 // messages of Tell where the model has no stream
	ofMessage     = 5 // bytes in front of one
	mostOfMessage = 4 << 20
)

// ServeHTTP answers a call. What is none is the simulated server's over HTTP.
func (m methods) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	arrived := time.Now()
	if r.Method != nethttp.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		m.handler.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	if m.reflector != nil && reflects(r.URL.Path) {
		m.reflect(w, r)
		return
	}
	message, err := io.ReadAll(io.LimitReader(m.body(w, r), ofMessage+mostOfMessage+1))
	_ = nethttp.NewResponseController(w).SetReadDeadline(time.Time{})
	if err != nil {
		panic(nethttp.ErrAbortHandler)
	}
	if len(message) < ofMessage || len(message) > ofMessage+mostOfMessage || int(binary.BigEndian.Uint32(message[1:]))+ofMessage != len(message) {
		closeCall(w, notAMessage, "a call of this server has one message of up to 4 MB")
		return
	}
	switch r.URL.Path {
	case "/plimsoll.Echo/Say":
		m.say(w, r.Context(), arrived, message, 1)
	case "/plimsoll.Echo/Tell":
		m.say(w, r.Context(), arrived, message, tellsUnasked)
	case "/grpc.health.v1.Health/Check":
		const serving = "\x00\x00\x00\x00\x02\x08\x01" // HealthCheckResponse{status: SERVING}
		_, _ = io.WriteString(w, serving)
		closeCall(w, fine, "")
	default:
		closeCall(w, notThere, "this server has plimsoll.Echo/Say, plimsoll.Echo/Tell and grpc.health.v1.Health/Check")
	}
}

// closeCall ends a call with a status.
func closeCall(w nethttp.ResponseWriter, status, text string) {
	w.Header().Set(nethttp.TrailerPrefix+"Grpc-Status", status)
	if text != "" {
		w.Header().Set(nethttp.TrailerPrefix+"Grpc-Message", text)
	}
}

// say answers with the message, so often where the model does not say.
func (m methods) say(w nethttp.ResponseWriter, client context.Context, arrived time.Time, message []byte, times int) {
	asked := m.arrive(arrived, m.model.Way("/"))
	if times > 1 && asked.Events != nil && asked.Class == "" {
		m.tell(w, client, &asked, message)
		return
	}
	if !m.pacer.sleep(client, m.began.Add(asked.At)) {
		panic(nethttp.ErrAbortHandler)
	}
	switch asked.Class {
	case "":
	case string(sim.Reset):
		panic(nethttp.ErrAbortHandler)
	case string(sim.Timeout):
		m.keepSilent(client)
		return
	case "rejected":
		closeCall(w, exhausted, "the server's waiting room is full")
		return
	case "throttled":
		closeCall(w, notAvailable, "over the server's quota")
		return
	default:
		w.Header().Del("Content-Type")
		w.WriteHeader(cmp.Or(sim.ErrorKind(asked.Class).Status(), nethttp.StatusInternalServerError))
		return
	}
	for range times {
		_, _ = w.Write(message)
	}
	closeCall(w, fine, "")
}

// tell sends the message whenever an event is due.
func (m methods) tell(w nethttp.ResponseWriter, client context.Context, asked *sim.Asked, message []byte) {
	s := stream{client: nethttp.NewResponseController(w), to: w, patience: m.patience.body}
	rest := m.pacer.sleeps(client)
	for due := range asked.Events.Due {
		if until := m.began.Add(due); time.Now().Before(until) {
			s.send()
			if !rest.sleep(until) {
				panic(nethttp.ErrAbortHandler)
			}
		}
		if s.text = append(s.text, message...); len(s.text) >= piece {
			s.send()
		}
	}
	s.send()
	_ = s.client.SetWriteDeadline(time.Time{})
	closeCall(w, fine, "")
}
