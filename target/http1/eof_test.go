package http1

import "testing"

// The end of the connection behind a whole answer changes nothing about it;
// in the midst of one it is what is wrong with it.
func TestEndsBehindAnswers(t *testing.T) {
	for text, whole := range map[string]bool{
		ok + "Content-Length: 2\r\n\r\nOK": true,
		ok + "\r\nOK":                      true, // up to the end
		ok + "Content-Length: 3\r\n\r\nOK": false,
		ok:                                 false,
	} {
		p := New(Limits{})
		p.Reset(false)
		if _, _, err := p.Feed([]byte(text)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if done, err := p.EOF(); done != whole || (err == nil) != whole {
				t.Errorf("%q: whole %v, %v", text, done, err)
			}
		}
	}
}
