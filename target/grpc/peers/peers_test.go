// Package peers has plimsoll call grpc-go's server. It is a module of its own, so
// that nobody else needs that:
//
//	cd target/grpc/peers && go test -count=1 .
package peers

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

const schema = `syntax = "proto3";
package shop;
service Carts {
  rpc Add(Item) returns (Item);
  rpc Watch(Item) returns (stream Item);
}
message Item {
  string name = 1;
  int64 count = 2;
  int32 code = 3;
}
`

// shop is a server that counts what it is asked, by method and status.
type shop struct {
	item    protoreflect.MessageDescriptor
	mu      sync.Mutex
	counts  map[string]int
	regions map[string]int
	late    int // calls whose deadline has been told
}

func (s *shop) count(ctx context.Context, method string, code codes.Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[method+" "+code.String()]++
	in, _ := metadata.FromIncomingContext(ctx)
	s.regions[strings.Join(in.Get("region"), ",")]++
	if _, told := ctx.Deadline(); told {
		s.late++
	}
}

func (s *shop) seen(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[what]
}

// asked is a message and the status that it asks for.
func (s *shop) asked(decode func(any) error) (*dynamicpb.Message, codes.Code, int64, error) {
	m := dynamicpb.NewMessage(s.item)
	if err := decode(m); err != nil {
		return nil, 0, 0, err
	}
	fields := s.item.Fields()
	return m, codes.Code(m.Get(fields.ByName("code")).Int()), m.Get(fields.ByName("count")).Int(), nil
}

func (s *shop) add(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	m, code, _, err := s.asked(decode)
	if err != nil {
		return nil, err
	}
	s.count(ctx, "Add", code)
	if code != codes.OK {
		return nil, status.Error(code, "as you like: 100 % ✈")
	}
	return m, nil
}

func (s *shop) watch(_ any, stream grpc.ServerStream) error {
	m, code, n, err := s.asked(stream.RecvMsg)
	if err != nil {
		return err
	}
	s.count(stream.Context(), "Watch", code)
	for range n {
		if err := stream.SendMsg(m); err != nil {
			return err
		}
	}
	return status.Error(code, "at the end")
}

// serve starts the server.
func serve(t *testing.T) (s *shop, address string, file *descriptorpb.FileDescriptorProto) {
	t.Helper()
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(map[string]string{"shop.proto": schema})}}
	files, err := compiler.Compile(t.Context(), "shop.proto")
	if err != nil {
		t.Fatal(err)
	}
	s = &shop{item: files[0].Messages().ByName("Item"), counts: map[string]int{}, regions: map[string]int{}}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "shop.Carts", HandlerType: (*any)(nil), Metadata: "shop.proto",
		Methods: []grpc.MethodDesc{{MethodName: "Add", Handler: s.add}},
		Streams: []grpc.StreamDesc{{StreamName: "Watch", Handler: s.watch, ServerStreams: true}},
	}, s)
	healthpb.RegisterHealthServer(server, health.NewServer())
	reflectionpb.RegisterServerReflectionServer(server, reflection.NewServerV1(reflection.ServerOptions{Services: server, DescriptorResolver: both{files.AsResolver()}}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return s, listener.Addr().String(), protodesc.ToFileDescriptorProto(files[0])
}

// both finds the files of the schema, and those that are in the program.
type both struct{ protodesc.Resolver }

func (b both) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if f, err := b.Resolver.FindFileByPath(path); err == nil {
		return f, nil
	}
	return healthpb.File_grpc_health_v1_health_proto, nil
}

func (b both) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if d, err := b.Resolver.FindDescriptorByName(name); err == nil {
		return d, nil
	}
	return healthpb.File_grpc_health_v1_health_proto.Services().ByName("Health"), nil
}

// program builds plimsoll.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plimsoll")
	build := exec.Command("go", "build", "-o", path, "./cmd/plimsoll")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// run is as much of run.json as is compared.
type run struct {
	Trials []struct {
		Scenario string
		Engine   string
		OK       int
		BytesIn  int `json:"bytes_in"`
		Errors   map[string]struct {
			Count   int
			Example string
		}
		Stream *struct{ Events int }
	}
}

