// Command server is grpc-go's interop server, which counts what it is asked, and
// reflects: `server ADDRESS` prints where it listens, and for each line that it reads
// how many calls it has had, as JSON by method and status. It ends with its input.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testing "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	counts := &counts{by: map[string]int{}}
	server := grpc.NewServer(grpc.StatsHandler(counts))
	testing.RegisterTestServiceServer(server, interop.NewTestServer())
	reflection.Register(server)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	fmt.Println(listener.Addr())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(counts)
	}
	return nil
}

// counts are those of calls that are over, as the server saw them, and of the
// metadata that the interop tests send.
type counts struct {
	mu sync.Mutex
	by map[string]int // "METHOD CODE", "KEY VALUE"
}

// String is them as JSON.
func (c *counts) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, _ := json.Marshal(c.by)
	return string(text)
}

// method is where a call's context has its name.
type method struct{}

// TagRPC keeps the name of a call's method.
func (c *counts) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, method{}, info.FullMethodName)
}

// HandleRPC counts a call when it is over, and its metadata when it begins.
func (c *counts) HandleRPC(ctx context.Context, s stats.RPCStats) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s := s.(type) {
	case *stats.InHeader:
		for _, key := range []string{"x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"} {
			for _, value := range s.Header.Get(key) {
				c.by[fmt.Sprintf("%s %q", key, value)]++
			}
		}
	case *stats.End:
		name, _ := ctx.Value(method{}).(string)
		c.by[name+" "+status.Code(s.Error).String()]++
	}
}

// TagConn and HandleConn are of no interest.
func (c *counts) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (c *counts) HandleConn(context.Context, stats.ConnStats)                       {}
