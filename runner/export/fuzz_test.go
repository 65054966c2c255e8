package export

import (
	"net/http"
	"strings"
	"testing"
)

// A Prometheus that keeps native histograms says so first.
func TestWhoPrefersProtobuf(t *testing.T) {
	const delimited = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
	for accept, want := range map[string]bool{
		"":    false,
		"*/*": false,
		"text/plain;version=0.0.4;q=0.5,*/*;q=0.1": false,
		delimited: true,
		delimited + ",application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.7,*/*;q=0.1": true,
		"application/openmetrics-text;version=1.0.0;q=0.9," + delimited + ";q=0.5":                               false,
		"application/vnd.google.protobuf;encoding=text":                                                          false,
		delimited + ";q=0":  false,
		delimited + ";q=no": false,
		"application/vnd.google.protobuf;proto=another.Message;encoding=delimited": false,
	} {
		if got := prefersProtobuf([]string{accept}); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}

func FuzzAccept(f *testing.F) {
	f.Add("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,text/plain;q=0.5")
	f.Add("text/plain;q=;,,;q")
	f.Fuzz(func(t *testing.T, accept string) {
		if prefersProtobuf([]string{accept}) && !strings.Contains(strings.ToLower(accept), "application/vnd.google.protobuf") {
			t.Errorf("%q asks for protobuf", accept)
		}
	})
}

func TestHeaders(t *testing.T) {
	all, err := parseHeaders(" api-key = a%20b%2Cc , x-tenant=1=2,,")
	if err != nil || len(all) != 2 || all["api-key"] != "a b,c" || all["x-tenant"] != "1=2" {
		t.Errorf("%q, %v", all, err)
	}
	for _, text := range []string{"no value", "=1", "a b=1", "a=%zz", "a=1,b", "a=x%0d%0aHost:%20evil"} {
		if _, err := parseHeaders(text); err == nil || strings.Contains(err.Error(), "evil") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Headers that are taken for good can be sent.
func FuzzHeaders(f *testing.F) {
	f.Add("api-key=secret%20value,x=1")
	f.Add(",=,%")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseHeaders(text)
		if err != nil {
			return
		}
		h := http.Header{}
		for name, value := range all {
			h.Set(name, value)
		}
		var sent strings.Builder
		if err := h.Write(&sent); err != nil || strings.Count(sent.String(), "\r\n") != len(h) {
			t.Errorf("%q becomes %q, %v", text, sent.String(), err)
		}
	})
}

// Whatever stands in an endpoint, the address that comes of it has a host, and is the
// same when it is read again.
func FuzzEndpoint(f *testing.F) {
	f.Add("127.0.0.1:4317")
	f.Add("https://user:pass@collector.example/otlp?x=1")
	f.Add("[::1]:4318")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := otlpURL(text)
		if err != nil {
			return
		}
		again, err := otlpURL(u.String())
		if err != nil || u.Host == "" || !strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/v1/metrics") || again.String() != u.String() {
			t.Errorf("%q becomes %s, and then %v, %v", text, u, again, err)
		}
	})
}
