package export

import (
	"errors"
	"net/url"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/client"
	"plimsoll/target/setting"
)

// written is `export:` as a scenario file has it.
type written struct {
	prometheus setting.At[prometheus]
	otlp       setting.At[setting.At[string]]
}

// prometheus are the ways to it.
type prometheus struct {
	listen      setting.At[string]
	push, write setting.At[string]
}

// Shape is how a scenario file spells where metrics go.
func Shape() setting.Shape[*Settings] {
	shape := setting.Object("an export",
		setting.Key("prometheus", "Has Prometheus come to read, or writes to it.", setting.Located(prometheusShape()), func(w *written) *setting.At[prometheus] { return &w.prometheus }),
		setting.Key("otlp", "Sends OTLP over HTTP, in JSON; what is not here is in OTEL_EXPORTER_OTLP_… of the environment.", setting.Located(otlpShape()), func(w *written) *setting.At[setting.At[string]] { return &w.otlp }),
	)
	return atLeastOne(setting.Complete(shape, func(r *setting.Reader, at setting.Pos, w written) (*Settings, bool) { return w.settings(r, at) }), "prometheus", "otlp")
}

func prometheusShape() setting.Shape[prometheus] {
	listen := setting.Where(setting.Text("an address such as 127.0.0.1:9464"), func(text string) error { return client.CheckAddress(text, 9464) })
	return atLeastOne(setting.Object("an export to prometheus",
		setting.Key("listen", "Where it comes to read, HOST:PORT of this machine; metrics are under /metrics.", setting.Located(listen), func(p *prometheus) *setting.At[string] { return &p.listen }),
		setting.Key("push", "The URL of a Pushgateway, which keeps what it was told last.", setting.Located(address("http://127.0.0.1:9091")), func(p *prometheus) *setting.At[string] { return &p.push }),
		setting.Key("remote_write", "The URL that takes remote write, of Prometheus or whoever speaks like it.", setting.Located(address("http://127.0.0.1:9090/api/v1/write")), func(p *prometheus) *setting.At[string] { return &p.write }),
	), "listen", "push", "remote_write")
}

func otlpShape() setting.Shape[setting.At[string]] {
	endpoint := setting.Where(setting.Text("HOST:PORT or a URL, such as http://127.0.0.1:4318"), func(text string) error {
		_, err := otlpURL(text)
		return err
	})
	return setting.Object("an export of otlp",
		setting.Key("endpoint", "Where a collector takes OTLP over HTTP: HOST:PORT or a URL, to which /v1/metrics is added. Default: OTEL_EXPORTER_OTLP_METRICS_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT of the environment, else http://localhost:4318.", setting.Located(setting.Secret(endpoint)), func(e *setting.At[string]) *setting.At[string] { return e }),
	)
}

// atLeastOne is the schema's way to say that one of the keys must be there.
func atLeastOne[T any](shape setting.Shape[T], keys ...string) setting.Shape[T] {
	schema := shape.Schema
	shape.Schema = func() *jsonschema.Schema {
		s := schema()
		for _, key := range keys {
			s.AnyOf = append(s.AnyOf, &jsonschema.Schema{Required: []string{key}})
		}
		return s
	}
	return shape
}

// settings checks that there is somebody to tell.
func (w written) settings(r *setting.Reader, at setting.Pos) (*Settings, bool) {
	s, p := &Settings{}, w.prometheus.Value
	switch {
	case !w.prometheus.Given && !w.otlp.Given:
		r.Problem(at, "an export says where metrics go: write `prometheus: {listen: 127.0.0.1:9464}` or `otlp: {endpoint: 127.0.0.1:4318}`, for example")
		return nil, false
	case w.prometheus.Valid && !p.listen.Given && !p.push.Given && !p.write.Given:
		r.Problem(w.prometheus.Pos, "an export to Prometheus says which way: write listen: 127.0.0.1:9464, push: URL or remote_write: URL")
		return nil, false
	}
	ok := true
	for _, key := range []setting.At[string]{p.push, p.write, w.otlp.Value} {
		if key.Valid && setting.InPlainSight(key) {
			r.Problem(key.Pos, "the URL holds a password in plain sight, which results would keep: write ${NAME} in its place, and set NAME in the environment")
			ok = false
		}
	}
	if p.listen.Valid {
		s.Listen = p.listen.Value
	}
	if p.push.Valid {
		s.Push = pushURL(p.push.Value)
	}
	if p.write.Valid {
		s.Write = writeURL(p.write.Value)
	}
	if w.otlp.Valid {
		var known bool
		s.OTLP, known = fromEnvironment(r, w.otlp.Pos, w.otlp.Value)
		ok = ok && known
	}
	return s, ok
}

// address is a URL. What is refused is not repeated: there may be a password in it.
func address(like string) setting.Shape[string] {
	return setting.Secret(setting.Where(setting.Text("a URL such as "+like), func(text string) error {
		_, err := parse(text, like)
		return err
	}))
}

func parse(text, like string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("that is no URL to send metrics to: write one that begins with http:// or https://, such as " + like)
	case u.Host == "":
		return nil, errors.New("the URL names no host: write one such as " + like)
	case u.Fragment != "":
		return nil, errors.New("the URL has a part behind #, which nobody is sent: write one such as " + like)
	}
	return u, nil
}

// pushURL is the place of this job, unless the URL has one of its own.
func pushURL(text string) *url.URL {
	u, _ := url.Parse(text) // it has been read well
	if !strings.Contains(u.Path, "/metrics/job") {
		u = below(u, "/metrics/job/plimsoll")
	}
	return u
}

// below is a URL with more of a path, which begins with a slash.
func below(u *url.URL, more string) *url.URL {
	to := *u
	to.Path, to.RawPath = strings.TrimSuffix(u.Path, "/")+more, ""
	return &to
}

// writeURL is where Prometheus takes remote write, unless the URL says where.
func writeURL(text string) *url.URL {
	u, _ := url.Parse(text)
	if strings.Trim(u.Path, "/") == "" {
		u = below(u, "/api/v1/write")
	}
	return u
}

// otlpURL is where metrics go at an endpoint that takes other signals, too.
func otlpURL(text string) (*url.URL, error) {
	const like = "http://127.0.0.1:4318"
	if !strings.Contains(text, "://") {
		address := text[strings.LastIndexByte(text, '@')+1:] // what is before it may be a password, and is not repeated
		if err := client.CheckAddress(address, 4318); err != nil {
			return nil, err
		}
		text = "http://" + text
	}
	u, err := parse(text, like)
	if err == nil && !strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/v1/metrics") {
		u = below(u, "/v1/metrics")
	}
	return u, err
}
