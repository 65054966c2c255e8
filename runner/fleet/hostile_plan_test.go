package fleet

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"plimsoll/runner"
)

// A plan that would read what an agent has not permitted is refused before any of it is
// looked at: whatever names a file, and whatever names a variable.
func TestAHostilePlanReadsNothing(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("hush"), 0o600); err != nil {
		t.Fatal(err)
	}
	const up = "../../../../../../../../../../.."
	const local, names, file = "takes --allow-exec", "outside of the scenario file's folder", "may not name files"
	steps := func(steps string) string { return "sim: {delay: 1ms}}\n  l: {" + steps }
	for text, why := range map[string]string{
		"sql: {driver: mysql, dsn: 'u:p@tcp(127.0.0.1:1)/d?allowAllFiles=true', sql: select 1}":                     local,
		"sql: {driver: mysql, dsn: 'mysql://u:p@127.0.0.1/d?allowAllFiles=true', sql: select 1}":                    local,
		"sql: {driver: postgres, dsn: 'postgres://u@127.0.0.1/d?passfile=" + outside + "', sql: select 1}":          file,
		"sql: {driver: postgres, dsn: 'postgresql://u@127.0.0.1/d?sslcert=" + outside + "', sql: select 1}":         file,
		"sql: {driver: postgres, dsn: 'host=127.0.0.1 sslrootcert=" + outside + " sslmode=require', sql: select 1}": file,
		"sql: {driver: postgres, dsn: \"host=127.0.0.1 passfile='" + outside + "'\", sql: select 1}":                file,
		"sql: {driver: postgres, dsn: 'service=x servicefile=" + outside + "', sql: select 1}":                      file,
		"sql: {driver: postgres, dsn: 'postgres://u@127.0.0.1/d?service=x', sql: select 1}":                         file,
		"sql: {sql: select 1}": local,
		"sql: {driver: sqlite, dsn: 'file:///" + outside + "', sql: select 1}":                                                local,
		"exec: {exec: [date], directory: " + up + "/etc}":                                                                     names,
		"file: {file: read, directory: " + outside + "}":                                                                      names,
		"http: {url: 'http://127.0.0.1:1/', method: POST, body_file: " + outside + "}":                                        names,
		"http: {url: 'http://x/', unix: " + outside + "}":                                                                     names,
		"http: {url: 'http://x/', unix: " + up + "/var/run/docker.sock}":                                                      names,
		"http: {url: 'https://x/', tls: {cert: " + outside + ", key: " + outside + "}}":                                       names,
		"http: {url: 'https://x/', tls: {ca: a/../" + up + outside + "}}":                                                     names,
		"grpc: {address: '127.0.0.1:1', schema: " + up + "/a.proto, rpc: a.B/C}":                                              names,
		"nats: {publish: {file: " + outside + "}, url: 'nats://127.0.0.1:1', tls: {ca: " + outside + "}}":                     names,
		"tcp: {address: '127.0.0.1:1', send: {file: " + outside + "}}":                                                        names,
		"sim: {delay: {samples: {file: " + outside + "}}}":                                                                    "",
		steps("exec: [touch, " + outside + "]"):                                                                               local,
		"http: {url: 'http://${SECRET}.example.com/'}":                                                                        "takes --allow-env SECRET",
		"http: {url: 'http://127.0.0.1/', headers: {A: '${SECRET:-x}'}}":                                                      "takes --allow-env SECRET",
		"sim: {delay: '${SECRET:-1ms}'}":                                                                                      "takes --allow-env SECRET",
		"sim: {delay: 1ms}}\ndata: {d: {file: " + outside + ".csv}}\nmonitor: {a: {pid: 1}":                                   names,
		"sim: {delay: 1ms}}\ndata: {d: {file: " + up + "/etc/a.json}}\nmonitor: {a: {pid: 1}":                                 names,
		"sim: {delay: 1ms}}\nexport: {prometheus: {push: 'http://a:${SECRET}@127.0.0.1:1/'}}\nmonitor: {a: {command: [date]}": "takes --allow-env SECRET",
	} {
		job, err := shares().Take(onePlan(text))
		if err == nil {
			job.Close()
			t.Errorf("%s is taken", text)
		} else if !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What pgx finds by itself on the machine of an agent stays there: passwords and
// certificates of the environment, and of home.
func TestAHostilePlanFindsNoPasswords(t *testing.T) {
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "pass"), []byte("*:*:*:*:hush-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", filepath.Join(home, "pass"))
	for _, password := range []string{"", "hush-environment"} {
		t.Setenv("PGPASSWORD", password)
		for dsn, own := range map[string]string{
			"postgres://ann@ADDRESS/d?sslmode=disable":                       "",
			"postgres://ann:own@ADDRESS/d?sslmode=disable":                   "own",
			"postgresql://ADDRESS/d?user=ann&password=own&sslmode=disable":   "own",
			"host=HOST port=PORT user=ann dbname=d sslmode=disable":          "",
			"host=HOST port=PORT user=ann password=own sslmode=disable":      "own",
			"host=HOST port=PORT user=ann password='own' sslmode='disable' ": "own",
		} {
			asked := passwords(t)
			host, port, _ := net.SplitHostPort(asked.address)
			dsn = strings.NewReplacer("ADDRESS", asked.address, "HOST", host, "PORT", port).Replace(dsn)
			if _, err := carry(t, onePlan("sql: {driver: postgres, dsn: \""+dsn+"\", sql: select 1, timeout: 5s}")); err != nil {
				t.Errorf("%s: %v", dsn, err)
			}
			if got := asked.first(); got != own {
				t.Errorf("%s, with PGPASSWORD=%s: the server was told %q", dsn, password, got)
			}
		}
	}
}

