package links_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"plimsoll/target"
	"plimsoll/target/links"
	"plimsoll/target/look"
)

// found is what leads where on a page, in the short: URLs without http://h, and
// how many lead nowhere.
func found(r *links.Reading, page, body string) (short []string, scheme, malformed int) {
	var l target.Links
	r.Find(&l, page, []byte(body))
	for _, u := range l.URLs {
		short = append(short, strings.TrimPrefix(u, "http://h"))
	}
	return short, l.Scheme, l.Malformed
}

func TestFindsLinksOfTrickyPages(t *testing.T) {
	for name, c := range map[string]struct {
		page, body        string
		want              []string
		scheme, malformed int
	}{
		"plain":                    {body: `<a href="/a">x</a><a href=b>y</a><A HREF='c'>`, want: []string{"/a", "/d/b", "/d/c"}},
		"src":                      {body: `<img src=i.png><script src="/s.js"></script><iframe src=f></iframe>`, want: []string{"/d/i.png", "/s.js", "/d/f"}},
		"both":                     {body: `<x href=a src=b>`, want: []string{"/d/a", "/d/b"}},
		"entities":                 {body: `<a href="/q?a=1&amp;b=2&copy=3">`, want: []string{"/q?a=1&b=2&copy=3"}},
		"numeric entities":         {body: `<a href="&#47;x&#x2f;y">`, want: []string{"/x/y"}},
		"blanks":                   {body: "<a href='  /a\n/b  '>", want: []string{"/a/b"}},
		"first attribute counts":   {body: `<a href=/1 href=/2>`, want: []string{"/1"}},
		"comments":                 {body: `<!-- <a href=/no> --><a href=/yes>`, want: []string{"/yes"}},
		"scripts":                  {body: `<script>"<a href=/no>"</script><style><a href=/no></style><a href=/yes>`, want: []string{"/yes"}},
		"text areas":               {body: `<textarea><a href=/no></textarea><title><a href=/no></title><a href=/yes>`, want: []string{"/yes"}},
		"end tags have none":       {body: `</a href=/no>`},
		"other attributes":         {body: `<a data-href=/no xhref=/no title="href=/no" href=/yes>`, want: []string{"/yes"}},
		"cut off":                  {body: `<a href=/a><a href="/b`, want: []string{"/a"}},
		"base behind":              {body: `<a href=x><base href=/r/><a href=y>`, want: []string{"/r/x", "/r/y"}},
		"base relative":            {body: `<base href="../s/"><a href=x><a href=#f>`, want: []string{"/s/x", "/s/"}},
		"first base counts":        {body: `<base href=/1/><base href=/2/><a href=x>`, want: []string{"/1/x"}},
		"base without href":        {body: `<base target=_top><base href=/2/><a href=x>`, want: []string{"/2/x"}},
		"base of no page":          {body: `<base href="mailto:a"><a href=x>`, want: []string{"/d/x"}},
		"base elsewhere":           {body: `<base href="//o/p/"><a href=x><a href=/y>`, want: []string{"http://o/p/x", "http://o/y"}},
		"other schemes":            {body: `<a href=mailto:a><a href="javascript:x"><img src="data:,x"><a href=a>`, want: []string{"/d/a"}, scheme: 3},
		"malformed":                {body: `<a href="http://"><a href="http://a b"><a href=a>`, want: []string{"/d/a"}, malformed: 2},
		"duplicates are told":      {body: `<a href=a><a href=./a><a href=/d/x/../a#f>`, want: []string{"/d/a", "/d/a", "/d/a"}},
		"empty":                    {body: ``},
		"no page at all":           {body: "\x00\xff<\x00a href=/no>\x00"},
		"self-closing":             {body: `<a href=/a/><link href="/b"/>`, want: []string{"/a/", "/b"}},
		"unquoted with slashes":    {body: `<a/href=/a/title=x>`, want: []string{"/a/title=x"}},
		"not without scripts":      {body: `<noscript><a href=/no></noscript><a href=/yes>`, want: []string{"/yes"}},
		"of a page with no folder": {page: "http://h", body: `<a href=x>`, want: []string{"/x"}},
	} {
		page := c.page
		if page == "" {
			page = "http://h/d/e?q"
		}
		got, scheme, malformed := found(links.HTML(), page, c.body)
		if !slices.Equal(got, c.want) || scheme != c.scheme || malformed != c.malformed {
			t.Errorf("%s: %q leads to %q, %d of other schemes, %d malformed; want %q, %d, %d", name, c.body, got, scheme, malformed, c.want, c.scheme, c.malformed)
		}
	}
}

