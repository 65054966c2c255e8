// Package real is for tests only: the databases that sql speaks to, PostgreSQL
// and MariaDB, as they are installed on this machine. Each is started on
// loopback with a folder of its own by the first test that asks for it, and
// stopped by Stop; where it is not installed the test skips, and fails where
// PLIMSOLL_REAL is set.
package real

import (
	stdsql "database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql" // both register themselves, for tests that ask what the server sees
	_ "github.com/jackc/pgx/v5/stdlib"

	installed "plimsoll/target/real"
)

// Most is how many connections a server takes.
const Most = 40

// Password is that of every user.
const Password = "s3cret-pa55"

// Server is a database that runs here.
type Server struct {
	Driver string // as scenario files have it
	Port   int

	make    func(s *Server) error // its folder
	command func(s *Server) []string
	folder  string
	as      identity
	bin     string
	process *os.Process
	admin   *stdsql.DB
}

// shared are the servers of this process's tests.
type shared struct {
	once   sync.Once
	server *Server
	err    error
}

var postgres, mariadb shared

// Postgres is the one that all tests share.
func Postgres(t testing.TB) *Server { return postgres.of(t, "PostgreSQL", newPostgres) }

// What the driver has to say of servers that are killed is nobody's business. It is told
// so before any test goes on beside another.
var _ = mysql.SetLogger(&mysql.NopLogger{})

// MariaDB is the one that all tests share.
func MariaDB(t testing.TB) *Server { return mariadb.of(t, "MariaDB", newMariaDB) }

// All calls a test with each, at the same time: tests wait for them more than they
// work. What has to be undone when both have ended is a matter of t's Cleanup.
func All(t *testing.T, test func(t *testing.T, s *Server)) {
	for name, of := range map[string]func(testing.TB) *Server{"postgres": Postgres, "mariadb": MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := of(t)
			s.alone(t)
			test(t, s)
		})
	}
}

// alone waits until the connections of the tests before are gone: a server may hear
// late that they were closed, and who counts would count them.
func (s *Server) alone(t testing.TB) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); s.Users(t) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d connections of the test before are still there", s.Users(t))
		}
	}
}

// errAbsent says that a server is not installed.
var errAbsent = errors.New("is not installed")

func (s *shared) of(t testing.TB, name string, build func() (*Server, error)) *Server {
	t.Helper()
	s.once.Do(func() {
		if s.server, s.err = build(); s.err == nil {
			s.err = s.server.begin(installed.Address(t))
		}
	})
	switch {
	case errors.Is(s.err, errAbsent):
		installed.Absent(t, name)
	case s.err != nil:
		t.Fatalf("%s: %v", name, s.err)
	}
	return s.server
}

// Stop stops what tests have started, and leaves nothing behind.
func Stop() {
	for _, s := range []*shared{&postgres, &mariadb} {
		if s.server != nil {
			s.server.end()
		}
		*s = shared{} // who asks once more gets another one
	}
}

// begin makes the server's folder, and starts it at an address.
func (s *Server) begin(address string) error {
	folder, err := os.MkdirTemp("", "plimsoll-real-")
	if err != nil {
		return err
	}
	s.folder = folder
	if err := os.Chmod(folder, 0o755); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		s.Port, err = strconv.Atoi(port)
	}
	if err != nil {
		return err
	}
	if err := s.as.own(folder); err != nil {
		return err
	}
	if err := s.make(s); err != nil {
		return err
	}
	return s.Start()
}

// run carries a command out to its end.
func (s *Server) run(args ...string) error {
	c := s.cmd(args...)
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, out)
	}
	return nil
}

// Start starts it, and waits until it answers.
func (s *Server) Start() error {
	log, err := os.OpenFile(s.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	defer log.Close()
	c := s.cmd(s.command(s)...)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		return err
	}
	s.process = c.Process
	if s.admin == nil {
		if s.admin, err = stdsql.Open(map[string]string{"postgres": "pgx", "mysql": "mysql"}[s.Driver], s.DSN("admin", Password)); err != nil {
			return err
		}
		s.admin.SetMaxOpenConns(1) // and stays, so that it is not counted when it goes
		s.admin.SetMaxIdleConns(1)
	}
	const patience = 90 * time.Second
	for until := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if err = s.admin.Ping(); err == nil {
			return nil
		}
		if time.Now().After(until) {
			text, _ := os.ReadFile(s.Log())
			return fmt.Errorf("it does not answer: %w\n%s", err, text[max(0, len(text)-2000):])
		}
	}
}

// Log is the file where the server says what it does.
func (s *Server) Log() string { return filepath.Join(s.folder, "server.log") }

// DSN is where it is, for a user.
func (s *Server) DSN(name, password string) string {
	if s.Driver == "postgres" {
		return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/postgres?sslmode=disable", name, password, s.Port)
	}
	return fmt.Sprintf("%s:%s@tcp(127.0.0.1:%d)/test", name, password, s.Port)
}

