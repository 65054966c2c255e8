package scenario

import "testing"

// Advice is in flags for who typed flags.
func TestAdviceInFlags(t *testing.T) {
	for text, want := range map[string]string{
		"the server speaks HTTP/2 here: try `http: 2`":                 "the server speaks HTTP/2 here: try --http2",
		"it does not offer HTTP/2: try `http: 1.1`":                    "it does not offer HTTP/2: try it without --http2",
		"the server speaks TLS here: try `url: https://…`":             "the server speaks TLS here: try https://…",
		"`tls: {ca: FILE}` trusts it, `tls: {insecure: true}` anybody": "`tls: {ca: FILE}` in a file (--save) trusts it, -k anybody",
		"write `engine: std`, or leave `engine` out":                   "write --engine std, or leave --engine out",
		"raise the limit, or cap `connections`":                        "raise the limit, or cap --connections",
		"promise something about `errors`":                             "promise something about errors (--threshold 'errors <= 100%')",
	} {
		if got := InFlags(text); got != want {
			t.Errorf("%q: %q, and not %q", text, got, want)
		}
	}
}
