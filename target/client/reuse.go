package client

import (
	"fmt"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/setting"
)

// Reuse is who uses a connection again.
type Reuse uint8

const (
	ByAll  Reuse = iota // any call, the default
	Never               // each call has one of its own
	ByUser              // the calls of the user for whom it was opened
)

func reuseShape() setting.Shape[Reuse] {
	words := map[string]Reuse{"true": ByAll, "false": Never, "user": ByUser}
	read := func(text string) (Reuse, error) {
		is, known := words[strings.ToLower(text)]
		if !known {
			return 0, fmt.Errorf("%q is none of true, false and user", text)
		}
		return is, nil
	}
	return setting.Parsed("true, false or user", read, func() *jsonschema.Schema {
		return setting.Spelled("[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Uu][Ss][Ee][Rr]", "boolean")
	})
}
