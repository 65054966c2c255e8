package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/target/chat"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

// heard is an event as a client got it.
type heard struct {
	at   time.Time
	data string
}

// listen asks for a page over a connection of its own, and stamps every event of
// the answer when it has come. It reads HTTP/1.1 and its chunks by itself.
func listen(conn net.Conn, request string) (head string, events []heard, err error) {
	if _, err := io.WriteString(conn, request); err != nil {
		return "", nil, err
	}
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return head, nil, err
		}
		if head += line; line == "\r\n" {
			break
		}
	}
	text := ""
	for {
		size, err := r.ReadString('\n')
		if err != nil {
			return head, events, err
		}
		n, err := strconv.ParseInt(strings.TrimSpace(size), 16, 32)
		if err != nil {
			return head, events, err
		}
		chunk := make([]byte, n+2)
		if _, err := io.ReadFull(r, chunk); err != nil || n == 0 {
			return head, events, err
		}
		at := time.Now()
		text += string(chunk[:n])
		for {
			event, rest, whole := strings.Cut(text, "\n\n")
			if !whole {
				break
			}
			text = rest
			events = append(events, heard{at, strings.TrimPrefix(event, "data: ")})
		}
	}
}

func asking(body string) string {
	if body == "" {
		return "GET /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n"
	}
	return fmt.Sprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// spoken is an event of a stream as a client reads it.
type spoken struct {
	Choices []struct {
		Delta struct {
			Content string `json:"content"`
		} `json:"delta"`
	} `json:"choices"`
}

func hasContent(t testing.TB, data string) bool {
	t.Helper()
	var c spoken
	if err := json.Unmarshal([]byte(data), &c); err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	return len(c.Choices) > 0 && c.Choices[0].Delta.Content != ""
}

// No event comes before it is due, by the client's own clock; there are as many as
// the model says, and what ends the stream comes with the last.
func TestStreamsComeWhenTheyAreDue(t *testing.T) {
	const first, gap, events = 60 * time.Millisecond, 15 * time.Millisecond, 8
	address := strings.TrimPrefix(start(t, Options{Settings: simulated(t, fmt.Sprintf(`{stream: {first: %v, gap: %v, events: %d}}`, first, gap, events))}), "http://")
	var all sync.WaitGroup
	for i := range 20 {
		conn := dial(t, address, "")
		all.Go(func() {
			body := []string{"", `{"stream": true, "stream_options": {"include_usage": true}}`}[i%2]
			sent := time.Now()
			head, got, err := listen(conn, asking(body))
			ending := []string{"[DONE]"}
			if body != "" {
				ending = []string{"usage", "[DONE]"}
			}
			if err != nil || len(got) != events+1+len(ending) || !strings.HasPrefix(head, "HTTP/1.1 200 OK\r\n") {
				t.Errorf("%d events after %q, %v", len(got), head, err)
				return
			}
			for _, line := range []string{"Content-Type: text/event-stream\r\n", "Cache-Control: no-store\r\n", "Transfer-Encoding: chunked\r\n"} {
				if !strings.Contains(head, line) {
					t.Errorf("no %q in %q", line, head)
				}
			}
			for n, e := range got {
				if content := e.data != "[DONE]" && hasContent(t, e.data); content != (n < events) {
					t.Errorf("event %d is %q", n, e.data)
				}
				if due := first + time.Duration(min(n, events-1))*gap; e.at.Sub(sent) < due {
					t.Errorf("event %d came after %v, due after %v", n, e.at.Sub(sent), due)
				}
			}
			if last := got[events-1].at; !got[len(got)-1].at.Equal(last) {
				t.Errorf("the end came %v after the last event", got[len(got)-1].at.Sub(last))
			}
		})
	}
	all.Wait()
}

// The slots of a batch are served one after the other, over both versions of HTTP.
func TestServersAreTakenUntilTheLastEvent(t *testing.T) {
	const first, gap, events = 30 * time.Millisecond, 20 * time.Millisecond, 4
	for _, http2 := range []bool{false, true} {
		url, client := start(t, Options{Settings: simulated(t, fmt.Sprintf(`{servers: 1, stream: {first: %v, gap: %v, events: %d}}`, first, gap, events))}), newClient(t, http2)
		sent := time.Now()
		var ended [3]time.Duration
		var all sync.WaitGroup
		for i := range ended {
			all.Go(func() {
				answer, err := client.Get(url)
				if err != nil {
					t.Error(err)
					return
				}
				defer answer.Body.Close()
				body, err := io.ReadAll(answer.Body)
				if ended[i] = time.Since(sent); err != nil || strings.Count(string(body), `"content":"`) != events || answer.ProtoMajor != 1+min(1, map[bool]int{true: 1}[http2]) {
					t.Errorf("%s, %v: %q", answer.Proto, err, body)
				}
			})
		}
		all.Wait()
		slices.Sort(ended[:])
		for i, at := range ended {
			if due := time.Duration(i+1) * (first + (events-1)*gap); at < due {
				t.Errorf("stream %d ended after %v, due after %v", i, at, due)
			}
		}
	}
}

// What is sent is what the model in simulated time is said to answer.
func TestStreamsInEveryForm(t *testing.T) {
	url := start(t, Options{Settings: simulated(t, `{stream: {first: 1ms, gap: 1ms, events: {uniform: [2, 9]}}}`), Names: []string{"x"}})
	model := sim.New(simulated(t, `{stream: {first: 1ms, gap: 1ms, events: {uniform: [2, 9]}}}`), random.New(0, "x"))
	for n, c := range []struct{ accept, body, mime string }{
		{"", "", "text/event-stream"},
		{"application/x-ndjson", "", "application/x-ndjson"},
		{"", `{"stream": false, "messages": [{"role": "user", "content": "how are you?"}]}`, "application/json"},
		{"", `{"stream": true, "stream_options": {"include_usage": true}}`, "text/event-stream"},
		{"", "no JSON", "text/event-stream"},
	} {
		for _, http2 := range []bool{false, true} {
			request, err := nethttp.NewRequestWithContext(t.Context(), "POST", url+"/any/path", strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Accept", c.accept)
			answer, err := newClient(t, http2).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			asked := model.Ask(0, model.Way("/any/path"))
			expected := asked.Answer(chat.Wished(c.accept, []byte(c.body)))
			if err != nil || string(body) != string(expected.Append(nil)) || answer.Header.Get("Content-Type") != c.mime {
				t.Errorf("call %d: %s, %q, %v", n, answer.Header.Get("Content-Type"), body, err)
			}
		}
	}
}

// A stream beside failures, other answers, the endpoints and requests too large.
func TestStreamsBesideOthers(t *testing.T) {
	url, client := start(t, Options{Settings: simulated(t, `
answer: {json: plain}
routes:
  /v1/*: {stream: {events: 2}}
  /failing: {stream: {first: 10ms, gap: 1h, events: 2}, errors: {rate: 100%, kind: status-503}}
`)}), newClient(t, false)
	for path, want := range map[string]string{"/": `"plain"`, "/v1/x": "[DONE]", "/failing": "Service Unavailable", "/health": "OK", "/echo": `"GET"`} {
		if _, body := get(t, client, url+path); !strings.Contains(body, want) {
			t.Errorf("%s: %q, want %q", path, body, want)
		}
	}
	answer, err := client.Post(url+"/v1/x", "", strings.NewReader(strings.Repeat("x", mostPrompt+1)))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != nethttp.StatusBadRequest {
		t.Errorf("status %d for a body that is too large", answer.StatusCode)
	}
}

// inside tells when a handler has begun with a call, and when it has ended.
type inside struct {
	nethttp.Handler
	begun, ended chan struct{}
}

// newInside is for a single call.
func newInside(h nethttp.Handler) *inside {
	return &inside{h, make(chan struct{}, 1), make(chan struct{}, 1)}
}

func (i *inside) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	i.begun <- struct{}{}
	defer func() { i.ended <- struct{}{} }()
	i.Handler.ServeHTTP(w, r)
}

// streaming serves a handler of streams, in a wrapping that may be nil, until the
// test ends.
func streaming(t testing.TB, s sim.Settings, p patience, wrap func(nethttp.Handler) nethttp.Handler) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	pacer := newPacer(wait.DefaultSpin)
	calls, giveUp := context.WithCancel(context.Background())
	server := newServer(&handler{settings: s, pacer: pacer, stopping: calls.Done(), began: time.Now(), patience: p, model: sim.New(s, random.New(1))}, calls)
	server.Handler = wrap(server.Handler)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		giveUp()
		_ = server.Close()
		<-ended
		pacer.stop()
	})
	return listener.Addr().String()
}

