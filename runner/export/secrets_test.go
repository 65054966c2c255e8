package export

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"plimsoll/target/setting"
)

const theSecret = "hunter2-and-more"

// A peer that says back what it was sent, in whatever words, tells nothing of the
// secrets in it; nor does what is cut off of them.
func TestPeersThatSaySecretsBack(t *testing.T) {
	t.Parallel()
	for how, echo := range map[string]func(r *http.Request) string{
		"heads": func(r *http.Request) string { return fmt.Sprint(r.Header) },
		"the URL": func(r *http.Request) string {
			user, password, _ := r.BasicAuth()
			return "http://" + url.UserPassword(user, password).String() + "@" + r.Host + r.URL.String()
		},
		"a value": func(r *http.Request) string {
			return "no key is called " + strings.TrimPrefix(r.Header.Get("Token"), "Bearer ")
		},
		"in base64": func(r *http.Request) string { return base64.StdEncoding.EncodeToString([]byte("key:" + theSecret)) },
		"cut off":   func(r *http.Request) string { return strings.Repeat("x", 185) + theSecret },
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, echo(r), http.StatusForbidden) }))
			defer server.Close()
			to := mustParse(t, server.URL+"/write?key="+theSecret)
			to.User = url.UserPassword("me", theSecret)
			n := &notes{}
			e, err := Start(&Settings{Push: to, Write: to, OTLP: &OTLP{Endpoint: to, Headers: map[string]string{"Token": "Bearer " + theSecret}, Timeout: patient}}, "test", n.note)
			if err != nil {
				t.Fatal(err)
			}
			e.Take(Of{Scenario: "s", Mode: "m"}, interval(1))
			e.Close(t.Context())
			if len(n.told()) != 3 {
				t.Errorf("told %q", n.told())
			}
			for _, text := range n.told() {
				for _, part := range []string{"hunter2", base64.StdEncoding.EncodeToString([]byte("me:" + theSecret))[4:]} {
					if strings.Contains(text, part) {
						t.Errorf("told %q", text)
					}
				}
				if !strings.Contains(text, "403 Forbidden: ") {
					t.Errorf("told %q", text)
				}
			}
		})
	}
}

// What is no answer of HTTP's is repeated by net/http, secrets and all.
func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 64<<10))
			_, _ = io.WriteString(conn, "no "+theSecret+" is a key\r\n\r\n")
			conn.Close()
		}
	}()
	to := mustParse(t, "http://me:"+theSecret+"@"+listener.Addr().String())
	p := newPeer("it", to, nil, patient, func(string) {})
	if _, err := p.ask(t.Context(), http.MethodPost, to.String(), nil, nil); err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "malformed") {
		t.Error(err)
	}
}

// given reads an export as a file has it, with so much in the environment.
func given(text string, environment map[string]string) (s *Settings, r *setting.Reader) {
	r = setting.NewReader(func(name string) (string, bool) { value, set := environment[name]; return value, set }, ".")
	s, ok := Shape().Read(r, r.Load([]byte(text)))
	if !ok {
		s = nil
	}
	return s, r
}

// Secrets of the environment, in headers and in the address of a collector, stand in no
// message, whether they are read well or not.
func TestSecretsOfTheEnvironment(t *testing.T) {
	for name, values := range map[string][]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": {
			"http://me:" + theSecret + "@collector:4318", "me:" + theSecret + "@collector:4318", "me:" + theSecret + "@collector", "ftp://me:" + theSecret + "@collector",
			"http://" + theSecret + "@collector", "http://me:" + theSecret + "@", "http://me:" + theSecret + "/@collector",
		},
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": {"http://me:" + theSecret + "@collector/v1/metrics", "me:" + theSecret + "@collector:4318"},
		"OTEL_EXPORTER_OTLP_HEADERS":          {"key=" + theSecret, "a=b,key=" + theSecret, theSecret, "key=%zz" + theSecret, "key " + theSecret + "=x"},
		"OTEL_EXPORTER_OTLP_METRICS_HEADERS":  {"authorization=Bearer%20" + theSecret},
		"OTEL_EXPORTER_OTLP_TIMEOUT":          {theSecret},
	} {
		for _, value := range values {
			s, r := given("otlp: {}", map[string]string{name: value})
			for _, p := range r.Problems() {
				if strings.Contains(p.Text, "hunter2") || !strings.Contains(p.Text, name) || p.Line != 1 || p.Column != 7 {
					t.Errorf("%s=%s: %+v", name, value, p)
				}
			}
			if s != nil && strings.Contains(r.Scrub("it said: "+value+" and "+theSecret), "hunter2") {
				t.Errorf("%s=%s would be shown", name, value)
			}
			if s == nil && len(r.Problems()) == 0 {
				t.Errorf("%s=%s: neither read nor refused", name, value)
			}
		}
	}
}

// What the environment asks for and there is not is told.
func TestWhatIsPassedOver(t *testing.T) {
	for _, c := range []struct {
		name, value, want string
	}{
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "over HTTP, in JSON"},
		{"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf", "over HTTP, in JSON"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", ""},
		{"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "not compressed"},
		{"OTEL_EXPORTER_OTLP_COMPRESSION", "none", ""},
		{"OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem", "the system trusts"},
		{"OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key.pem", "no certificate"},
		{"OTEL_TRACES_EXPORTER", "console", ""},
	} {
		s, r := given("otlp: {}", map[string]string{c.name: c.value})
		if s == nil {
			t.Fatal(r.Problems())
		}
		n := &notes{}
		e, err := Start(s, "test", n.note)
		if err != nil {
			t.Fatal(err)
		}
		e.Close(t.Context())
		told := n.told()
		if fits := len(told) == 1 && strings.HasPrefix(told[0], "what "+c.name+" says is passed over: ") && strings.Contains(told[0], c.want); c.want == "" && len(told) > 0 || c.want != "" && !fits {
			t.Errorf("%s=%s: told %q, want %q", c.name, c.value, told, c.want)
		}
	}
}
