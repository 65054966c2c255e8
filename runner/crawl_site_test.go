package runner_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"plimsoll/target/wire"
)

// maze is a site that links in every way that browsers resolve, and counts who
// asks for what.
type maze struct {
	scheme string
	pages  int
	other  string // another host
	mu     sync.Mutex
	asked  map[string]int // by the target of the request line
}

func (m *maze) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	m.asked[r.RequestURI]++
	m.mu.Unlock()
	m.answer(w, r)
}

func (m *maze) answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	switch path := r.URL.Path; {
	case path == "/":
		fmt.Fprintf(w, `<base href="/n/"><a href=1>one</a> <A HREF='2#part'>two</A> <img src="//%s/n/3"><a href=%s://%[1]s/n/4>`, r.Host, strings.ToUpper(m.scheme))
	case strings.HasPrefix(path, "/n/"):
		m.page(w, r)
	case path == "/based/deep/page":
		fmt.Fprint(w, `<a href="../up"><base href="sub/"><base href="/never/"><a href=x>`)
	case path == "/moved":
		http.Redirect(w, r, "based/deep/page?from=moved", http.StatusFound)
	case path == "/loop":
		w.Header().Set("Location", "/loop?again=1")
		w.WriteHeader(http.StatusMovedPermanently)
		if r.URL.RawQuery != "" {
			w.Header().Set("Location", "/loop")
		}
	case path == "/back":
		w.Header().Set("Location", "../back")
		w.WriteHeader(http.StatusTemporaryRedirect)
	case path == "/away":
		http.Redirect(w, r, "http://"+m.other+"/away", http.StatusSeeOther)
	case path == "/gone":
		w.WriteHeader(http.StatusGone)
		fmt.Fprint(w, `<a href=/of/nobody>`)
	case path == "/picture":
		w.Header().Set("Content-Type", "image/svg+xml")
		fmt.Fprint(w, `<a href=/in/a/picture>`)
	case path == "/q", path == "/é", path == "/based/up", strings.HasSuffix(path, "/x"):
		fmt.Fprint(w, `<a href="">itself</a><a href="?b=2&amp;a=1">`)
	default:
		http.NotFound(w, r)
	}
}

// page is one of many, which leads to ten more, in one way or another.
func (m *maze) page(w http.ResponseWriter, r *http.Request) {
	var n int
	if _, err := fmt.Sscanf(strings.TrimPrefix(r.URL.Path, "/n/"), "%d", &n); err != nil || n < 1 || n > m.pages {
		http.NotFound(w, r)
		return
	}
	for k := 1; k <= 4; k++ {
		to := 4*n + k
		if to > m.pages {
			to = 1 + (n*k)%m.pages
		}
		ways := []string{"%d", "./%d", "/n/%d", "../n/%d", "/n/../n/./%d#x", "//" + r.Host + "/n/%d", m.scheme + "://" + r.Host + "/n/%d#", "  %d\n"}
		fmt.Fprintf(w, "<p><a class=l href=\""+ways[(n+k)%len(ways)]+"\">x</a>\n", to)
	}
	others := []string{"/q?a=1&amp;b=2", "/q?b=2&amp;a=1", "/moved", "/loop", "/back", "/away", "/gone", "/none", "/%c3%A9", "/%C3%a9", "/based/deep/page", "/picture",
		"mailto:a@b.example", "javascript:void(0)", "//" + m.other + "/n/1", "#top"}
	fmt.Fprintf(w, `<img src="%s"><!-- <a href="/commented"> -->`, others[n%len(others)])
}

var (
	refers   = regexp.MustCompile(`(?is)<(?:a|img)\b[^>]*?\b(?:href|src)=("[^"]*"|'[^']*'|[^\s>]+)`)
	bases    = regexp.MustCompile(`(?i)<base href="([^"]*)"`)
	comments = regexp.MustCompile(`<!--.*?-->`)
	escapes  = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
)

// reference is what a crawl of the maze must ask for: a crawler by another hand,
// which asks the site itself.
func (m *maze) reference(host string) map[string]int {
	want, todo := map[string]int{}, []string{"/"}
	base := func(text string) *url.URL {
		u, _ := url.Parse(m.scheme + "://" + host + text)
		return u
	}
	visit := func(from *url.URL, ref string) {
		u, err := from.Parse(strings.TrimSpace(ref))
		if err != nil || u.Scheme != m.scheme || u.Host != host {
			return
		}
		target := escapes.ReplaceAllStringFunc(u.RequestURI(), strings.ToUpper)
		if want[target] == 0 {
			want[target] = 1
			todo = append(todo, target)
		}
	}
	want["/"] = 1
	for len(todo) > 0 {
		page := todo[0]
		todo = todo[1:]
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", page, nil)
		r.Host = host
		m.answer(w, r)
		from := base(page)
		switch text := comments.ReplaceAllString(w.Body.String(), ""); {
		case w.Code/100 == 3:
			visit(from, w.Result().Header.Get("Location"))
		case w.Code == 200 && w.Header().Get("Content-Type") == "text/html":
			if b := bases.FindStringSubmatch(text); b != nil {
				from, _ = from.Parse(b[1])
			}
			for _, found := range refers.FindAllStringSubmatch(text, -1) {
				visit(from, strings.ReplaceAll(strings.Trim(found[1], `"'`), "&amp;", "&"))
			}
		}
	}
	return want
}

