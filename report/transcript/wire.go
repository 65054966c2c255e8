package transcript

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	nethttp "net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"plimsoll/target/look"
	"plimsoll/target/quantity"
)

// most is how many lines of a body are shown.
const most = 12

// Sent writes down a request.
func (t *Transcript) Sent(number uint64, url string, head, body []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first, lines := fields(head)
	method, asked, _ := strings.Cut(first, " ")
	if url == "" {
		url, _, _ = strings.Cut(asked, " ")
		lines = slices.DeleteFunc(lines, func(f field) bool { return f.is("Host") || f.is("User-Agent") })
	}
	t.hide(lines)
	body = bytes.Clone(body)
	t.later(number, func() {
		depth := t.show(number).depth + 1
		t.line(depth, "", "→ "+inOneLine(strings.TrimSpace(method+" "+url)))
		t.message(depth, lines, body)
	})
}

// inOneLine is a text of which what breaks lines is spelled.
func inOneLine(text string) string {
	return strings.NewReplacer("\r", `\r`, "\n", `\n`, "\t", `\t`).Replace(text)
}

// Answered writes down an answer, as soon as it is clear what in it is secret.
func (t *Transcript) Answered(number uint64, a *look.Answer, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, all := fields(a.Head)
	t.hide(all)
	body, status := bytes.Clone(a.Body), a.Status
	t.waiting[number] = append(t.waiting[number], func() {
		depth := t.show(number).depth + 1
		lines, others := t.telling(number, all)
		text := quantity.Size(int64(len(body))) + others
		if status > 0 { // of protocols that have one
			text = strings.TrimSpace(fmt.Sprintf("%d %s", status, nethttp.StatusText(status))) + ", " + text
		}
		t.line(depth, word(status < 400, green, red), "← "+text)
		if err != nil {
			t.message(depth, lines, nil)
			t.line(depth+1, "", err.Error())
			return
		}
		t.message(depth, lines, body)
	})
}

// later writes now, or behind what waits of the call.
func (t *Transcript) later(number uint64, write func()) {
	if len(t.waiting[number]) > 0 {
		t.waiting[number] = append(t.waiting[number], write)
		return
	}
	write()
}

// field is a line of a head.
type field struct{ name, value string }

func (f field) is(name string) bool { return strings.EqualFold(f.name, name) }

// fields are the lines of a head, and what stands before them.
func fields(head []byte) (first string, all []field) {
	for line := range strings.SplitSeq(string(head), "\n") {
		line = strings.TrimRight(line, "\r")
		name, text, is := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(line, "HTTP/") || first == "" && all == nil && strings.Contains(name, " "):
			first = line
		case is:
			all = append(all, field{name, strings.TrimSpace(text)})
		}
	}
	return first, all
}

// hide notes the secrets that lines of a head hold by what they are, and puts
// what can be told of them in their place.
func (t *Transcript) hide(lines []field) {
	for i, f := range lines {
		switch {
		case f.is("Authorization"), f.is("Proxy-Authorization"):
			lines[i].value = t.credentials(f.value)
		case f.is("Cookie"):
			var shown []string
			for pair := range strings.SplitSeq(f.value, ";") {
				shown = append(shown, t.cookie(strings.TrimSpace(pair)))
			}
			lines[i].value = strings.Join(shown, "; ")
		case f.is("Set-Cookie"):
			pair, rest, more := strings.Cut(f.value, ";")
			lines[i].value = t.cookie(pair) + word(more, ";", "") + rest
		}
	}
}

// credentials are what is shown of them.
func (t *Transcript) credentials(text string) string {
	way, secret, two := strings.Cut(text, " ")
	if !two {
		way, secret = "", text
	}
	shown := t.clean(secret)
	if named(shown) {
		return strings.TrimSpace(way + " " + shown)
	}
	t.secrets.Add("authorization", secret)
	if strings.EqualFold(way, "Basic") {
		if pair, err := base64.StdEncoding.DecodeString(secret); err == nil {
			name, password, _ := strings.Cut(string(pair), ":")
			if hidden := t.clean(password); named(hidden) {
				return "Basic " + t.clean(name) + ":" + hidden + " in base 64"
			}
			t.secrets.Add("password", password)
			return "Basic " + t.clean(name) + ":${password} in base 64"
		}
	}
	return strings.TrimSpace(way + " ${authorization}")
}

// named tells whether a text is nothing but the name of a secret.
func named(text string) bool {
	return strings.HasPrefix(text, "${") && strings.HasSuffix(text, "}") && strings.Count(text, "${") == 1
}

// cookie is what is shown of one. Short values say little, and stand elsewhere
// for other things.
func (t *Transcript) cookie(pair string) string {
	const secret = 8
	name, text, _ := strings.Cut(pair, "=")
	if shown := t.clean(text); named(shown) {
		return name + "=" + shown
	}
	if utf8.RuneCountInString(text) >= secret {
		t.secrets.Add("cookie."+name, strings.Trim(text, `"`))
	}
	return name + "=${cookie." + name + "}"
}

// always are the headers of answers that are shown whoever looks at them.
var always = []string{"Content-Type", "Content-Encoding", "Location", "Set-Cookie", "Retry-After", "Www-Authenticate", "X-Request-Id"}

// telling are the headers of an answer that matter, and how many others there
// are.
func (t *Transcript) telling(number uint64, all []field) (lines []field, others string) {
	for _, f := range all {
		looked := slices.ContainsFunc(t.looked[number], func(o look.Operand) bool { return f.is(strings.TrimPrefix(o.String(), "header.")) })
		if looked || slices.ContainsFunc(always, f.is) {
			lines = append(lines, f)
		}
	}
	if n := len(all) - len(lines); n > 0 {
		others = fmt.Sprintf(", %d other headers", n)
		if n == 1 {
			others = ", 1 other header"
		}
	}
	return lines, others
}

// message writes the lines of a head and the beginning of a body.
func (t *Transcript) message(depth int, lines []field, body []byte) {
	for _, f := range lines {
		t.line(depth+1, dim, clip(t.clean(f.name+": "+f.value), longest))
	}
	if len(body) == 0 {
		return
	}
	t.line(0, "", "")
	shown, rest := t.body(body, 2*depth+2)
	for _, line := range shown {
		t.line(depth+1, "", line)
	}
	if rest != "" {
		t.line(depth+1, dim, "… "+rest)
	}
	t.line(0, "", "")
}

// body is what is shown of one, and what is said of the rest.
func (t *Transcript) body(body []byte, indent int) (lines []string, rest string) {
	if !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0 {
		return nil, quantity.Size(int64(len(body))) + " that are no text"
	}
	text, room := string(body), 80-indent
	if spread := new(bytes.Buffer); len(body) > room && json.Indent(spread, bytes.TrimSpace(body), "", "  ") == nil {
		text = spread.String()
	}
	lines = strings.Split(strings.TrimRight(t.clean(text), "\r\n"), "\n")
	if more := len(lines) - most; more > 1 {
		lines, rest = lines[:most], fmt.Sprintf("and %d more lines of %s in all", more, quantity.Size(int64(len(body))))
	}
	for i, line := range lines {
		lines[i] = clip(strings.TrimRight(line, "\r"), longest)
	}
	return lines, rest
}