// Ask is what the server answers, in rows of texts.
func (s *Server) Ask(t testing.TB, statement string, args ...any) (all [][]string) {
	t.Helper()
	rows, err := s.admin.Query(statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	for rows.Next() {
		row, into := make([]stdsql.NullString, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		texts := make([]string, len(row))
		for i := range row {
			texts[i] = row[i].String
		}
		all = append(all, texts)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return all
}

// Number is the only number that the server answers.
func (s *Server) Number(t testing.TB, statement string, args ...any) int {
	t.Helper()
	rows := s.Ask(t, statement, args...)
	n, err := strconv.Atoi(rows[0][0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Busy is how many statements the server has under way, and Users how many
// connections, but for ours that ask.
func (s *Server) Busy(t testing.TB) int {
	t.Helper()
	if s.Driver == "postgres" {
		return s.Number(t, "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'")
	}
	return s.Number(t, "select count(*) from information_schema.processlist where command not in ('Sleep', 'Daemon', 'Connect') and id <> connection_id() and coalesce(info, '') not like 'KILL %'")
}

// Users is how many connections the server has, but for the one that asks.
func (s *Server) Users(t testing.TB) int {
	t.Helper()
	if s.Driver == "postgres" {
		return s.Number(t, "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()")
	}
	return s.Number(t, "select count(*) from information_schema.processlist where command <> 'Daemon' and id <> connection_id()")
}

// Sleep is a statement that takes so long.
func (s *Server) Sleep(seconds float64) string {
	if s.Driver == "postgres" {
		return fmt.Sprintf("select pg_sleep(%g)", seconds)
	}
	return fmt.Sprintf("select sleep(%g)", seconds)
}

// end stops the server, and removes its folder.
func (s *Server) end() {
	if s.admin != nil {
		_ = s.admin.Close()
	}
	if s.process != nil {
		s.Kill()
	}
	_ = os.RemoveAll(s.folder)
}

func newPostgres() (*Server, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 || !runs {
		return nil, errAbsent
	}
	return &Server{
		Driver: "postgres", bin: filepath.Dir(found[len(found)-1]), as: nobody("postgres"),
		make: func(s *Server) error {
			password := filepath.Join(s.folder, "password")
			if err := os.WriteFile(password, []byte(Password), 0o644); err != nil {
				return err
			}
			return s.run(filepath.Join(s.bin, "initdb"), "-D", filepath.Join(s.folder, "data"), "-A", "scram-sha-256", "-U", "admin", "--pwfile", password, "--no-sync", "-E", "UTF8", "--locale", "C")
		},
		command: func(s *Server) []string {
			return []string{filepath.Join(s.bin, "postgres"), "-D", filepath.Join(s.folder, "data"), "-p", strconv.Itoa(s.Port), "-k", s.folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
				"-c", "max_connections=" + strconv.Itoa(Most), "-c", "superuser_reserved_connections=3", "-c", "log_connections=on"}
		},
	}, nil
}

func newMariaDB() (*Server, error) {
	install, err1 := exec.LookPath("mariadb-install-db")
	daemon, err2 := exec.LookPath("mariadbd")
	if err2 != nil {
		daemon = "/usr/sbin/mariadbd"
		_, err2 = os.Stat(daemon)
	}
	if err1 != nil || err2 != nil || !runs {
		return nil, errAbsent
	}
	return &Server{
		Driver: "mysql", as: nobody("nobody"),
		make: func(s *Server) error {
			setup := strings.ReplaceAll(strings.Join([]string{
				"CREATE DATABASE IF NOT EXISTS test;",
				"CREATE USER IF NOT EXISTS admin@'127.0.0.1' IDENTIFIED BY 'PASSWORD';",
				"GRANT ALL ON *.* TO admin@'127.0.0.1' WITH GRANT OPTION;",
				"CREATE USER IF NOT EXISTS app@'127.0.0.1' IDENTIFIED BY 'PASSWORD';",
				"GRANT ALL ON test.* TO app@'127.0.0.1';",
			}, "\n"), "PASSWORD", Password)
			if err := os.WriteFile(filepath.Join(s.folder, "setup.sql"), []byte(setup), 0o644); err != nil {
				return err
			}
			return s.run(install, "--no-defaults", "--datadir="+filepath.Join(s.folder, "data"), "--auth-root-authentication-method=normal", "--skip-test-db")
		},
		command: func(s *Server) []string {
			return []string{daemon, "--no-defaults", "--datadir=" + filepath.Join(s.folder, "data"), "--port=" + strconv.Itoa(s.Port), "--bind-address=127.0.0.1", "--socket=" + filepath.Join(s.folder, "s.sock"),
				"--skip-name-resolve", "--init-file=" + filepath.Join(s.folder, "setup.sql"), "--max-connections=" + strconv.Itoa(Most), "--innodb-flush-log-at-trx-commit=2", "--pid-file=" + filepath.Join(s.folder, "pid")}
		},
	}, nil
}
