package sql

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/kind"
	"plimsoll/target/setting"
)

// written is what stands in the scenario file.
type written struct {
	client  client.Settings
	driver  setting.At[string]
	dsn     setting.At[string]
	prepare bool
}

// Shape is how a scenario file spells a database.
func Shape() setting.Shape[kind.Settings] {
	var names []string
	for _, d := range databases() {
		names = append(names, d.name)
	}
	fields := append([]setting.Field[written]{
		setting.Key("driver", "Which database it is: postgres, mysql (MariaDB too) or sqlite. Default sqlite, in this process.", setting.Located(setting.Word("a driver", names...)), func(w *written) *setting.At[string] { return &w.driver }),
		setting.Key("dsn", "Where it is, and for whom: postgres://USER:PASSWORD@HOST:PORT/DATABASE, USER:PASSWORD@tcp(HOST:PORT)/DATABASE or mysql://…, for sqlite a file. Default, for sqlite: a private temporary file.", setting.Secret(setting.Located(setting.Text("the name of a data source"))), func(w *written) *setting.At[string] { return &w.dsn }),
		setting.Key("prepare", "Prepare statements, once a connection. Default false: each is sent as it is.", setting.Bool(), func(w *written) *bool { return &w.prepare }),
	}, client.Fields(func(w *written) *client.Settings { return &w.client })...)
	return kind.Target("an sql target", Action(), func(r *setting.Reader, at setting.Pos, w written, own kind.Call) (kind.Settings, bool) {
		return w.settings(r, at, own)
	}, fields...)
}

// settings fills the defaults in, and has the driver read its dsn.
func (w written) settings(r *setting.Reader, at setting.Pos, own kind.Call) (*Settings, bool) {
	ok := w.client.Complete(r, false)
	s := &Settings{Settings: w.client, Driver: cmp.Or(w.driver.Value, "sqlite"), Prepare: w.prepare, scrub: r.Scrub}
	if c, is := own.(*Call); is {
		s.own = c
	}
	if w.driver.Given && !w.driver.Valid || w.dsn.Given && !w.dsn.Valid {
		return s, false
	}
	if s.Driver == "sqlite" && s.TLS.Given {
		r.Problem(at, "SQLite is a file, and no server: leave tls out")
		ok = false
	}
	return s, s.understand(r, at, w) && ok
}

// understand has the dsn read by the driver.
func (s *Settings) understand(r *setting.Reader, at setting.Pos, w written) bool {
	d := databases()[slices.IndexFunc(databases(), func(d database) bool { return d.name == s.Driver })]
	if w.driver.Given {
		at = w.driver.Pos
	}
	dsn := w.dsn.Value
	switch scheme, _, _ := strings.Cut(dsn, "://"); {
	case s.Driver != "sqlite" && dsn == "":
		r.Problem(at, "driver: %s needs a dsn, such as %s", s.Driver, d.like)
		return false
	case strings.HasPrefix(scheme, "postgres") && s.Driver != "postgres", scheme == "mysql" && s.Driver != "mysql":
		r.Problem(w.dsn.Pos, "the dsn is one of %s's: write driver: %[1]s beside it", map[bool]string{true: "mysql", false: "postgres"}[scheme == "mysql"])
		return false
	case s.Driver == "sqlite":
		dsn = inFolder(dsn, r.Path)
	}
	of := d.of
	if r.Confined() {
		of = d.sent
	}
	var err error
	if s.dialect, err = of(dsn); err != nil {
		r.Problem(w.dsn.Pos, "the dsn cannot be read: %v; expected one such as %s", err, d.like)
		return false
	}
	s.hide()
	return true
}

// hide takes passwords out of all that is told, wherever the driver has found
// them.
func (s *Settings) hide() {
	var own setting.Secrets
	for _, secret := range s.dialect.secrets() {
		own.Add("password", secret)
	}
	all := s.scrub
	s.scrub = func(text string) string { return own.Scrub(all(text)) }
}

// Traits of a database.
func (s *Settings) Traits() kind.Traits {
	t := kind.Traits{
		Kind: "sql", Local: s.dialect != nil && s.dialect.local(), Action: "sql", Phases: phaseNames(), Operands: []string{"rows", "row"},
		Timeout: s.Timeout, Exclusive: true, Places: s.Connections, Together: s.Together(),
	}
	if s.own != nil {
		t.Own = s.own
	}
	return t
}

// Subject is where the database is, and what it is asked.
func (s *Settings) Subject() string {
	text := s.Driver + " " + s.dialect.place()
	if s.own != nil {
		text += ": " + s.own.Name()
	}
	return s.scrub(text)
}

// Open makes the target ready.
func (s *Settings) Open(_ context.Context, site kind.Site) (*kind.Opened, error) {
	here := *s
	here.TLS.Shook, here.Permit = site.Shook, site.Permit
	t, err := Open(&here)
	if err != nil {
		return nil, err
	}
	t.observer = site.Observer
	if s.own != nil {
		own, err := site.Own(s.own)
		if err != nil {
			t.Close()
			return nil, err
		}
		t.args = own.Args
	}
	return &kind.Opened{
		Engine:    s.Driver,
		Carrier:   func(c target.Clock) (target.Carrier, error) { return client.Carry(t, c, t.Leave), nil },
		Prepare:   func(call any) (any, error) { return call, nil },
		Divisible: true,
		Timeout:   s.Timeout,
		Retry:     s.Retry,
		Err:       kind.Never,
		Close:     t.Close,
	}, nil
}
