package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Child is a simulated server in a process of its own, on a free port of
// 127.0.0.1. It lives until Close, or until this process ends in whatever way:
// it reads a pipe whose only writing end is ours.
type Child struct {
	url   string
	cmd   *exec.Cmd
	stdin io.Closer
	log   *tail       // of its stderr
	ended atomic.Bool // by us
	done  chan struct{}
	err   error // how it ended; set before done is closed
}

// Command is how to start a child: a program that calls RunChild with its
// standard streams. The zero value is this program with the arguments
// "serve --child".
type Command struct {
	Path string
	Args []string
	Env  []string // NAME=VALUE, added to our own
}

// Times that a child may take, generous because the machine may be busy.
const (
	toStart = 20 * time.Second
	toEnd   = 2 * time.Second
)

// Start starts a child and returns when it answers. ctx bounds the start only.
func Start(ctx context.Context, o Options, command Command) (*Child, error) {
	ctx, cancel := context.WithTimeout(ctx, toStart)
	defer cancel()
	c, address, err := spawn(o, command)
	if err != nil {
		return nil, fmt.Errorf("the simulated server cannot be started: %w", err)
	}
	if err := c.await(ctx, o, address); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// spawn starts the process, which will send its address.
func spawn(o Options, command Command) (*Child, <-chan string, error) {
	if command.Path == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, nil, err
		}
		command.Path, command.Args = self, []string{"serve", "--child"}
	}
	settings, err := json.Marshal(o)
	if err != nil {
		return nil, nil, err
	}
	announced := firstLine{line: make(chan string, 1)}
	c := &Child{cmd: exec.Command(command.Path, command.Args...), log: &tail{}, done: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), command.Env...)
	c.cmd.Stdout, c.cmd.Stderr = &announced, c.log
	c.cmd.SysProcAttr = ownGroup()
	c.cmd.WaitDelay = toEnd
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	c.stdin = stdin
	if err := c.cmd.Start(); err != nil {
		return nil, nil, err
	}
	go func() {
		_, _ = stdin.Write(settings) // it fails only when the child is gone, which done tells
	}()
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	return c, announced.line, nil
}

// await waits until the child has told its address and answers there.
func (c *Child) await(ctx context.Context, o Options, address <-chan string) error {
	at := ""
	select {
	case at = <-address:
		if c.url = o.URL(at); !protocols()[o.Protocol].health {
			return nil
		}
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
		return fmt.Errorf("the simulated server did not start: %w%s", ctx.Err(), c.log)
	}
	client := nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}}
	for {
		if healthy(ctx, &client, "http://"+at) {
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-c.done:
			return c.Err()
		case <-ctx.Done():
			return fmt.Errorf("the simulated server does not answer at %s: %w%s", c.url, ctx.Err(), c.log)
		}
	}
}

// healthy asks for `*`, which the model does not hear of, whatever its routes.
func healthy(ctx context.Context, client *nethttp.Client, url string) bool {
	request, err := nethttp.NewRequestWithContext(ctx, nethttp.MethodOptions, url, nil)
	if err != nil {
		return false
	}
	request.URL.Opaque = "*"
	answer, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == nethttp.StatusOK
}

// URL is where the child answers, such as http://127.0.0.1:40123.
func (c *Child) URL() string { return c.url }

// Done is closed when the child's process has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Err tells how the child ended by itself; nil as long as it has not.
func (c *Child) Err() error {
	if c.ended.Load() {
		return nil
	}
	select {
	case <-c.done:
	default:
		return nil
	}
	how := "without an error"
	if c.err != nil {
		how = c.err.Error()
	}
	return fmt.Errorf("the simulated server ended by itself (%s)%s", how, c.log)
}

// Close ends the child, by force if it takes long, and returns when its
// process is gone.
func (c *Child) Close() {
	c.ended.Store(true)
	_ = c.stdin.Close()
	select {
	case <-c.done:
	case <-time.After(toEnd):
		_ = c.cmd.Process.Kill()
		<-c.done
	}
}

// RunChild is what the child's program does: it reads Options from stdin,
// prints its address on stdout, and serves until stdin ends.
func RunChild(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	var o Options
	input := json.NewDecoder(stdin)
	if err := input.Decode(&o); err != nil {
		return fmt.Errorf("serve --child is for plimsoll's own use, and reads its settings from a pipe: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		stop()
	}()
	var broken error
	err := run(ctx, o, 0, func(addr string) {
		if _, broken = fmt.Fprintln(stdout, addr); broken != nil {
			stop()
		}
	})
	return errors.Join(err, broken)
}

// firstLine hands out the first line written to it.
type firstLine struct {
	line chan string
	text []byte
	sent bool
}

func (f *firstLine) Write(b []byte) (int, error) {
	if !f.sent {
		f.text = append(f.text, b...)
		if line, _, whole := bytes.Cut(f.text, []byte("\n")); whole {
			f.line <- string(line)
			f.sent = true
		}
	}
	return len(b), nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 2000

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if over := len(t.text) - tailSize; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(b), nil
}

// String is the text behind a colon, or nothing when there is none.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if text := strings.TrimSpace(string(t.text)); text != "" {
		return ": " + text
	}
	return ""
}
