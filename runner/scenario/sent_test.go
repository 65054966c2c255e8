package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A text that was sent names files in its own folder and nowhere else: what is
// elsewhere is not even looked at.
func TestParseSent(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "plan")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(outer, "secret")
	for _, file := range []string{filepath.Join(dir, "body"), secret} {
		if err := os.WriteFile(file, []byte("hush"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := func(target string) []byte {
		return []byte("targets:\n  t: {" + target + "}\nscenarios:\n  - {name: s, target: t, requests: 1, modes: [sequential]}\n")
	}
	env := func(string) (string, bool) { return "", false }
	plan, problems := ParseSent("x.yaml", text("http: {url: 'http://127.0.0.1:1/', method: POST, body_file: body}"), env, dir)
	if len(problems) > 0 || len(plan.Names) != 1 || plan.Names[0] != "body" {
		t.Fatalf("%v, %v", plan, problems)
	}
	for _, target := range []string{
		"http: {url: 'http://127.0.0.1:1/', method: POST, body_file: ../secret}",
		"http: {url: 'http://127.0.0.1:1/', method: POST, body_file: " + secret + "}",
		"http: {url: 'https://127.0.0.1:1/', tls: {ca: " + secret + "}}",
		"http: {url: 'http://127.0.0.1:1/', unix: " + secret + "}",
		"file: {read: x, directory: " + outer + "}",
		"exec: {exec: [ls], directory: ..}",
		"grpc: {address: '127.0.0.1:1', schema: " + secret + ".proto, rpc: a.B/C}",
	} {
		_, problems := ParseSent("x.yaml", text(target), env, dir)
		if !strings.Contains(problems.Error(), "outside of the scenario file's folder") || strings.Contains(problems.Error(), "hush") {
			t.Errorf("%s: %v", target, problems)
		}
	}
}
