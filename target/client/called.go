package client

import "plimsoll/target/setting"

// Called is whom a target calls, as a file has it: a server that is there, by its
// address, or one of plimsoll's own, which `serve` starts.
type Called struct {
	Who       string // the target, such as "a grpc target"
	Key, Like string // of the address, and what one looks like: address, HOST:PORT
	Own       string // what serve starts, such as "plimsoll's own echo server"
	Address   setting.At[string]
	Served    bool
}

// Complete reports what is wrong with that, in a target at that place; check tells why
// a text is no address.
func (c Called) Complete(r *setting.Reader, at setting.Pos, check func(string) error) (ok bool) {
	switch {
	case c.Served && c.Address.Given:
		r.Problem(c.Address.Pos, "%s and serve exclude each other: serve starts a server of its own, so leave one of them out", c.Key)
		return false
	case !c.Served && !c.Address.Given:
		r.Problem(at, "%s needs the key %s (%s) or serve (%s)", c.Who, c.Key, c.Like, c.Own)
		return false
	case !c.Address.Valid:
		return c.Served
	}
	if err := check(c.Address.Value); err != nil {
		r.Problem(c.Address.Pos, "%v", err)
		return false
	}
	return true
}
