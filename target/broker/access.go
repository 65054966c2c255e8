package broker

import "crypto/tls"

// Access says who may talk over a server; the zero value lets everybody.
type Access struct {
	User, Password string
	TLS            *tls.Config // nil: everybody may listen on the way
}