// greedy is a server of PostgreSQL's that asks for passwords in clear, and lets nobody in.
type greedy struct {
	address string
	told    chan string
}

func passwords(t *testing.T) *greedy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &greedy{l.Addr().String(), make(chan string, 1)}
	attend(t, l, g.ask)
	return g
}

// attend serves whoever comes, one after the other, until the test is over.
func attend(t *testing.T, l net.Listener, serve func(net.Conn)) {
	gone := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-gone })
	go func() {
		defer close(gone)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(c)
		}
	}()
}

func (g *greedy) ask(c net.Conn) {
	defer func() { _ = c.Close() }()
	text := make([]byte, 4096)
	if _, err := c.Read(text); err != nil {
		return
	}
	_, _ = c.Write([]byte{'R', 0, 0, 0, 8, 0, 0, 0, 3}) // the password in clear
	n, _ := c.Read(text)
	told := ""
	if n > 6 {
		told = string(text[5 : n-1])
	}
	select {
	case g.told <- told:
	default:
	}
}

// first is the password that came first; "": none has.
func (g *greedy) first() string {
	select {
	case told := <-g.told:
		return told
	default:
		return ""
	}
}

// carry has the only share of a plan's first trial carried out.
func carry(t *testing.T, plan Plan) (end runner.ShareEnd, err error) {
	t.Helper()
	return carryWith(t, shares(), plan)
}

func carryWith(t *testing.T, s *Shares, plan Plan) (end runner.ShareEnd, err error) {
	t.Helper()
	job, err := s.Take(plan)
	if err != nil {
		t.Fatalf("%s: %v", plan.Text, err)
	}
	defer job.Close()
	order, _ := json.Marshal(runner.Order{})
	text, err := job.Carry(t.Context(), t.Context(), Command{Number: 1, Shares: 1, Order: order}, new(single))
	if err == nil {
		err = json.Unmarshal(text, &end)
	}
	return end, err
}

// counted is a server that counts whoever comes, at an address of this machine's that
// is not loopback; where there is none, at nobody's.
func counted(t *testing.T) (address string, came *atomic.Int64) {
	t.Helper()
	came = new(atomic.Int64)
	all, _ := net.InterfaceAddrs()
	for _, one := range all {
		at, is := one.(*net.IPNet)
		if !is || at.IP.IsLoopback() || at.IP.To4() == nil {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort(at.IP.String(), "0"))
		if err != nil {
			continue
		}
		attend(t, l, func(c net.Conn) {
			came.Add(1)
			_ = c.Close()
		})
		return l.Addr().String(), came
	}
	return "192.0.2.1:9", came
}

