package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// Whatever a server answers, and whatever it is sent, what is secret stands
// nowhere in what try shows: not even in an answer from which it is still to be
// extracted, or of a call that fails before it is.
func TestTryTellsNoSecrets(t *testing.T) {
	for _, by := range ways {
		t.Run(by.name, func(t *testing.T) { testTryTellsNoSecrets(t, by) })
	}
}

func testTryTellsNoSecrets(t *testing.T, by way) {
	var asked atomic.Int64
	const token, refused, session, tail = "tok/en+41 ü", "refusedtoken77", "sessionsecret99", "secretrow55"
	server := serveAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: session})
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/login":
			fmt.Fprintf(w, `{"deep": {"access": %q}, "basic": %q}`, token, r.Header.Get("Authorization"))
		case "/refused":
			w.WriteHeader(500)
			fmt.Fprintf(w, `{"deep": {"access": %q}}`, refused)
		case "/moved":
			http.Redirect(w, r, "/echo?"+url.Values{"t": {token}}.Encode(), http.StatusFound)
		default:
			fmt.Fprintf(w, `{"all": %q, "cookie": %q}`, r.Header.Get("Authorization")+r.URL.RawQuery, r.Header.Get("Cookie"))
		}
	}))
	t.Setenv("TRY_PASSWORD", "from-the-environment")
	file := filepath.Join(t.TempDir(), "s.yaml")
	text := `
targets: {api: {http: {` + by.settings + `, url: "` + server.url(by) + `"}}}
data: {who: {values: [{name: ann, pin: ` + tail + `}], secret: true}}
scenarios:
  - name: secret
    target: api
    requests: 1
    modes: [sequential]
    steps:
      - {name: login, post: /login, auth: {basic: "ann:${TRY_PASSWORD}"}, json: {pin: "${who.pin}"}, extract: {login: json.deep}, check: json.deep.access exists}
      - {name: moved, get: /moved, auth: {bearer: "${login.access}"}}
      - {name: echo, get: /echo, query: {t: "${login.access}", u: "${who.pin}"}, cookies: {mine: "${login.access}"}, auth: {bearer: "${login.access}"}}
      - {name: own, call: api}
      - {name: refused, get: /refused, on_error: continue, extract: {again: json.deep.access}}
      - {name: last, get: /echo, auth: {bearer: "${again}"}}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, problems bytes.Buffer
	code := run(context.Background(), []string{"try", file}, strings.NewReader(""), &out, &problems)
	shown := out.String() + problems.String()
	if code != 1 || !strings.Contains(shown, "${login}") || !strings.Contains(shown, "${TRY_PASSWORD}") || !strings.Contains(shown, "status-500") {
		t.Fatalf("ended with %d:\n%s", code, shown)
	}
	if sent := strings.Count(shown, "→ "); int64(sent) != asked.Load() || strings.Count(shown, "← ") != sent {
		t.Errorf("the server was asked %d times; shown was\n%s", asked.Load(), shown)
	}
	basic := base64.StdEncoding.EncodeToString([]byte("ann:from-the-environment"))
	for _, secret := range []string{token, url.QueryEscape(token), url.PathEscape(token), refused, session, tail, "from-the-environment", basic} {
		if at := strings.Index(shown, secret); at >= 0 {
			t.Errorf("%s is told: …%s", secret, shown[max(0, at-200):min(len(shown), at+100)])
		}
	}
}