func TestFindsLinksInJSON(t *testing.T) {
	for path, want := range map[string][]string{
		"json.next":         {"/d/2"},
		"json.all":          {"/d/x", "http://o/"},
		"json.items.*.href": {"/1", "/2"},
		"json.none":         nil,
		"json.nothing":      nil,
		"json.number":       nil,
	} {
		o, err := look.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		got, _, malformed := found(links.JSON(o), "http://h/d/e", `{"next": "2", "all": ["x", null, "//o", 7], "items": [{"href": "/1"}, {"href": "/2"}, {}], "nothing": null, "number": 1}`)
		unread := map[string]int{"json.all": 1, "json.number": 1}[path]
		if !slices.Equal(got, want) || malformed != unread {
			t.Errorf("%s: %q and %d malformed, want %q and %d", path, got, malformed, want, unread)
		}
	}
}

func TestFindsLinksThatMatch(t *testing.T) {
	body := `see <loc>/a</loc> and <loc>/b</loc>`
	for expression, want := range map[string][]string{
		`<loc>(.*?)</loc>`: {"/a", "/b"},
		`/[ab]\b`:          {"/a", "/b"},
		`nowhere`:          nil,
		`<loc>(?:(/a)|/b)`: {"/a"}, // the group has no part in the second
	} {
		if got, _, _ := found(links.Matching(regexp.MustCompile(expression)), "http://h/", body); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}

func TestFollowsRedirects(t *testing.T) {
	var l target.Links
	head := []byte("HTTP/1.1 301 Moved\r\nServer: x\r\nlocation:  ../y#z \r\n\r\n")
	if !links.Redirect(&l, "http://h/a/b", 301, head) || !l.Redirect || !slices.Equal(l.URLs, []string{"http://h/y"}) {
		t.Errorf("%+v", l)
	}
	for _, status := range []int{200, 300, 304, 404} {
		if links.Redirect(&l, "http://h/", status, head) {
			t.Errorf("%d is no redirect", status)
		}
	}
	if links.Redirect(&l, "http://h/", 302, []byte("HTTP/1.1 302 Found\r\n\r\n")) {
		t.Error("without a Location it leads nowhere")
	}
}

func TestReadsPagesOnly(t *testing.T) {
	for head, want := range map[string]bool{
		"Content-Type: text/html; charset=utf-8\r\n": true, "content-type: application/xhtml+xml\r\n": true,
		"Content-Type: image/png\r\n": false, "X: y\r\n": true, "Content-Type: TEXT/HTML\r\n": true,
	} {
		if got := links.HTML().Reads([]byte(head)); got != want {
			t.Errorf("%q: %v", head, got)
		}
	}
}

// Whatever stands in a page, links that are found are whole and normal.
func FuzzFind(f *testing.F) {
	for _, body := range []string{`<a href=x>`, `<base href=//o/><img src="&#x0;">`, "<a href='\x00'><a href=\xff>", `<a href=http:\\x\y?z>`} {
		f.Add("http://a/b", body)
	}
	f.Fuzz(func(t *testing.T, page, body string) {
		var l target.Links
		links.HTML().Find(&l, page, []byte(body))
		for _, u := range l.URLs {
			if normal, err := links.Normal(u); err != nil || normal != u {
				t.Fatalf("%q holds a link to %q, which is %q (%v)", body, u, normal, err)
			}
		}
	})
}
