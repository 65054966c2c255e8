package main

import (
	"fmt"
	"html"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"plimsoll/target/real"
)

// secrets are values from the environment with whatever they may hold.
var secrets = map[string]string{
	"SECRET_USER":  "user-4711",
	"SECRET_PASS":  "pass-0815",
	"SECRET_PATH":  "path;s3cret",
	"SECRET_KEY":   "key=/w+ith%20odd",
	"SECRET_TOKEN": `tok"en<&>\ttail`,
	"SECRET_BODY":  "bo\"dy\nof two lines",
}

// Values from the environment in url, headers and body reach the server, and
// nobody else: no stream, no file of the result directory, no report made of
// it, even where the server sends them back with an error.
func TestSecretsStaySecret(t *testing.T) {
	for name, value := range secrets {
		t.Setenv(name, value)
	}
	tattlers, met := tattler(t)
	text, tattled := secretScenarios(tattlers, addresses{real.Nowhere, real.Nowhere}, addresses{"${SECRET_USER}.invalid", "${SECRET_USER}.invalid"})
	dir := folder(t, text)

	shown := map[string]string{}
	for _, args := range []string{
		"validate s.yaml", "run s.yaml --dry-run", "run s.yaml --calls calls.csv",
		"report results/latest", "report results/latest --format markdown",
		"report results/latest --format csv", "report results/latest --format json",
	} {
		end := plimsoll(t, dir, strings.Fields(args)...)
		if want := map[bool]int{true: 1}[strings.Contains(args, "--calls")]; end.code != want { // nothing succeeds there
			t.Errorf("%s: exit code %d\n%s", args, end.code, end.stderr)
		}
		shown["stdout of "+args], shown["stderr of "+args] = end.stdout, end.stderr
	}
	maps.Copy(shown, written(t, dir))

	if met() != tattled {
		t.Errorf("the server has met the secrets %d times, not %d", met(), tattled)
	}
	if text := shown["run.json"]; !strings.Contains(text, "${SECRET_TOKEN}") || !strings.Contains(text, "status-418") {
		t.Errorf("the result does not name what it hides:\n%s", text)
	}
	for name, value := range secrets {
		for _, form := range forms(value) {
			for where, text := range shown {
				if at := strings.Index(text, form); at >= 0 {
					t.Errorf("%s shows %s as %q: …%.200s", where, name, form, text[max(0, at-100):])
				}
			}
		}
	}
}

// tattler is a server that sends back a part of every request with an error,
// and counts those that hold every secret.
func tattler(t *testing.T) (at addresses, met func() int) {
	count := new(atomic.Int64)
	at = serveAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, pass, _ := r.BasicAuth()
		token := r.Header.Get("X-Token")
		if user == secrets["SECRET_USER"] && pass == secrets["SECRET_PASS"] && token == secrets["SECRET_TOKEN"] &&
			strings.Contains(r.RequestURI, secrets["SECRET_PATH"]) && string(body) == secrets["SECRET_BODY"] {
			count.Add(1)
		}
		w.WriteHeader(http.StatusTeapot)
		switch r.URL.Query().Get("part") {
		case "url":
			_, _ = io.WriteString(w, r.RequestURI)
		case "token":
			_, _ = io.WriteString(w, token)
		case "quoted":
			fmt.Fprintf(w, "%q", token)
		case "body":
			_, _ = w.Write(body)
		}
	}))
	return at, func() int { return int(count.Load()) }
}

// secretScenarios call each of the hosts with every secret, in every way, and tell
// how many calls the first gets.
func secretScenarios(hosts ...addresses) (text string, first int) {
	var targets, scenarios strings.Builder
	for i, host := range hosts {
		for k, way := range ways {
			if i > 0 && way.name != "auto" && way.name != "std" && way.name != "HTTP 2 over TLS" {
				continue // nobody sends it anything
			}
			for _, part := range []string{"url", "token", "quoted", "body"} {
				name := fmt.Sprintf("%s-%d-%d", part, k, i)
				fmt.Fprintf(&targets, `
  %s:
    http:
      url: "%s://${SECRET_USER}:${SECRET_PASS}@%s/${SECRET_PATH}?part=%s&key=${SECRET_KEY}"
      method: POST
      headers: {X-Token: "${SECRET_TOKEN}"}
      body: "${SECRET_BODY}"
      success: {contains: "${SECRET_BODY}"}
      %s
`, name, way.scheme(), host.of(way), part, strings.ReplaceAll(way.settings, ", ", "\n      "))
				fmt.Fprintf(&scenarios, "  - {name: %s, target: %[1]s, requests: 2, modes: [sequential]}\n", name)
				if i == 0 {
					first += 2
				}
			}
		}
	}
	return "targets:\n" + targets.String() + "scenarios:\n" + scenarios.String(), first
}

// written are the contents of all files in a folder and below, by name.
func written(t *testing.T, dir string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		texts[entry.Name()] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// forms are the ways in which a value may be written.
func forms(value string) []string {
	return []string{
		value, url.QueryEscape(value), url.PathEscape(value), html.EscapeString(value),
		strings.Trim(fmt.Sprintf("%q", value), `"`), strings.ReplaceAll(value, "\n", " "),
	}
}
