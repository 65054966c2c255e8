package grpc

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"plimsoll/target/hpack"
	"plimsoll/target/template"
)

// Field is a key of metadata and its value.
type Field struct {
	Name  string
	Value template.Template
}

// key is what keys of metadata are made of (PROTOCOL-HTTP2.md).
var key = regexp.MustCompile(`^[0-9a-z_.-]+$`)

// checkField tells why a key cannot be one of metadata.
func checkField(name string) error {
	switch {
	case key.MatchString(strings.ToLower(name)) && name != strings.ToLower(name):
		return fmt.Errorf("keys of metadata are in small letters: write %s", strings.ToLower(name))
	case !key.MatchString(name):
		return fmt.Errorf("%q is no key of metadata: letters, digits, _, - and . make one", name)
	case strings.HasPrefix(name, "grpc-"):
		return fmt.Errorf("keys that begin with grpc- are the protocol's own: leave %s out", name)
	case own[name]:
		return fmt.Errorf("%s is set by plimsoll: leave it out", name)
	}
	return nil
}

// own are the fields that belong to the protocol.
var own = map[string]bool{"te": true, "content-type": true, "host": true, "connection": true, "keep-alive": true, "proxy-connection": true, "transfer-encoding": true, "upgrade": true, "content-length": true}

// secret are the fields that nobody is to keep who passes them on.
var secret = map[string]bool{"authorization": true, "proxy-authorization": true, "cookie": true}

// spell is a value as it is sent: that of a key which ends in -bin is any bytes, in
// Base64, and others are printable.
func spell(name string, value []byte) ([]byte, error) {
	if strings.HasSuffix(name, "-bin") {
		return base64.RawStdEncoding.AppendEncode(nil, value), nil
	}
	for _, c := range value {
		if c < ' ' || c > '~' {
			return nil, fmt.Errorf("the value of %s has characters that metadata cannot have: use a key that ends in -bin", name)
		}
	}
	return value, nil
}

// appendField appends a key of metadata to a block.
func appendField(block []byte, name string, value []byte) ([]byte, error) {
	spelled, err := spell(name, value)
	if err != nil {
		return block, err
	}
	return hpack.Append(block, []byte(name), spelled, secret[name]), nil
}

// agent is how we introduce ourselves.
const agent = "plimsoll"

// contentType is what answers are, and requests.
const contentType = "application/grpc"

// opening is the block of fields that requests of a method begin with; the server
// is told how long the call may take, unless that is 0.
func opening(scheme, authority, path string, timeout time.Duration) (block []byte) {
	add := func(name, value string) { block = hpack.Append(block, []byte(name), []byte(value), false) }
	add(":method", "POST")
	add(":scheme", scheme)
	add(":path", path)
	add(":authority", authority)
	add("te", "trailers")
	add("content-type", contentType)
	add("user-agent", agent)
	if timeout > 0 {
		add("grpc-timeout", spellTimeout(timeout))
	}
	return block
}

// spellTimeout is a time as grpc-timeout has it, in eight digits at most: rounded
// up, so that the server does not give up before we do.
func spellTimeout(d time.Duration) string {
	const most = 99_999_999
	for _, unit := range []struct {
		length time.Duration
		letter string
	}{{time.Nanosecond, "n"}, {time.Microsecond, "u"}, {time.Millisecond, "m"}, {time.Second, "S"}, {time.Minute, "M"}} {
		if n := (d + unit.length - 1) / unit.length; n <= most {
			return strconv.FormatInt(int64(n), 10) + unit.letter
		}
	}
	return strconv.FormatInt(min(most, int64(d/time.Hour)), 10) + "H"
}
