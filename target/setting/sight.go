package setting

import (
	"net/url"
	"regexp"
	"strings"
)

// named is what stands before the default of a variable, or its end.
var named = regexp.MustCompile(`\$\{[A-Z_][A-Z0-9_]*(?::-)?`)

// InPlainSight tells whether the password of a URL is written in the file, however it
// is spelled there, rather than the name of a variable that has it. It may have no
// scheme.
func InPlainSight(at At[string]) bool {
	_, rest := cutScheme(at.Value)
	u, err := url.Parse("//" + rest)
	if err != nil || u.User == nil {
		return false
	}
	password, _ := u.User.Password()
	if password == "" {
		return false
	}
	_, written := cutScheme(strings.ReplaceAll(named.ReplaceAllString(at.Text, ""), "$$", "$"))
	written, _, _ = strings.Cut(written, "/")
	written = written[:max(0, strings.LastIndexByte(written, '@'))]
	_, written, _ = strings.Cut(written, ":")
	wanted := form{text: []rune(password)}
	for i := range written {
		if wanted.match(written[i:]) > 0 {
			return true
		}
	}
	return false
}

func cutScheme(text string) (scheme, rest string) {
	if scheme, rest, is := strings.Cut(text, "://"); is {
		return scheme, rest
	}
	return "", text
}
