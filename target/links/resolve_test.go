package links_test

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plimsoll/target/links"
)

// RFC 3986, 5.4, from the base http://a/b/c/d;p?q, but that fragments are
// dropped and that a scheme without slashes is the page's own, as in browsers.
func TestResolvesAsTheStandardsDo(t *testing.T) {
	for link, want := range map[string]string{
		"g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g": "http://g/",
		"?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", "#s": "http://a/b/c/d;p?q", "g#s": "http://a/b/c/g",
		"g?y#s": "http://a/b/c/g?y", ";x": "http://a/b/c/;x", "g;x": "http://a/b/c/g;x", "g;x?y#s": "http://a/b/c/g;x?y",
		"": "http://a/b/c/d;p?q", ".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/", "../": "http://a/b/",
		"../g": "http://a/b/g", "../..": "http://a/", "../../": "http://a/", "../../g": "http://a/g",
		"../../../g": "http://a/g", "../../../../g": "http://a/g", "/./g": "http://a/g", "/../g": "http://a/g",
		"g.": "http://a/b/c/g.", ".g": "http://a/b/c/.g", "g..": "http://a/b/c/g..", "..g": "http://a/b/c/..g",
		"./../g": "http://a/b/g", "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h",
		"g;x=1/./y": "http://a/b/c/g;x=1/y", "g;x=1/../y": "http://a/b/c/y",
		"g?y/./x": "http://a/b/c/g?y/./x", "g?y/../x": "http://a/b/c/g?y/../x", "g#s/../x": "http://a/b/c/g",
		"http:g": "http://a/b/c/g", "g:h": links.OtherScheme,
	} {
		check(t, "http://a/b/c/d;p?q", link, want)
	}
}

// What https://url.spec.whatwg.org has beyond that.
func TestResolvesAsBrowsersDo(t *testing.T) {
	for link, want := range map[string]string{
		" \t/a\n ": "http://h:8/a", "/a\nb\tc": "http://h:8/abc", `\a\b`: "http://h:8/a/b", `..\x`: "http://h:8/x",
		`\\o\p`: "http://o/p", "///o/p": "http://o/p", `/\o/p`: "http://o/p", "http:///o/p": "http://o/p",
		"https:o/p": "https://o/p", "https:/o": "https://o/", "http:/o": "http://h:8/o",
		"HTTP://O:80/": "http://o/", "https://O:443": "https://o/", "https://o:80/": "https://o:80/", "http://o:0080/": "http://o/",
		"http://o:/": "http://o/", "http://o:99999/": links.Malformed, "http://o:x/": links.Malformed, "http:///": links.Malformed,
		"http://": links.Malformed, "//": links.Malformed, "http://a b/": links.Malformed, "http://u:p@o/": links.Malformed,
		"http://[::1]:80/x": "http://[::1]/x", "http://[0:0::1]/": "http://[::1]/", "http://[::1/": links.Malformed, "http://[x]/": links.Malformed,
		"http://%6F/": "http://o/", "http://%2f/": links.Malformed, "http://bücher.example/": "http://xn--bcher-kva.example/",
		"/%7e/%c3%a9": "http://h:8/%7E/%C3%A9", "/é ü": "http://h:8/%C3%A9%20%C3%BC", "/%zz%4": "http://h:8/%zz%4",
		"/a/%2e%2E/b": "http://h:8/b", "/a/.%2e/": "http://h:8/", "/a/%2e": "http://h:8/a/", "/a//b/..//c": "http://h:8/a//" + "/c",
		"/q?b=2&a=1&b=2": "http://h:8/q?b=2&a=1&b=2", "/q?": "http://h:8/q?", "?x y'": "http://h:8/d/e?x%20y%27", "/a?b\\c": `http://h:8/a?b\c`,
		"mailto:a@b": links.OtherScheme, "javascript:void(0)": links.OtherScheme, "JavaScript:x": links.OtherScheme, " data:,x": links.OtherScheme,
		"java\nscript:x": links.OtherScheme, "tel:1": links.OtherScheme, "ftp://o/": links.OtherScheme,
		"a:b": links.OtherScheme, "./a:b": "http://h:8/d/a:b", "1:b": "http://h:8/d/1:b", ":b": "http://h:8/d/:b",
	} {
		check(t, "http://h:8/d/e?f", link, want)
	}
}

func check(t *testing.T, page, link, want string) {
	t.Helper()
	got, why := links.Resolve(page, link)
	if got+why != want {
		t.Errorf("from %s the link %q leads to %q %s, want %q", page, link, got, why, want)
	}
}

// Where links are written as they should be, the standard library is of the same
// mind.
func TestResolvesAsNetURL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		segments := rapid.SliceOfN(rapid.SampledFrom([]string{".", "..", "a", "b-c", "%41", "x.y", "~"}), 0, 5) // of empty ones net/url is of its own mind
		path := strings.Join(segments.Draw(t, "base"), "/")
		link := strings.Join(segments.Draw(t, "link"), "/")
		if rapid.Bool().Draw(t, "slash") {
			link += "/"
		}
		if rapid.Bool().Draw(t, "query") {
			link += "?q=1&a=2"
		}
		page, err := links.Normal("http://host:81/" + path + "?of=base") // net/url would leave its dots in
		if err != nil {
			t.Fatal(err)
		}
		base, _ := url.Parse(page)
		to, err := base.Parse(link)
		if err != nil {
			t.Skip()
		}
		got, why := links.Resolve(page, link)
		if got != to.String() || why != "" {
			t.Fatalf("%s + %s: %s %s, net/url says %s", page, link, got, why, to)
		}
	})
}

// A normal URL is as it is, and taking it apart loses nothing.
func FuzzResolve(f *testing.F) {
	for _, link := range []string{"", "/a", "../..", "//x", `\\x\..\`, "http:a", "https://[::1]:443/%2e", "?%zz", "a:b", "http://é/é?é#é", "http:///x", "//%41:80"} {
		f.Add("http://a/b/c", link)
		f.Add(link, link)
	}
	f.Fuzz(func(t *testing.T, page, link string) {
		first, why := links.Resolve(page, link)
		if why != "" {
			return
		}
		again, err := links.Normal(first)
		if err != nil || again != first {
			t.Fatalf("%q from %q leads to %q, and that to %q (%v)", link, page, first, again, err)
		}
		scheme, host, target := links.Cut(first)
		if scheme+"://"+host+target != first || host == "" || target == "" || target[0] != '/' {
			t.Fatalf("%q comes apart as %q %q %q", first, scheme, host, target)
		}
		for _, c := range []byte(first) {
			if c <= ' ' || c > '~' || c == '#' {
				t.Fatalf("%q holds %q", first, c)
			}
		}
	})
}
