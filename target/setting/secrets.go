package setting

import (
	"cmp"
	"encoding/base64"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// secrets are values from the environment that nobody is to see.
type secrets struct {
	forms []form
	known map[string]bool
}

// form is one way in which a secret may stand in a text. Each of its
// characters may be spelled as URLs, HTML, JSON or Go would.
type form struct {
	name string
	text []rune
}

const (
	// shortest is the least length in characters of what is taken out of texts;
	// shorter values would tear them to pieces and are no secrets worth the name.
	shortest = 3
	// shortestBase64 is the same for what a value looks like in base64.
	shortestBase64 = 6
	// cut is what stands where a text was cut off: a secret that was cut with it
	// must not leave its beginning there.
	cut = '…'
)

func (s *secrets) add(name, value string) {
	if utf8.RuneCountInString(value) < shortest {
		return
	}
	s.addForm(name, value)
	for before := range 3 {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			if text := inBase64(value, before, encoding); len(text) >= shortestBase64 {
				s.addForm(name, text)
			}
		}
	}
}

func (s *secrets) addForm(name, text string) {
	if s.known[text] {
		return
	}
	if s.known == nil {
		s.known = map[string]bool{}
	}
	s.known[text] = true
	s.forms = append(s.forms, form{name, []rune(text)})
	// Of two that begin alike the longer one is looked for first.
	slices.SortStableFunc(s.forms, func(a, b form) int {
		return cmp.Or(cmp.Compare(len(b.text), len(a.text)), slices.Compare(a.text, b.text))
	})
}

// inBase64 is what can be told of a value in base64 behind so many bytes
// (modulo 3) of something else: "user:password" gives three looks to a password.
func inBase64(value string, before int, encoding *base64.Encoding) string {
	text := encoding.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, before), value...))
	first := (before*8 + 5) / 6
	last := (before + len(value)) * 8 / 6 // whole characters
	return text[min(first, last):last]
}

// scrub puts ${NAME} where a secret stands, however it is spelled.
func (s *secrets) scrub(text string) string {
	if len(s.forms) == 0 {
		return text
	}
	var out strings.Builder
	kept := 0
	for at := 0; at < len(text); {
		name, length := s.at(text[at:])
		if length == 0 {
			at++
			continue
		}
		out.WriteString(text[kept:at])
		out.WriteString("${" + name + "}")
		at += length
		kept = at
	}
	if kept == 0 {
		return text
	}
	out.WriteString(text[kept:])
	return out.String()
}

// at finds the secret that a text begins with, and how much of the text it is.
func (s *secrets) at(text string) (name string, length int) {
	for _, f := range s.forms {
		if n := f.match(text); n > length {
			name, length = f.name, n
		}
	}
	return name, length
}

// match is how much of a text the form takes at its beginning; 0 for nothing.
// A character may be there in several spellings of different lengths, so all
// places where the next one may begin are followed.
func (f form) match(text string) int {
	if spellings(text, f.text[0]) == [4]int{} {
		return 0
	}
	places, next := []int{0}, []int(nil)
	for i, r := range f.text {
		next = next[:0]
		for _, at := range places {
			for _, n := range spellings(text[at:], r) {
				if n > 0 && !slices.Contains(next, at+n) {
					next = append(next, at+n)
				}
			}
			if i >= shortest {
				if torn, off := cutOff(text[at:]); off {
					return at + torn
				}
			}
		}
		if len(next) == 0 {
			return 0
		}
		places, next = next, places
	}
	return slices.Max(places)
}

// cutOff tells whether a text was cut off here, or within the spelling that
// begins here, of which so many bytes are left.
func cutOff(text string) (torn int, off bool) {
	const longest = 12 // of what is left of a spelling, in bytes
	torn = strings.IndexRune(text[:min(len(text), longest+len(string(cut)))], cut)
	return torn, torn == 0 || torn > 0 && (strings.IndexByte(`%&\`, text[0]) >= 0 || text[0] >= utf8.RuneSelf)
}

// spellings are how long the ways are in which a text may begin with a
// character: as it is, and as URLs, HTML, and JSON or Go have it. 0 is none.
func spellings(text string, r rune) [4]int {
	if text == "" {
		return [4]int{}
	}
	var found [4]int
	found[0] = plain(text, r)
	switch text[0] {
	case '%':
		found[1] = percent(text, r)
	case '&':
		found[2] = entity(text, r)
	case '\\':
		found[3] = escaped(text, r)
	}
	return found
}

func plain(text string, r rune) int {
	c, size := utf8.DecodeRuneInString(text)
	switch {
	case c == r && (r != utf8.RuneError || size > 1):
		return size
	case r == ' ' && c == '+':
		return 1
	case unicode.IsSpace(r) && unicode.IsSpace(c): // a text in one line
		return size
	}
	return 0
}

// percent reads every byte of the character as %XX.
func percent(text string, r rune) int {
	n := 0
	for _, b := range []byte(string(r)) {
		if len(text) < n+3 || text[n] != '%' {
			return 0
		}
		if v, err := strconv.ParseUint(text[n+1:n+3], 16, 8); err != nil || byte(v) != b {
			return 0
		}
		n += 3
	}
	return n
}

// entity reads &amp; &#38; or &#x26;.
func entity(text string, r rune) int {
	const longest = 12
	end := strings.IndexByte(text[:min(len(text), longest)], ';')
	if end < 0 || html.UnescapeString(text[:end+1]) != string(r) {
		return 0
	}
	return end + 1
}

// escaped reads what strings of JSON, Go and JavaScript have behind a \.
func escaped(text string, r rune) int {
	if len(text) < 2 {
		return 0
	}
	switch kind := text[1]; kind {
	case 'u', 'U', 'x':
		digits := map[byte]int{'u': 4, 'U': 8, 'x': 2}[kind]
		high, ok := hex(text, 2, digits)
		if ok && utf16.IsSurrogate(high) {
			low, ok := hex(text, 8, 4)
			if ok && text[6] == '\\' && utf16.DecodeRune(high, low) == r {
				return 12
			}
			return 0
		}
		if ok && high == r && (kind != 'x' || r < utf8.RuneSelf) {
			return 2 + digits
		}
	case 'n', 'r', 't', 'b', 'f', 'a', 'v':
		if strings.ContainsRune(map[byte]string{'n': "\n", 'r': "\r", 't': "\t", 'b': "\b", 'f': "\f", 'a': "\a", 'v': "\v"}[kind], r) {
			return 2
		}
	case '"', '\\', '/', '\'':
		if rune(kind) == r {
			return 2
		}
	}
	return 0
}

func hex(text string, from, digits int) (rune, bool) {
	if len(text) < from+digits {
		return 0, false
	}
	v, err := strconv.ParseUint(text[from:from+digits], 16, 32)
	return rune(v), err == nil
}
