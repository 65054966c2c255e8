package runner_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"plimsoll/runner/result"
)

// A result tells how often hands were shaken, and how often a session of before went
// on, as the server counts both.
func TestHandshakesAreCounted(t *testing.T) {
	settings := []string{"engine: wire-net", "engine: std", `http: "2", engine: std`}
	if runtime.GOOS == "linux" {
		settings = append(settings, "engine: wire-epoll", `http: "2", engine: wire-epoll`, "engine: wire-uring", `http: "2", engine: wire-uring`)
	}
	for _, setting := range settings {
		for _, resume := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, resume %v", setting, resume), func(t *testing.T) {
				var all, resumed atomic.Int64
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
				server.EnableHTTP2 = true
				server.TLS = &tls.Config{VerifyConnection: func(state tls.ConnectionState) error {
					if all.Add(1); state.DidResume {
						resumed.Add(1)
					}
					return nil
				}}
				server.StartTLS()
				defer server.Close()
				trial := carryOut(t, fmt.Sprintf(`
targets:
  t: {http: {url: "%s", %s, keepalive: false, tls: {insecure: true, resume: %v}}}
scenarios:
  - {name: s, target: t, requests: 12, modes: [sequential]}
`, server.URL, setting, resume)).Trials[0]
				if want := (result.TLS{Handshakes: all.Load(), Resumed: resumed.Load()}); trial.TLS == nil || *trial.TLS != want || want.Handshakes != 12 || (want.Resumed > 0) != resume {
					t.Errorf("%+v, and the server counts %+v; %d calls succeeded", trial.TLS, want, trial.OK)
				}
				spoken := "HTTP/1.1"
				if strings.Contains(setting, "http:") {
					spoken = "HTTP/2"
				}
				if len(trial.Connections) != 1 || trial.Connections[spoken] != 12 {
					t.Errorf("%v, and there were 12 connections of %s", trial.Connections, spoken)
				}
			})
		}
	}
}
