// Package links finds where an answer leads: the links of a page, resolved as a
// browser resolves them, and the Location of a redirect. It fetches nothing.
package links

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"golang.org/x/net/html"

	"plimsoll/target"
	"plimsoll/target/look"
	"plimsoll/target/value"
)

// Reading is where links stand in an answer: in its HTML, at a place in its JSON,
// or wherever its text matches.
type Reading struct {
	text  string
	json  *look.Operand
	match *regexp.Regexp
}

// HTML reads the href and src of all elements.
func HTML() *Reading { return &Reading{text: inHTML} }

// JSON reads what an operand finds: a text, or a list of them.
func JSON(o look.Operand) *Reading { return &Reading{text: o.String(), json: &o} }

// Matching reads the first group of every match; without groups, all of it.
func Matching(expression *regexp.Regexp) *Reading {
	return &Reading{text: "matches " + expression.String(), match: expression}
}

// String is the reading as files have it.
func (r *Reading) String() string { return r.text }

// Reads tells whether an answer with such a head is looked into: one that says
// it is something else than a page holds no HTML.
func (r *Reading) Reads(head []byte) bool {
	if r.json != nil || r.match != nil {
		return true
	}
	kind, said := header("Content-Type", head)
	return !said || strings.Contains(strings.ToLower(kind), "html")
}

// Redirect finds where an answer leads on. False says that it is no redirect.
func Redirect(into *target.Links, page string, status int, head []byte) bool {
	if !slices.Contains([]int{301, 302, 303, 307, 308}, status) {
		return false
	}
	location, said := header("Location", head)
	if said {
		*into = target.Links{URLs: into.URLs[:0], Redirect: true}
		add(into, whole(page), location)
	}
	return said
}

// header is the value of the first line of that name.
func header(name string, head []byte) (string, bool) {
	for line := range bytes.Lines(head) {
		key, text, is := bytes.Cut(line, []byte{':'})
		if is && strings.EqualFold(string(key), name) {
			return string(bytes.TrimSpace(text)), true
		}
	}
	return "", false
}

// Find finds the links in the body of a page.
func (r *Reading) Find(into *target.Links, page string, body []byte) {
	*into = target.Links{URLs: into.URLs[:0]}
	base := whole(page)
	switch {
	case r.json != nil:
		r.findJSON(into, base, body)
	case r.match != nil:
		for _, m := range r.match.FindAllSubmatch(body, -1) {
			if link := m[min(1, len(m)-1)]; link != nil { // else the group has no part in it
				add(into, base, string(link))
			}
		}
	default:
		findHTML(into, base, body)
	}
}

func (r *Reading) findJSON(into *target.Links, base address, body []byte) {
	found, _ := r.json.Find(&look.Answer{Body: body})
	switch found.Kind {
	case value.None, value.Null:
	case value.Text:
		add(into, base, found.Text)
	case value.List:
		gjson.Parse(found.Text).ForEach(func(_, member gjson.Result) bool {
			if member.Type == gjson.String {
				add(into, base, member.Str)
			} else if member.Type != gjson.Null {
				into.Malformed++
			}
			return true
		})
	default:
		into.Malformed++
	}
}

// findHTML goes through a page's tags. The first base counts wherever it stands,
// so nothing is resolved before all of the page is read.
func findHTML(into *target.Links, base address, body []byte) {
	tags := html.NewTokenizer(bytes.NewReader(body))
	based := false
	var all []string
	for {
		switch tags.Next() {
		case html.ErrorToken:
			for _, ref := range all {
				add(into, base, ref)
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
		default:
			continue
		}
		name, more := tags.TagName()
		isBase := string(name) == "base"
		href, src := attributes(tags, more)
		switch {
		case isBase && href != nil && !based:
			based = true
			if to, why := base.resolve(*href); why == "" {
				base = to
			}
		case isBase:
		default:
			for _, ref := range []*string{href, src} {
				if ref != nil {
					all = append(all, *ref)
				}
			}
		}
	}
}

// attributes are the first href and the first src of a tag.
func attributes(tags *html.Tokenizer, more bool) (href, src *string) {
	for more {
		var key, text []byte
		key, text, more = tags.TagAttr()
		switch {
		case href == nil && string(key) == "href":
			href = new(string(text))
		case src == nil && string(key) == "src":
			src = new(string(text))
		}
	}
	return href, src
}

// add resolves a link, and counts one that leads to no page.
func add(into *target.Links, base address, ref string) {
	switch to, why := base.resolve(ref); why {
	case "":
		into.URLs = append(into.URLs, to.String())
	case OtherScheme:
		into.Scheme++
	default:
		into.Malformed++
	}
}
