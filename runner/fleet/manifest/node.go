package manifest

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// fields is a map of keys and their values in this order: texts, whole numbers, truths,
// and nodes.
func fields(pairs ...any) *yaml.Node {
	return with(&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}, pairs...)
}

// with adds fields to a map.
func with(m *yaml.Node, pairs ...any) *yaml.Node {
	for _, p := range pairs {
		m.Content = append(m.Content, node(p))
	}
	return m
}

// list is a list of such values.
func list(values ...any) *yaml.Node {
	l := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, v := range values {
		l.Content = append(l.Content, node(v))
	}
	return l
}

// texts is a list of texts.
func texts(all ...string) *yaml.Node {
	l := list()
	for _, text := range all {
		l.Content = append(l.Content, node(text))
	}
	return l
}

func node(v any) *yaml.Node {
	switch v := v.(type) {
	case *yaml.Node:
		return v
	case int:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(v)}
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}
	case string:
		return text(v)
	}
	panic(fmt.Sprintf("a manifest has no %T", v))
}

// plainLetters are characters of texts that no version of YAML takes for anything else, as
// long as a letter is among them that no number has.
const plainLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// text is a text that is read as one: as it is where it cannot be anything else, line
// by line where it has several, or else in quotes.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
	switch {
	case strings.Contains(s, "\n") && lines(s):
		n.Style = yaml.LiteralStyle
	case word(s):
		n.Style = 0
	}
	return n
}

// word tells whether a text needs no quotes: it begins with a letter or a slash, and is
// none of the words that are truths, numbers, or nothing to some reader of YAML.
func word(s string) bool {
	if s == "" || !strings.ContainsAny(s[:1], plainLetters+"/") || strings.Trim(s, plainLetters+"0123456789-./_") != "" {
		return false
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf":
		return false
	}
	return true
}

// lines tells whether a text stays what it is when it is written line by line.
func lines(s string) bool {
	if strings.HasPrefix(s, " ") || strings.HasPrefix(s, "\n") || strings.ContainsAny(s, "\r\u0085\u2028\u2029\ufeff") {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) < 0
}

// binary is what is no text.
func binary(b []byte) *yaml.Node { return text(base64.StdEncoding.EncodeToString(b)) }

// isText tells whether Kubernetes takes bytes as a text.
func isText(b []byte) bool { return utf8.Valid(b) }

// printable keeps what a comment cannot hold out of it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
