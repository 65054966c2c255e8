package export

import (
	"fmt"
	"slices"
	"testing"
)

// What is wrong in a file, or in the environment, is told with its place in the file,
// and what would be right.
func TestExportsThatAreNone(t *testing.T) {
	environment := map[string]string{}
	for _, c := range []struct {
		text     string
		name     string // of what stands in the environment,
		value    string // and what that is
		problems []string
	}{
		{text: "{}", problems: []string{"1:1 an export says where metrics go: write `prometheus: {listen: 127.0.0.1:9464}` or `otlp: {endpoint: 127.0.0.1:4318}`, for example"}},
		{text: "prometheus: {}", problems: []string{"1:13 an export to Prometheus says which way: write listen: 127.0.0.1:9464, push: URL or remote_write: URL"}},
		{text: "prometheus: {listen: here}", problems: []string{`1:22 "here" is no address: write HOST:PORT, such as localhost:9464`}},
		{text: "prometheus:\n  push: gateway:9091", problems: []string{"2:9 that is no URL to send metrics to: write one that begins with http:// or https://, such as http://127.0.0.1:9091"}},
		{text: "prometheus:\n  push: http://\n  remote_write: http://h/#top", problems: []string{
			"2:9 the URL names no host: write one such as http://127.0.0.1:9091",
			"3:17 the URL has a part behind #, which nobody is sent: write one such as http://127.0.0.1:9090/api/v1/write",
		}},
		{text: "otlp: {endpoint: collector}", problems: []string{`1:18 "collector" is no address: write HOST:PORT, such as localhost:4318`}},
		{text: "otlp: {endpoint: \"me:hunter2@collector\"}", problems: []string{`1:18 "collector" is no address: write HOST:PORT, such as localhost:4318`}},
		{text: "otlp: {endpoint: \"me:hunter2@collector:4318\"}", problems: []string{"1:18 the URL holds a password in plain sight, which results would keep: write ${NAME} in its place, and set NAME in the environment"}},
		{text: "prometheus: {push: \"http://me:hunter%32@h\"}", problems: []string{"1:20 the URL holds a password in plain sight, which results would keep: write ${NAME} in its place, and set NAME in the environment"}},
		{text: "otlp: {}", name: "OTEL_EXPORTER_OTLP_TIMEOUT", value: "soon", problems: []string{"1:7 the environment variable OTEL_EXPORTER_OTLP_TIMEOUT: it is a time in milliseconds, such as 10000"}},
		{text: "otlp: {}", name: "OTEL_EXPORTER_OTLP_METRICS_HEADERS", value: "a=b,c", problems: []string{"1:7 the environment variable OTEL_EXPORTER_OTLP_METRICS_HEADERS: its part 2 is no header: write name=value, with commas between them and %20 for a space"}},
		{text: "otlp: {}", name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "me:hunter2@collector", problems: []string{`1:7 the environment variable OTEL_EXPORTER_OTLP_ENDPOINT: "collector" is no address: write HOST:PORT, such as localhost:4318`}},
		{text: "otlp: {endpoint: \"127.0.0.1:4318\"}", name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "nonsense"}, // what the file says goes first
	} {
		clear(environment)
		environment[c.name] = c.value
		s, r := given(c.text, environment)
		var got []string
		for _, p := range r.Problems() {
			got = append(got, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Text))
		}
		if !slices.Equal(got, c.problems) || (s == nil) != (c.problems != nil) {
			t.Errorf("%s\n%s=%s: read: %v, %q\nwant %q", c.text, c.name, c.value, s != nil, got, c.problems)
		}
	}
}