// A share connects to nowhere that its agent has not permitted, whatever kind of target
// it is, and however the address is written.
func TestAHostilePlanConnectsNowhere(t *testing.T) {
	forbidden, came := counted(t)
	host, port, _ := net.SplitHostPort(forbidden)
	away := func(status int) *httptest.Server {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+forbidden+"/", status)
		}))
		t.Cleanup(s.Close)
		return s
	}
	found, moved := away(http.StatusFound), away(http.StatusTemporaryRedirect)
	cluster := clusterOf(t, forbidden)
	all := map[string]string{
		"http":                     "http: {url: 'http://" + forbidden + "/'}",
		"http, std":                "http: {url: 'http://" + forbidden + "/', engine: std}",
		"http, goroutines":         "http: {url: 'http://" + forbidden + "/', engine: wire-net}",
		"http, uring":              "http: {url: 'http://" + forbidden + "/', engine: wire-uring}",
		"http/2":                   "http: {url: 'http://" + forbidden + "/', http: 2}",
		"https":                    "http: {url: 'https://" + forbidden + "/', tls: {insecure: true}}",
		"http by resolve":          "http: {url: 'http://a.example:" + port + "/', resolve: {a.example: " + host + "}}",
		"http by a source":         "http: {url: 'http://" + forbidden + "/', source: " + host + "}",
		"http, IPv4 as IPv6":       "http: {url: 'http://[::ffff:" + host + "]:" + port + "/'}",
		"http, all addresses":      "http: {url: 'http://0.0.0.0:" + port + "/'}",
		"http, all of IPv6's":      "http: {url: 'http://[::]:" + port + "/'}",
		"http, an abstract socket": "http: {url: 'http://x/', unix: '@x'}",
		"websocket":                "websocket: {url: 'ws://" + forbidden + "/', send: x}",
		"tcp":                      "tcp: {address: '" + forbidden + "', send: x, receive: {bytes: 1}}",
		"udp":                      "udp: {address: '" + forbidden + "', send: x}",
		"redis":                    "redis: {address: '" + forbidden + "', redis: [GET, k]}",
		"nats":                     "nats: {url: 'nats://" + forbidden + "', publish: x, subject: a}",
		"nats, a list":             "nats: {url: 'nats://127.0.0.1:1,nats://" + forbidden + "', publish: x, subject: a}",
		"postgres":                 "sql: {driver: postgres, dsn: 'postgres://u@" + forbidden + "/d', sql: select 1}",
		"postgres, the second":     "sql: {driver: postgres, dsn: 'postgres://u@127.0.0.1:1," + forbidden + "/d', sql: select 1}",
		"postgres, a socket":       "sql: {driver: postgres, dsn: 'host=/var/run user=u', sql: select 1}",
		"mysql":                    "sql: {driver: mysql, dsn: 'u:p@tcp(" + forbidden + ")/d', sql: select 1}",
		"mysql, a socket":          "sql: {driver: mysql, dsn: 'u:p@unix(/var/run/x.sock)/d', sql: select 1}",
		"grpc":                     "grpc: {address: '" + forbidden + "', rpc: grpc.health.v1.Health/Check}",
		"grpc, TLS":                "grpc: {address: '" + forbidden + "', rpc: grpc.health.v1.Health/Check, tls: {insecure: true}}",
	}
	if runtime.GOOS != "linux" {
		delete(all, "http, an abstract socket")
	}
	plans := map[string]Plan{}
	for name, target := range all {
		plans[name] = onePlan(target)
	}
	for name, c := range map[string][2]string{
		"a redirect":            {found.URL, "get: /, redirects: 2"},
		"a redirect of a POST":  {moved.URL, "post: /, body: x, redirects: 2"},
		"a step that goes away": {found.URL, "get: 'http://" + forbidden + "/'"},
	} {
		p := onePlan("http: {url: '" + c[0] + "/'}")
		p.Text = []byte(strings.Replace(string(p.Text), "modes:", "steps: [{"+c[1]+"}], modes:", 1))
		plans[name] = p
	}
	plans["a redirect, std"] = func() Plan {
		p := onePlan("http: {url: '" + found.URL + "/', engine: std}")
		p.Text = []byte(strings.Replace(string(p.Text), "modes:", "steps: [{get: /, redirects: 2}], modes:", 1))
		return p
	}()
	for _, name := range slices.Sorted(maps.Keys(plans)) {
		if _, err := carry(t, plans[name]); err == nil || !strings.Contains(err.Error(), "does not permit") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A server may tell of others, which a client that was sent away might try.
	if _, err := carry(t, onePlan("nats: {url: 'nats://"+cluster+"', publish: x, subject: a, timeout: 200ms}")); err != nil && !strings.Contains(err.Error(), "does not permit") {
		t.Errorf("a cluster that tells of others: %v", err)
	}
	if n := came.Load(); n > 0 {
		t.Errorf("%d connections came to %s", n, forbidden)
	}
}

// clusterOf is a server of NATS that tells of another one, and lets nobody stay.
func clusterOf(t *testing.T, other string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	attend(t, l, func(c net.Conn) {
		_, _ = fmt.Fprintf(c, "INFO {\"server_id\":\"x\",\"version\":\"2.10.0\",\"max_payload\":1048576,\"connect_urls\":[%q]}\r\n", other)
		_, _ = c.Read(make([]byte, 4096))
		_ = c.Close()
	})
	return l.Addr().String()
}

// What a plan has beside its load is the coordinator's: an agent runs no commands,
// watches nothing, tells nobody and listens nowhere.
func TestAHostilePlanDoesNothingBeside(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	var came atomic.Int64
	peer := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came.Add(1) }))
	defer peer.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	export := "export: {prometheus: {push: '" + peer.URL + "'}, otlp: {endpoint: '" + peer.URL + "'}}"
	for _, top := range []string{export, "export: {prometheus: {remote_write: '" + peer.URL + "'}}", "export: {prometheus: {listen: '" + l.Addr().String() + "'}}"} {
		plan := onePlan("sim: {delay: 1ms}")
		plan.Text = []byte(strings.Replace(string(plan.Text), "duration: 1s,", fmt.Sprintf("duration: 1s, before: ['touch %s'], after: ['touch %[1]s'],", outside), 1) +
			top + fmt.Sprintf("\nmonitor:\n  a: {command: [touch, %q]}\n  b: {prometheus: '%s/metrics', show: [up]}\n", outside, peer.URL))
		if end, err := carry(t, plan); err != nil || end.Ended != "complete" {
			t.Errorf("%s: %+v, %v", top, end, err)
		}
	}
	if _, err := os.Stat(outside); err == nil || came.Load() > 0 {
		t.Errorf("a command was executed (%v), or %d told", err == nil, came.Load())
	}
}
