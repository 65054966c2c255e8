package runner_test

import (
	"encoding/json"
	"strings"
	"testing"

	"plimsoll/runner"
	"plimsoll/target/plain"
)

// Ends of strangers: whatever comes, it is an error or an end that results may have, of
// harmless texts, and is the same when it is read again.
func FuzzShareEnd(f *testing.F) {
	for _, text := range []string{
		`{"ended":"complete","engine":"wire-epoll","loops":2,"connections":{"HTTP/1.1":3},"tls":{"handshakes":1},"machine_use":{"cpu_s":1,"wall_s":2},"health":{"kept_pace":true}}`,
		`{"ended":"stopped","reason":"\u001b[2J<script>","engine":"","health":{"why":"\u202e"},"warnings":["a","\u0000"]}`,
		`{"ended":"complete","machine_use":{"cpu_s":1e308,"wall_s":-1}}`, `{"ended":"failed"}`,
		`{"ended":"complete","connections":{"":-1}}`, `{"ended":"complete","loops":-1}`, strings.Repeat(`{"health":`, 9999), `null`, `[]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := runner.ReadShareEnd(text)
		if err != nil {
			return
		}
		for _, one := range append([]string{e.Reason, e.Engine, e.Health.Why, e.Health.LimitedBy}, e.Warnings...) {
			if plain.Text(one) != one {
				t.Fatalf("%q is not harmless", one)
			}
		}
		if e.Loops < 0 || e.Use != nil && !(e.Use.CPUS >= 0 && e.Use.WallS >= 0) {
			t.Fatalf("%+v", e)
		}
		again, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		other, err := runner.ReadShareEnd(again)
		if err != nil {
			t.Fatalf("%s is none when it is sent on: %v", again, err)
		}
		if back, _ := json.Marshal(other); string(back) != string(again) {
			t.Fatalf("%s became %s", again, back)
		}
	})
}