// A handler ends as soon as its client has left, before the first event or in the
// middle, over both versions of HTTP; and where the client does not read.
func TestClientsLeaveStreams(t *testing.T) {
	for _, c := range []struct{ stream, form string }{
		{`{first: 1h, events: 2}`, ""},
		{`{gap: 1h, events: 2}`, ""},
		{`{gap: 1ms, events: 1M}`, ""},
		{`{first: 1h, events: 2}`, `{"stream": false}`},
	} {
		for _, http2 := range []bool{false, true} {
			var i *inside
			url := "http://" + streaming(t, simulated(t, `{stream: `+c.stream+`}`), usual, func(h nethttp.Handler) nethttp.Handler { i = newInside(h); return i })
			ctx, leave := context.WithCancel(t.Context())
			go func() {
				<-i.begun
				time.Sleep(50 * time.Millisecond)
				leave()
			}()
			request, err := nethttp.NewRequestWithContext(ctx, "POST", url, strings.NewReader(c.form))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := newClient(t, http2).Do(request)
			if err == nil {
				_, err = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}
			if err == nil {
				t.Errorf("%v: it ended", c)
			}
			<-i.ended // or the test does not
		}
	}
}

// What has been sent is there, however long the next event takes.
func TestEventsDoNotWaitForTheNext(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		url := start(t, Options{Settings: simulated(t, `{stream: {gap: 1h, events: 2}}`)})
		ctx, leave := context.WithCancel(t.Context())
		request, err := nethttp.NewRequestWithContext(ctx, "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := newClient(t, http2).Do(request) // else this takes an hour
		if err != nil {
			t.Fatal(err)
		}
		event, err := bufio.NewReader(answer.Body).ReadString('\n')
		if err != nil || !hasContent(t, strings.TrimPrefix(event, "data: ")) {
			t.Errorf("%q, %v", event, err)
		}
		leave()
		_ = answer.Body.Close()
	}
}

func TestClientsThatDoNotReadAreLeft(t *testing.T) {
	var i *inside
	address := streaming(t, simulated(t, `{stream: {events: 1M}}`), patience{head: time.Minute, idle: time.Minute, body: 200 * time.Millisecond},
		func(h nethttp.Handler) nethttp.Handler { i = newInside(h); return i })
	conn := dial(t, address, asking(""))
	one := make([]byte, 1)
	if _, err := conn.Read(one); err != nil {
		t.Fatal(err)
	}
	<-i.ended
}
