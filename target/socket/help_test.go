package socket

import (
	"testing"

	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/dialog"
	"plimsoll/target/value"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opened is a target whose own call sends a text.
func opened(t testing.TB, s *Settings, text string) *Target {
	t.Helper()
	s.Own = call(t, text, s.Own.Receive)
	to := &Target{Settings: s, address: s.Address, args: func(*target.Request) []value.Value { return nil }}
	if err := to.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(to.close)
	return to
}

// call is one that sends a text.
func call(t testing.TB, text string, receive dialog.Receive) *dialog.Call {
	t.Helper()
	c, err := dialog.Say(text, receive)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
