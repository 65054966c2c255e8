package sql

import (
	"errors"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// confinedPostgres reads a dsn that somebody else has sent: neither it nor what pgx
// looks for by itself, in the environment and at home, may name a file of this machine
// or hold a password that is this machine's user's.
func confinedPostgres(dsn string) (dialect, error) {
	// Keys are judged before a file is looked at that one of them names. What comes of
	// it is not used.
	allowed := pgconn.ParseConfigOptions{ConnStringAllowedKeys: sentKeys()}
	_, err := pgx.ParseConfigWithOptions(dsn, pgx.ParseConfigOptions{ParseConfigOptions: allowed})
	if err != nil && strings.Contains(err.Error(), "ConnStringAllowedKeys") {
		return nil, errors.New("it was sent, so that it may not name files of this machine, and only have " + strings.Join(sentKeys(), ", ") + ": write `tls` for certificates and keys, `options` for all else")
	}
	if err != nil {
		return nil, reasonOfPostgres(err)
	}
	return newPostgres(unaided(dsn))
}

// sentKeys are those of a dsn that name no file.
func sentKeys() []string {
	return []string{
		"host", "port", "database", "user", "password", "sslmode", "ssl", "sslsni", "sslnegotiation", "channel_binding", "require_auth",
		"connect_timeout", "target_session_attrs", "min_protocol_version", "max_protocol_version",
		"application_name", "options", "timezone", "search_path", "client_encoding", "statement_timeout", "lock_timeout",
	}
}

// unaided is a dsn for which pgx takes no file, and no password, from anywhere else.
func unaided(dsn string) string {
	nothing := []string{"passfile", "servicefile", "sslcert", "sslkey", "sslrootcert"}
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		before := "password=''" // of a key that comes twice the last counts
		for _, key := range nothing {
			before += " " + key + "=''"
		}
		return before + " " + dsn
	}
	at, err := url.Parse(dsn)
	if err != nil {
		return dsn // pgx tells, before it looks anywhere
	}
	asked := at.Query()
	for _, key := range nothing {
		asked.Set(key, "")
	}
	if _, given := at.User.Password(); !given && !asked.Has("password") {
		asked.Set("password", "")
	}
	at.RawQuery = asked.Encode()
	return at.String()
}
