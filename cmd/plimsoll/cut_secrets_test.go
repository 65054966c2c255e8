package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const cutSecret = "hunter2-correct-horse-battery"

// A secret that is cut off with the text that holds it leaves nothing either:
// in a line of a head that is quoted, in a body's beginning, or in what a server
// says in its end.
func TestACutSecretLeavesNothing(t *testing.T) {
	t.Setenv("SECRET_TOKEN", cutSecret)
	x := func(n int) string { return strings.Repeat("x", n) }
	long := strings.Repeat("%20", 300) + x(90) + cutSecret + x(2000-1000-19)
	word := x(120) + cutSecret + x(151)
	for what, answers := range map[string]struct{ one, two string }{ // of HTTP/1.1, of HTTP/2
		"a bad line":   {"HTTP/1.1 200 OK\r\n" + x(70) + cutSecret + " no header\r\n\r\n", ""},
		"a long body":  {"HTTP/1.1 500 No\r\nContent-Length: 2000\r\n\r\n" + long, head2("500", "a", "b") + body2(long)},
		"a long word":  {"HTTP/1.1 500 No\r\nContent-Length: 300\r\n\r\n" + word, head2("500", "a", "b") + body2(word)},
		"in base64":    {"HTTP/1.1 200 OK\r\n" + x(60) + base64.StdEncoding.EncodeToString([]byte("user:"+cutSecret)) + " no header\r\n\r\n", ""},
		"a bad value":  {"", head2("200", "a", x(70)+cutSecret+"\x01")},
		"a bad name":   {"", head2("200", "X"+x(70)+cutSecret, "")},
		"an odd field": {"", head2("200", ":"+x(70)+cutSecret, "")},
		"a bad status": {"", head2(x(70)+cutSecret, "a", "")},
		"in its end":   {"", frame2(7, 0, 0, "\x00\x00\x00\x00\x00\x00\x00\x02"+x(70)+cutSecret)},
		"no HTTP/2":    {"", "no HTTP: " + cutSecret},
	} {
		var targets, scenarios strings.Builder
		trials := 0
		for i, way := range ways[:len(ways)-1] {
			answer := answers.one
			if strings.HasPrefix(way.name, "HTTP 2") {
				answer = answers.two
			}
			if answer == "" {
				continue
			}
			trials++
			fmt.Fprintf(&targets, "  t%d: {http: {url: \"%s://%s/\", headers: {X-Token: \"${SECRET_TOKEN}\"}, %s}}\n", i, way.scheme(), parrot(t, way, answer), way.settings)
			fmt.Fprintf(&scenarios, "  - {name: s%d, target: t%[1]d, requests: 1, modes: [sequential]}\n", i)
		}
		dir := folder(t, "targets:\n"+targets.String()+"scenarios:\n"+scenarios.String())
		end := plimsoll(t, dir, "run", "s.yaml")
		shown := end.stdout + end.stderr
		for _, content := range written(t, dir) {
			shown += content
		}
		run := latest(t, dir)
		if len(run.Trials) != trials || trials == 0 {
			t.Fatalf("%s: %s", what, end.stderr)
		}
		for _, trial := range run.Trials {
			if trial.Failed() != 1 {
				t.Errorf("%s: %d ok by %s", what, trial.OK, trial.Engine)
			}
		}
		for _, part := range []string{cutSecret[:4], base64.StdEncoding.EncodeToString([]byte("user:" + cutSecret))[8:14]} {
			if at := strings.Index(shown, part); at >= 0 {
				t.Errorf("%s: shows %q: …%.200q", what, part, shown[max(0, at-100):])
			}
		}
	}
}

// parrot is a server that says one thing to whoever asks, and ends the connection.
func parrot(t *testing.T, by way, says string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	if by.secure {
		sample := httptest.NewUnstartedServer(nil)
		sample.StartTLS()
		config := sample.TLS.Clone()
		sample.Close()
		if config.NextProtos = nil; strings.HasPrefix(by.name, "HTTP 2") {
			config.NextProtos = []string{"h2"}
		}
		listener = tls.NewListener(listener, config)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				if !strings.HasPrefix(by.name, "HTTP 2") {
					_, _ = http.ReadRequest(in)
					_, _ = io.WriteString(conn, says)
					return
				}
				if !strings.HasPrefix(says, "no HTTP") {
					_, _ = io.WriteString(conn, frame2(4, 0, 0, ""))
					untilAsked(in)
				}
				_, _ = io.WriteString(conn, says)
				_, _ = io.Copy(io.Discard, in)
			}()
		}
	}()
	return listener.Addr().String()
}

// untilAsked reads frames of HTTP/2 until a request has come.
func untilAsked(in *bufio.Reader) {
	_, _ = in.Discard(24)
	for head := make([]byte, 9); ; {
		if _, err := io.ReadFull(in, head); err != nil || head[3] == 1 {
			return
		}
		_, _ = in.Discard(int(head[0])<<16 | int(head[1])<<8 | int(head[2]))
	}
}

// frame2 is a frame of HTTP/2, head2 and body2 are an answer on the first stream.
func frame2(kind, flags byte, stream uint32, payload string) string {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	head = binary.BigEndian.AppendUint32(append(head[1:], kind, flags), stream)
	return string(head) + payload
}

func head2(status, name, value string) string {
	var block bytes.Buffer
	for _, text := range []string{":status", status, name, value} {
		if block.Len() == 0 || text == name {
			block.WriteByte(0)
		}
		block.WriteByte(byte(len(text))) // below 127
		block.WriteString(text)
	}
	return frame2(1, 4, 1, block.String())
}

func body2(text string) string { return frame2(0, 1, 1, text) }
