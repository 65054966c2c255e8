package runner_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	peers "golang.org/x/net/http2"

	"plimsoll/runner"
	"plimsoll/runner/result"
)

// mute is a server that answers nobody. It counts who asks, and who takes leave: over
// HTTP/2 by a reset of the stream that says so (CANCEL), else by the connection's end.
type mute struct {
	url                 string
	asked, left, astray atomic.Int64 // astray: other resets, and connections that ended under a stream
}

func beMute(t *testing.T, by web) *mute {
	t.Helper()
	s := &mute{}
	if strings.Contains(by.engine, `"2"`) {
		s.overStreams(t, by.secure)
		return s
	}
	server := by.serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		<-r.Context().Done()
		s.left.Add(1)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *mute) overStreams(t *testing.T, secure bool) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s.url = "http://" + listener.Addr().String()
	if secure {
		sample := httptest.NewUnstartedServer(nil)
		sample.StartTLS()
		config := sample.TLS.Clone()
		sample.Close()
		config.NextProtos = []string{"h2"}
		s.url = "https://" + listener.Addr().String()
		listener = tls.NewListener(listener, config)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.hear(conn)
		}
	}()
}

func (s *mute) hear(conn net.Conn) {
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, len(peers.ClientPreface))); err != nil {
		return
	}
	frames, open := peers.NewFramer(conn, conn), 0
	_ = frames.WriteSettings()
	for {
		frame, err := frames.ReadFrame()
		if err != nil {
			s.astray.Add(int64(open))
			return
		}
		switch f := frame.(type) {
		case *peers.SettingsFrame:
			if !f.IsAck() {
				_ = frames.WriteSettingsAck()
			}
		case *peers.PingFrame:
			if !f.IsAck() {
				_ = frames.WritePing(true, f.Data)
			}
		case *peers.HeadersFrame:
			s.asked.Add(1)
			open++
		case *peers.RSTStreamFrame:
			if open--; f.ErrCode == peers.ErrCodeCancel {
				s.left.Add(1)
			} else {
				s.astray.Add(1)
			}
		}
	}
}

// Calls that are given up are given up at the server, however that comes: the drain is
// over, a time-out, an interrupt, an error that stops the trial. It has been asked as
// often as is told, once for each call, over HTTP/2 it hears CANCEL for each stream.
func TestServersHearOfCallsThatAreGivenUp(t *testing.T) {
	for _, by := range append(everyWeb, web{`std, http: "2"`, false}) {
		for name, c := range map[string]struct {
			more, scenario string
			interrupt      bool
			class          string
			ended          result.Ending
		}{
			"drain":     {"", "duration: 300ms, drain: 500ms, modes: [{rate-limited: 50/s}]", false, "", result.Complete},
			"time-out":  {", timeout: 1s", "requests: 10, modes: [{concurrent: 5}]", false, "timeout", result.Complete},
			"interrupt": {"", "requests: 50, modes: [{concurrent: 5}]", true, "", result.Interrupted},
			"an error":  {", timeout: 1s", "requests: 100, drain: 0s, on_error: stop, modes: [{rate-limited: 20/s}]", false, "timeout", result.Stopped},
		} {
			t.Run(by.engine+"/"+name, func(t *testing.T) {
				t.Parallel()
				told := ""
				for range 5 { // on a busy machine some are given up while they connect
					if told = testGivenUp(t, by, c.more, c.scenario, c.interrupt, c.class, c.ended); told == "" {
						return
					}
				}
				t.Errorf("each of five times %s", told)
			})
		}
	}
}

// testGivenUp tells what came of a trial in which the server was not asked for every call.
func testGivenUp(t *testing.T, by web, more, scenario string, interrupt bool, class string, ended result.Ending) (told string) {
	s := beMute(t, by)
	plan := parse(t, fmt.Sprintf("targets: {t: {http: {url: %q, engine: %s%s}}}\nscenarios: [{name: s, target: t, %s}]\n", s.url, by.engine, more, scenario))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if interrupt {
		go func() {
			for s.asked.Load() < 5 && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
	}
	run, err := runner.Run(ctx, ctx, runner.Options{Plan: plan, Save: func(*result.Run) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	trial := &run.Trials[0]
	gone := func() int64 { // net/http may close the connection before it has said so
		if strings.HasPrefix(by.engine, "std") {
			return s.left.Load() + s.astray.Load()
		}
		return s.left.Load()
	}
	for wait := 0; wait < 10_000 && gone() < trial.Attempts && (wait < 1_000 || gone() < s.asked.Load()); wait++ { // it hears a moment later
		time.Sleep(time.Millisecond)
	}
	asked := s.asked.Load()
	if asked > trial.Attempts || gone() != asked || trial.Started != trial.Attempts || trial.Resent > 0 {
		t.Fatalf("%d started, %d attempts; the server was asked %d times, %d took leave, %d otherwise", trial.Started, trial.Attempts, asked, s.left.Load(), s.astray.Load())
	}
	if trial.Ended != ended || trial.OK > 0 || trial.Cancelled+trial.Errors[class].Count != trial.Started {
		t.Fatalf("ended %s (%s): %d cancelled, %+v", trial.Ended, trial.Reason, trial.Cancelled, trial.Errors)
	}
	if asked < trial.Attempts || asked < 5 {
		return fmt.Sprintf("%d attempts, and the server was asked %d times", trial.Attempts, asked)
	}
	return ""
}
