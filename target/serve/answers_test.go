package serve

import (
	"io"
	nethttp "net/http"
	"os"
	"strings"
	"testing"

	"plimsoll/target/random"
	"plimsoll/target/setting"
	"plimsoll/target/sim"
)

// simulated is a server as a scenario file spells it.
func simulated(t testing.TB, text string) sim.Settings {
	t.Helper()
	r := setting.NewReader(os.LookupEnv, ".")
	s, ok := sim.Shape().Read(r, r.Load([]byte(text)))
	if !ok {
		t.Fatal(r.Problems())
	}
	return s
}

// What a child sends, over both versions of HTTP, is what the model answers:
// status, head and body.
func TestAnswersOverHTTP(t *testing.T) {
	settings := simulated(t, `
answer: {status: 201, headers: {X-Number: "${n}", Set-Cookie: [a=1, b=2], X-Path: "${path}"}, json: {id: "${n}", q: "${query.q}"}}
turns: [{}, {errors: {rate: 100%, kind: status-404}}, {answer: {body: "${query.q} for ${path}"}}]
routes:
  /gone/*: {errors: 0%, answer: {status: 204}}
  /fixed: {errors: 0%, answer: {headers: {content-type: text/csv}, body: "a,b\n"}}
  /health: {answer: {status: 503, json: down}}
quota: 11/1h
`)
	for _, http2 := range []bool{false, true} {
		child, err := Start(t.Context(), Options{Settings: settings}, as("child"))
		if err != nil {
			t.Fatal(err)
		}
		defer child.Close()
		model, client := sim.New(settings, random.New(0)), newClient(t, http2)
		for n, url := range []string{
			"/", "/any", "/a%20b?q=x+%26%0A", "/gone/", "/gone/fishing", "/fixed", "/health", "/%0D%0AInjected:%20yes?q=%22", "/fixed?q=1", "", "/ü?q=ä&q=2", "/over", "/fixed",
		} {
			request, err := nethttp.NewRequestWithContext(t.Context(), map[bool]string{true: "HEAD", false: "GET"}[n == 9], child.URL()+url, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			path := request.URL.Path
			if path == "" {
				path = "/"
			}
			asked := model.Ask(0, model.Way(path))
			want := model.Reply(new(sim.Reply), &asked, path, request.URL.RawQuery)
			head := nethttp.Header{"Date": answer.Header["Date"]}
			for name, value := range want.Lines {
				head.Add(name, strings.TrimSpace(value))
			}
			expected := string(want.Body)
			if n == 9 {
				expected = "" // of HEAD
			}
			if err != nil || answer.StatusCode != want.Status || string(body) != expected || !sameHead(answer.Header, head) {
				t.Errorf("HTTP/2 %v, call %d: %d %v %q, %v; want %d %v %q", http2, n, answer.StatusCode, answer.Header, body, err, want.Status, head, want.Body)
			}
		}
	}
}

func sameHead(a, b nethttp.Header) bool {
	for _, pair := range [][2]nethttp.Header{{a, b}, {b, a}} {
		for name := range pair[0] {
			if strings.Join(a[name], "\n") != strings.Join(b[name], "\n") {
				return false
			}
		}
	}
	return true
}
