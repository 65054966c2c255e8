package page

import (
	"bytes"
	"strconv"
	"strings"
)

// styles are what the elements of a page's pictures look like, each once, under a
// class. The colours of texts, paper and grids become the page's own, so that
// pictures are light or dark as it is.
type styles struct {
	classes map[string]string
	order   []string
}

// ofPage are the colours that a page has another for in the dark.
var ofPage = strings.NewReplacer(
	":#222222", ":var(--ink)", ":#333333", ":var(--ink)", ":#666666", ":var(--muted)",
	":#E2E2E2", ":var(--grid)", ":#C1C1C1", ":var(--faint)", ":#FFFFFF", ":var(--paper)", ":#FEFEFE", ":var(--paper)",
	"font-variant:normal;", "", "font-weight:normal;", "", "font-style:normal;", "",
	"font-family:'Liberation Sans',Arial,Helvetica,sans-serif;", "",
)

// class is the name of a style.
func (s *styles) class(style string) string {
	style = ofPage.Replace(style)
	name, known := s.classes[style]
	if !known {
		if s.classes == nil {
			s.classes = map[string]string{}
		}
		name = "k" + strconv.FormatInt(int64(len(s.order)), 36)
		s.classes[style] = name
		s.order = append(s.order, style)
	}
	return name
}

// css are the rules of all classes.
func (s *styles) css() string {
	var b strings.Builder
	b.WriteString(`.still text{font-family:'Liberation Sans',Arial,Helvetica,sans-serif}`)
	for _, style := range s.order {
		b.WriteString("." + s.classes[style] + "{" + style + "}")
	}
	return b.String()
}

// embed makes a picture part of a page: without what a file of its own begins with,
// its styles as classes, lines of one look in one, and to a tenth of a point.
func (s *styles) embed(svg []byte) string {
	var b strings.Builder
	line := ""     // the class of the path that is not closed yet
	closed := true // nothing is open
	end := func() {
		if !closed {
			b.WriteString(`"/>`)
			closed = true
		}
	}
	for len(svg) > 0 {
		from := bytes.IndexByte(svg, '<')
		if from < 0 {
			break
		}
		if text := bytes.TrimSpace(svg[:from]); len(text) > 0 {
			b.Write(text)
		}
		to := bytes.IndexByte(svg, '>') + 1
		if to <= from {
			break
		}
		tag := string(svg[from:to])
		svg = svg[to:]
		switch {
		case strings.HasPrefix(tag, "<?"), strings.HasPrefix(tag, "<!"):
		case strings.HasPrefix(tag, "<svg"):
			b.WriteString(`<svg aria-hidden=true focusable=false viewBox="` + attribute(tag, "viewBox") + `">`)
		case strings.HasPrefix(tag, "<path"):
			style := attribute(tag, "style")
			class := s.class(style)
			if closed || class != line || strings.Contains(style, "opacity") {
				end()
				b.WriteString(`<path class=` + class + ` d="`)
				line, closed = class, false
			}
			b.WriteString(shorter(attribute(tag, "d")))
		default:
			end()
			b.WriteString(s.classed(tag))
		}
	}
	return b.String()
}

// attribute is the value of a tag's attribute; "" where it has none.
func attribute(tag, name string) string {
	_, rest, found := strings.Cut(tag, " "+name+`="`)
	if !found {
		if _, rest, found = strings.Cut(tag, "\t"+name+`="`); !found {
			return ""
		}
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// classed is a tag with its style as a class.
func (s *styles) classed(tag string) string {
	tag = strings.ReplaceAll(tag, "\n\t", " ")
	style := attribute(tag, "style")
	if style == "" {
		return tag
	}
	return strings.Replace(tag, ` style="`+style+`"`, ` class=`+s.class(style), 1)
}

// shorter is a path to a tenth of a point.
func shorter(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); {
		j := i
		for j < len(path) && (path[j] >= '0' && path[j] <= '9' || path[j] == '.' || path[j] == '-' || path[j] == 'e') {
			j++
		}
		if j == i {
			b.WriteByte(path[i])
			i++
			continue
		}
		v, err := strconv.ParseFloat(path[i:j], 64)
		if err != nil {
			b.WriteString(path[i:j])
		} else {
			b.WriteString(strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0"))
		}
		i = j
	}
	return b.String()
}
