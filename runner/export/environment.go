package export

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"plimsoll/target/setting"
)

// The variables by which programs that speak OTLP are told where to: that of
// metrics, if it is there, takes the place of that of all signals.
const (
	ofMetrics, ofAll = "OTEL_EXPORTER_OTLP_METRICS_", "OTEL_EXPORTER_OTLP_"
	anEndpoint       = "ENDPOINT"
	headers          = "HEADERS"
	timeout          = "TIMEOUT"
)

// passedOver are the variables that ask for what there is not, unless they have the
// value that is what there is, and what that is.
var passedOver = []struct{ name, fits, there string }{
	{"PROTOCOL", "http/json", "metrics go over HTTP, in JSON (http/json)"},
	{"COMPRESSION", "none", "metrics are not compressed"},
	{"CERTIFICATE", "", "whom the system trusts is trusted"},
	{"CLIENT_CERTIFICATE", "", "no certificate is shown"},
	{"CLIENT_KEY", "", "no certificate is shown"},
}

// fromEnvironment is whoever takes OTLP, by the file and by the environment. What
// is wrong there is not repeated: there may be secrets in it.
func fromEnvironment(r *setting.Reader, at setting.Pos, endpoint setting.At[string]) (*OTLP, bool) {
	o, ok := &OTLP{Timeout: patient}, true
	say := func(name string, err error) {
		r.Problem(at, "the environment variable %s: %v", name, err)
		ok = false
	}
	name, text := lookUp(r, anEndpoint)
	var err error
	switch {
	case endpoint.Valid:
		name = ""
		o.Endpoint, err = otlpURL(endpoint.Value)
	case name == "":
		o.Endpoint, err = otlpURL("http://localhost:4318")
	case name == ofMetrics+anEndpoint: // stands for itself
		o.Endpoint, err = parse(text, "http://127.0.0.1:4318/v1/metrics")
	default:
		o.Endpoint, err = otlpURL(text)
	}
	switch {
	case err != nil:
		say(name, err)
	case name != "":
		for _, credential := range credentials(o.Endpoint) {
			r.Conceal(name, credential)
		}
	}
	if name, text = lookUp(r, headers); name != "" {
		r.Conceal(name, text)
		if o.Headers, err = parseHeaders(text); err != nil {
			say(name, err)
		}
		for _, value := range o.Headers {
			for _, secret := range confided(value) {
				r.Conceal(name, secret)
			}
		}
	}
	if name, text = lookUp(r, timeout); name != "" {
		if o.Timeout, err = parseTimeout(text); err != nil {
			say(name, err)
		}
	}
	for _, v := range passedOver {
		if name, text = lookUp(r, v.name); name != "" && strings.TrimSpace(text) != v.fits {
			o.PassedOver = append(o.PassedOver, fmt.Sprintf("what %s says is passed over: %s", name, v.there))
		}
	}
	return o, ok
}

// lookUp finds a variable that is not empty, and its name; "": there is none, as far as
// a file that somebody else has sent goes.
func lookUp(r *setting.Reader, what string) (name, text string) {
	if r.Confined() {
		return "", ""
	}
	for _, prefix := range []string{ofMetrics, ofAll} {
		if text := r.Environment(prefix + what); text != "" {
			return prefix + what, text
		}
	}
	return "", ""
}

// parseTimeout reads milliseconds.
func parseTimeout(text string) (time.Duration, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	if err != nil || n == 0 {
		return 0, errors.New("it is a time in milliseconds, such as 10000")
	}
	return time.Duration(n) * time.Millisecond, nil
}

// parseHeaders reads name=value,name=value, in which values have %20 for a space.
func parseHeaders(text string) (map[string]string, error) {
	all := map[string]string{}
	for i, item := range strings.Split(text, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		name, value, is := strings.Cut(item, "=")
		name = strings.TrimSpace(name)
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !is || err != nil || !isToken(name) || strings.ContainsFunc(value, isControl) {
			return nil, fmt.Errorf("its part %d is no header: write name=value, with commas between them and %%20 for a space", i+1)
		}
		all[name] = value
	}
	return all, nil
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

// isToken tells whether a text can be the name of a header.
func isToken(text string) bool {
	other := func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", c))
	}
	return text != "" && !strings.ContainsFunc(text, other)
}