// carryOut has plimsoll run scenarios, and returns what it says of them.
func carryOut(t *testing.T, plimsoll, file string) (r run) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "grpc.yaml"), []byte(file), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(plimsoll, "run", "grpc.yaml", "--quiet", "--allow-late", "--out", "out")
	cmd.Dir = dir
	told, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	found, _ := filepath.Glob(filepath.Join(dir, "out", "latest", "run.json"))
	if len(found) != 1 {
		t.Fatalf("%v\n%s", found, told)
	}
	text, err := os.ReadFile(found[0])
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	return r
}

// What grpc-go's server has seen is what is reported: unary calls, streams, every
// status, methods that it does not have; by reflection, a file and a set.
func TestCounts(t *testing.T) {
	s, address, file := serve(t)
	plimsoll := program(t)
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{file}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string][]byte{"shop.protoset": set, "shop.proto": []byte(schema)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var targets, scenarios strings.Builder
	add := func(name, schema, rpc, message string, requests int, mode string) {
		fmt.Fprintf(&targets, "  %s: {grpc: {address: %q, schema: %q, metadata: {region: %s}, rpc: %s, message: %s}}\n", name, address, schema, name, rpc, message)
		fmt.Fprintf(&scenarios, "  - {name: %s, target: %[1]s, requests: %d, modes: [%s]}\n", name, requests, mode)
	}
	add("unary", "reflection", "shop.Carts/Add", `{name: "kite ${iteration}", count: "${iteration}"}`, 500, "{concurrent: 50}")
	add("single", filepath.Join(dir, "shop.proto"), "shop.Carts/Add", "{name: kite}", 300, "sequential")
	add("streams", filepath.Join(dir, "shop.protoset"), "shop.Carts/Watch", "{name: kite, count: 25}", 40, "{concurrent: 8}")
	add("health", "reflection", "grpc.health.v1.Health/Check", "{}", 20, "sequential")
	for code := 1; code <= 16; code++ {
		add(fmt.Sprintf("code%d", code), "reflection", "shop.Carts/Add", fmt.Sprintf("{code: %d}", code), 5, "{concurrent: 2}")
	}
	add("broken", "reflection", "shop.Carts/Watch", "{count: 3, code: 14}", 5, "sequential")
	got := carryOut(t, plimsoll, "targets:\n"+targets.String()+"scenarios:\n"+scenarios.String())
	for _, trial := range got.Trials {
		want, classes := 0, map[string]int{}
		switch trial.Scenario {
		case "unary":
			want = 500
		case "single":
			want = 300
		case "streams":
			if want = 40; trial.Stream == nil || trial.Stream.Events != 40*25 {
				t.Errorf("%+v", trial.Stream)
			}
		case "health":
			want = 20
		case "broken":
			classes["grpc-UNAVAILABLE"] = 5
		default:
			var code int
			_, _ = fmt.Sscanf(trial.Scenario, "code%d", &code)
			name, _ := json.Marshal(codeNames[code])
			classes["grpc-"+strings.Trim(string(name), `"`)] = 5
			if n := s.seen("Add " + codes.Code(code).String()); n != 5 {
				t.Errorf("%s: the server has seen %d calls", trial.Scenario, n)
			}
		}
		failed := map[string]int{}
		for class, e := range trial.Errors {
			failed[class] = e.Count
		}
		if trial.OK != want || fmt.Sprint(failed) != fmt.Sprint(classes) {
			t.Errorf("%s: %d succeeded, %v failed; want %d, %v", trial.Scenario, trial.OK, failed, want, classes)
		}
		if trial.Engine != "wire-epoll" {
			t.Logf("%s: %s", trial.Scenario, trial.Engine)
		}
	}
	if s.seen("Add OK") != 800 || s.seen("Watch OK") != 40 || s.seen("Watch Unavailable") != 5 || s.regions["unary"] != 500 || s.regions["streams"] != 40 {
		t.Errorf("the server has seen %v", s.counts)
	}
	if len(got.Trials) != 4+16+1 || s.late != 800+16*5 { // streams have no deadline
		t.Errorf("%d trials; %d calls with a deadline", len(got.Trials), s.late)
	}
}

var codeNames = []string{"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"}
