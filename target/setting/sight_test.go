package setting

import (
	"net/url"
	"testing"
)

// A password that stands in a URL is seen, however it is spelled there; one that a
// variable has is not, whatever else the URL holds.
func TestPasswordsInPlainSight(t *testing.T) {
	for text, want := range map[string]bool{
		"http://h/":                                      false,
		"http://me@h/":                                   false,
		"http://me:@h/":                                  false,
		"http://me:hunter2@h/":                           true,
		"me:hunter2@h:4318":                              true,
		"http://me:hunter%32@h/":                         true,
		"http://me:%68%75%6e%74%65%72%32@h/":             true,
		"http://me:%68%75%6E%74%65%72%32@h/a@b":          true,
		"http://me:a%40b%2Fc@h/":                         true,
		"http://me:x@h/":                                 true,
		"http://me:a$$b@h/":                              true,
		"http://me:${ABSENT:-hunter2}@h/":                true,
		"http://me:${PASSWORD:-x}@h/":                    false,
		"http://me:${PASSWORD}@h/":                       false,
		"http://me:pre-${PASSWORD}@h/":                   false,
		"http://${WHOLE}@h/":                             false,
		"http://hunter2:${PASSWORD}@hunter2/hunter2":     false, // it stands there, too, but not as one
		"http://me:${PASSWORD}@h/?token=hunter2&a=b%40c": false,
		"http://me:${PASSWORD_OF_PASSWORD}@h/":           false,
		"http://%zz:hunter2@h/":                          false, // no URL: that is told
	} {
		r := NewReader(func(name string) (string, bool) {
			value, set := map[string]string{"PASSWORD": "hunter2", "WHOLE": "me:hunter2", "PASSWORD_OF_PASSWORD": "PASSWORD"}[name]
			return value, set
		}, ".")
		at, ok := Located(Secret(Text("a URL"))).Read(r, r.Load([]byte("'"+text+"'")))
		if !ok {
			t.Fatal(r.Problems())
		}
		if got := InPlainSight(at); got != want {
			u, err := url.Parse(at.Value)
			t.Errorf("%s: %v, want %v (%v, %v)", text, got, want, u, err)
		}
	}
}
