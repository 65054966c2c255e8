package scenario

import (
	"strings"
	"testing"

	"plimsoll/target/http"
)

const secretive = `# TOKEN is not s3cr3t/and more
targets:
  shop:
    http:
      url: "http://${HOST}/items?two=${TWO}"
      headers: {Authorization: "Bearer ${TOKEN}", X-Empty: "${EMPTY:-nothing}", X-Default: "${UNSET:-fall back}", X-Dollar: "$$5 $6"}
      timeout: "${CALLS}ms"
scenarios:
  - {name: one, target: shop, requests: "${CALLS}", modes: [sequential]}
`

func TestEnvironmentIsPutIn(t *testing.T) {
	plan, problems := Parse("secretive.yaml", []byte(secretive), environment, ".")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	settings := plan.Scenarios[0].Target.Settings.(*http.Settings)
	if want := "http://127.0.0.1:8080/items?two=ab"; settings.Calls[0].URL != want {
		t.Errorf("the URL is %s, want %s", settings.Calls[0].URL, want)
	}
	want := map[string]string{"Authorization": "Bearer s3cr3t/and more", "X-Empty": "nothing", "X-Default": "fall back", "X-Dollar": "$5 $6"}
	for _, header := range settings.Calls[0].Headers {
		if header.Value != want[header.Name] {
			t.Errorf("the header %s is %q, want %q", header.Name, header.Value, want[header.Name])
		}
		delete(want, header.Name)
	}
	if len(want) > 0 {
		t.Errorf("the headers %v are missing", want)
	}
	if plan.Scenarios[0].Requests[0] != 250 || settings.Timeout.Milliseconds() != 250 {
		t.Errorf("%d requests and %v, want 250 and 250ms", plan.Scenarios[0].Requests[0], settings.Timeout)
	}
}

func TestSecretsAreScrubbed(t *testing.T) {
	plan, problems := Parse("secretive.yaml", []byte(secretive), environment, ".")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	settings := plan.Scenarios[0].Target.Settings.(*http.Settings)
	for text, want := range map[string]string{
		`Get "http://127.0.0.1:8080/items": refused`: `Get "http://${HOST}/items": refused`,
		"token s3cr3t/and more is wrong":             "token ${TOKEN} is wrong",
		"?token=s3cr3t%2Fand+more":                   "?token=${TOKEN}",
		"/s3cr3t%2Fand%20more/x":                     "/${TOKEN}/x",
		"drab and 250 stay":                          "drab and 250 stay", // TWO is too short, CALLS is no secret
		"nothing and fall back stay":                 "nothing and fall back stay",
	} {
		if got := plan.Scrub(text); got != want {
			t.Errorf("Plan.Scrub(%q) = %q, want %q", text, got, want)
		}
		if got := settings.Scrub(text); got != want {
			t.Errorf("Settings.Scrub(%q) = %q, want %q", text, got, want)
		}
	}
	if strings.Contains(plan.File.Text, "s3cr3t") || !strings.HasPrefix(plan.File.Text, "# TOKEN is not ${TOKEN}\n") {
		t.Errorf("the text of the file is %q", plan.File.Text)
	}
}

func TestLongerSecretsGoFirst(t *testing.T) {
	env := func(name string) (string, bool) {
		return map[string]string{"A": "abcd", "B": "abcdef", "C": "cde"}[name], true
	}
	text := "targets: {shop: {http: {url: \"http://x/${A}${B}${C}\"}}}\nscenarios: [{name: one, target: shop, requests: 1, modes: [sequential]}]"
	plan, problems := Parse("f", []byte(text), env, ".")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got, want := plan.Scrub("abcdefg abcdg cdeg"), "${B}g ${A}g ${C}g"; got != want {
		t.Errorf("scrubbed to %q, want %q", got, want)
	}
}

// Values that no http target uses are no secrets; those of tls, a body and a
// call are.
func TestWhatIsSecret(t *testing.T) {
	env := func(name string) (string, bool) { return "value-of-" + name, true }
	text := `
targets:
  shop:
    http:
      calls: [{url: "http://x/${CALL_URL}", headers: {a: "${CALL_HEADER}"}, body: "${CALL_BODY}"}]
      tls: {server_name: "${SERVER}"}
      success: {contains: "${WANTED}"}
scenarios: [{name: one, target: shop, requests: 1, before: "${COMMAND}", modes: [sequential]}]
`
	plan, problems := Parse("f", []byte(text), env, ".")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for name, secret := range map[string]bool{"CALL_URL": true, "CALL_HEADER": true, "CALL_BODY": true, "SERVER": true, "WANTED": false, "COMMAND": false} {
		if got := plan.Scrub("value-of-" + name); (got == "${"+name+"}") != secret {
			t.Errorf("%s is shown as %q, secret: %v", name, got, secret)
		}
	}
}

// A message about a secret value shows its name only.
func TestMessagesKeepSecrets(t *testing.T) {
	text := "targets: {shop: {http: {url: \"${SECRET_URL}\", headers: {a: \"${TOKEN}\\n\"}}}}\nscenarios: [{name: one, target: shop, requests: 1, modes: [sequential]}]"
	_, problems := Parse("f", []byte(text), environment, ".")
	message := problems.Error()
	if len(problems) != 2 || strings.Contains(message, "s3cr3t") || !strings.Contains(message, `"${SECRET_URL}" is no URL`) {
		t.Errorf("the message is\n%s", message)
	}
}
