// Command plimsoll finds out how much load a server may safely carry.
package main

import (
	"io"
	"log"
	"os"
)

func main() {
	log.SetOutput(io.Discard) // net/http remarks on servers there; a failure is in the result
	ctx, stop := listen()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