// A real site is crawled as a browser would go through it, whoever carries the
// calls: each page is fetched once, as the server counts, and none but those of a
// reference.
func TestCrawlOfARealSite(t *testing.T) {
	engines := map[string]web{"wire-net": {"wire-net", false}, "std": {"std", false}, "h2": {shared, false}, "std h2": {`std, http: "2"`, false}, "TLS h2": {shared + secured, true}}
	if wire.HasEpoll {
		engines["wire-epoll"], engines["wire-uring"], engines["TLS"] = web{"wire-epoll", false}, web{"wire-uring", false}, web{"wire-epoll" + secured, true}
	}
	elsewhere := &maze{asked: map[string]int{}}
	other := httptest.NewServer(elsewhere)
	defer other.Close()
	for name, by := range engines {
		t.Run(name, func(t *testing.T) {
			m := &maze{scheme: "http", pages: 10_000, other: strings.TrimPrefix(other.URL, "http://"), asked: map[string]int{}}
			if name != "wire-epoll" {
				m.pages = 1500
			}
			if by.secure {
				m.scheme = "https"
			}
			server := by.serve(m)
			defer server.Close()
			trials := crawled(t, fmt.Sprintf(`
targets:
  maze: {http: {url: %s, engine: %s, headers: {X-Who: crawler}}}
scenarios:
  - {name: maze, target: maze, crawl: {pages: 100k}, modes: [{concurrent: 8, name: crawl}]}
`, server.URL, by.engine))
			trial := trials["crawl"]
			if trial.Reason != "" {
				t.Fatal(trial.Reason)
			}
			want := m.reference(server.Listener.Addr().String())
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, page := range slices.Sorted(maps.Keys(want)) {
				if m.asked[page] != 1 {
					t.Errorf("%s was asked for %d times", page, m.asked[page])
				}
			}
			for page := range m.asked {
				if want[page] == 0 {
					t.Errorf("%s was asked for, which is no page to visit", page)
				}
			}
			if (name == "wire-net" || name == "std" || name == "wire-epoll") && trial.Engine != name || trial.Crawl.Pages != int64(len(want)) || trial.Scheduled != int64(len(want)) {
				t.Errorf("%s: %d pages of %d: %+v", trial.Engine, trial.Crawl.Pages, len(want), trial.Crawl)
			}
			if trial.Errors["status-404"].Count == 0 || trial.Errors["status-410"].Count != 1 || len(trial.Errors) != 2 || trial.Attempts != trial.Scheduled {
				t.Errorf("%+v, %d attempts", trial.Errors, trial.Attempts)
			}
		})
	}
	if len(elsewhere.asked) != 0 {
		t.Errorf("another host was asked for %v", elsewhere.asked)
	}
}

// With same_host: false a crawl goes to other servers, too, without the headers
// that are meant for the target's own.
func TestCrawlGoesToOtherHosts(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]string{}
	note := func(r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.Host+r.RequestURI] += r.Header.Get("X-Who") + "."
	}
	var home string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(r)
		fmt.Fprintf(w, `<html><a href="%s/back"><a href="/next">`, home)
	}))
	defer other.Close()
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(r)
		fmt.Fprintf(w, `<html><a href="%s/there">`, other.URL)
	}))
	defer own.Close()
	home = own.URL
	trial := crawled(t, fmt.Sprintf(`
targets:
  home: {http: {url: %s, headers: {X-Who: crawler}}}
scenarios:
  - {name: far, target: home, crawl: {same_host: false}, modes: [{concurrent: 2, name: crawl}]}
`, own.URL))["crawl"]
	here, there := strings.TrimPrefix(own.URL, "http://"), strings.TrimPrefix(other.URL, "http://")
	want := map[string]string{here + "/": "crawler.", here + "/back": "crawler.", there + "/there": ".", there + "/next": "."}
	if !maps.Equal(asked, want) || trial.Crawl.Pages != 4 || trial.Crawl.Depth != 2 {
		t.Errorf("%v, want %v: %+v", asked, want, trial.Crawl)
	}
}
