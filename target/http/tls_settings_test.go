package http

import (
	"os"
	"testing"

	"plimsoll/target/setting"
)

// A certificate and its key are read, and those of two pairs are refused.
func TestCertificatesAreReadWithTheirKeys(t *testing.T) {
	der, key := selfSigned(t)
	_, foreign := selfSigned(t)
	cert := writePEM(t, "cert.pem", "CERTIFICATE", der)
	for name, c := range map[string]struct {
		key  []byte
		good bool
	}{"its key": {key, true}, "another's key": {foreign, false}} {
		path := writePEM(t, "key.pem", "PRIVATE KEY", c.key)
		r := setting.NewReader(os.LookupEnv, ".")
		text := "{url: \"https://a/\", tls: {cert: " + cert + ", key: " + path + "}}"
		s, ok := Shape().Read(r, r.Load([]byte(text)))
		if ok != c.good || (len(r.Problems()) == 0) != c.good || c.good && (s.TLS.Cert != cert || s.TLS.Key != path) {
			t.Errorf("%s: %v, %v, %+v", name, ok, r.Problems(), s)
		}
	}
}
