package peers

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// interop starts grpc-go's interop server, in a process of its own; seen is what it has
// counted.
func interop(t *testing.T) (address string, seen func() map[string]int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server")
	if out, err := exec.Command("go", "build", "-o", path, "./server").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(path, "127.0.0.1:0")
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the server does not say where it is", lines.Err())
	}
	return lines.Text(), func() (counts map[string]int) {
		_, _ = fmt.Fprintln(in)
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &counts) != nil {
			t.Fatalf("the server counts %q", lines.Text())
		}
		return counts
	}
}

// The cases of gRPC's interoperability tests that a caller of unary and
// server-streaming methods can have (interop-test-descriptions.md), each several times
// at once: what is reported is what grpc-go's interop server has counted.
func TestInterop(t *testing.T) {
	address, seen := interop(t)
	const service = "grpc.testing.TestService/"
	zeros := base64.StdEncoding.EncodeToString(make([]byte, 271828))
	const sizes = "{responseParameters: [{size: 31415}, {size: 9}, {size: 2653}, {size: 58979}]}"
	const special = "\\t\\ntest with whitespace\\r\\nand Unicode BMP ☺ and non-BMP 😈\\t\\n"
	const keys = `, metadata: {x-grpc-test-echo-initial: test_initial_metadata_value, x-grpc-test-echo-trailing-bin: "\xab\xab\xab"}`
	cases := []struct {
		name, rpc, message, more string
		class, example           string // of failures
		seen                     string // what the server calls it
		bytes, events            int
	}{
		{"empty_unary", "EmptyCall", "{}", "", "", "", "EmptyCall OK", 5, 0},
		{"large_unary", "UnaryCall", "{responseSize: 314159, payload: {body: " + zeros + "}}", "", "", "", "", 314172, 0},
		{"server_streaming", "StreamingOutputCall", sizes, "", "", "", "StreamingOutputCall OK", 0, 4},
		{"empty_stream", "StreamingOutputCall", "{}", "", "", "", "", 0, 0},
		{"custom_metadata", "UnaryCall", "{responseSize: 1}", keys, "", "", "UnaryCall OK", 0, 0},
		{"status_code_and_message", "UnaryCall", "{responseStatus: {code: 2, message: test status message}}", "", "grpc-UNKNOWN", "test status message", "UnaryCall Unknown", 0, 0},
		{"special_status_message", "UnaryCall", `{responseStatus: {code: 3, message: "` + special + `"}}`, "", "grpc-INVALID_ARGUMENT", "test with whitespace", "UnaryCall InvalidArgument", 0, 0},
		{"unimplemented_method", "UnimplementedCall", "{}", "", "grpc-UNIMPLEMENTED", "UnimplementedCall", "UnimplementedCall Unimplemented", 0, 0},
		{"unimplemented_service", "grpc.testing.UnimplementedService/UnimplementedCall", "{}", "", "grpc-UNIMPLEMENTED", "unknown service grpc.testing.UnimplementedService", "", 0, 0},
		{"timeout_on_sleeping_server", "StreamingOutputCall", "{responseParameters: [{size: 1, intervalUs: 3000000}]}", ", timeout: 200ms", "timeout", "no message of the stream within 200ms", "", 0, 0},
	}
	const each = 20
	var targets, scenarios strings.Builder
	for _, c := range cases {
		rpc := c.rpc
		if !strings.Contains(rpc, "/") {
			rpc = service + rpc
		}
		fmt.Fprintf(&targets, "  %s: {grpc: {address: %q, rpc: %s, message: %s%s}}\n", c.name, address, rpc, c.message, c.more)
		fmt.Fprintf(&scenarios, "  - {name: %s, target: %[1]s, requests: %d, modes: [{concurrent: 4}]}\n", c.name, each)
	}
	got := carryOut(t, program(t), "targets:\n"+targets.String()+"scenarios:\n"+scenarios.String())
	if len(got.Trials) != len(cases) {
		t.Fatalf("%d trials", len(got.Trials))
	}
	want := map[string]int{}
	for i, c := range cases {
		trial := got.Trials[i]
		failed := trial.Errors[c.class]
		if c.class == "" && (trial.OK != each || len(trial.Errors) > 0) || c.class != "" && (trial.OK != 0 || failed.Count != each) {
			t.Errorf("%s: %d succeeded, %v failed", c.name, trial.OK, trial.Errors)
		}
		if !strings.Contains(failed.Example, c.example) {
			t.Errorf("%s: %q, want %q", c.name, failed.Example, c.example)
		}
		if c.bytes > 0 && trial.BytesIn != c.bytes*each {
			t.Errorf("%s: %d bytes, want %d", c.name, trial.BytesIn, c.bytes*each)
		}
		if c.events > 0 && (trial.Stream == nil || trial.Stream.Events != c.events*each) {
			t.Errorf("%s: %+v, want %d events", c.name, trial.Stream, c.events*each)
		}
		if c.seen != "" {
			want["/"+service+c.seen] = each
		}
	}
	want["/"+service+"UnaryCall OK"] = 2 * each // of large_unary and custom_metadata
	want["/"+service+"StreamingOutputCall OK"] = 2 * each
	for _, value := range []string{`x-grpc-test-echo-initial "test_initial_metadata_value"`, `x-grpc-test-echo-trailing-bin "«««"`} {
		want[value] = each + 1 // the question for the schema has them, too
	}
	counts, givenUp := seen(), 0
	for range 200 { // calls that were given up are over when their server has slept
		if givenUp = counts["/"+service+"StreamingOutputCall Canceled"] + counts["/"+service+"StreamingOutputCall Unavailable"]; givenUp == each {
			break
		}
		time.Sleep(100 * time.Millisecond)
		counts = seen()
	}
	if givenUp != each {
		t.Errorf("the server has seen %d calls given up, want %d", givenUp, each)
	}
	for what, n := range want {
		if counts[what] != n {
			t.Errorf("the server has seen %s %d times, want %d", what, counts[what], n)
		}
	}
	if t.Failed() {
		t.Logf("the server has seen %v", counts)
	}
}
