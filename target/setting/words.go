package setting

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Words are a piece of the file as it was written, before ${NAME} is replaced.
type Words struct{ node *yaml.Node }

// Worded keeps how a value was written beside it.
func Worded[T any](shape Shape[T], keep func(*T) *Words) Shape[T] {
	read := shape.Read
	shape.Read = func(r *Reader, n *yaml.Node) (T, bool) {
		v, ok := read(r, n)
		keep(&v).node = n
		return v, ok
	}
	return shape
}

// Of are those at the end of a path of keys, in one canonical text: what is
// written alike but for comments, quotes and line breaks has the same. It is
// empty where there is nothing.
func (w Words) Of(path ...string) string {
	n := w.node
	for _, key := range path {
		if n = Under(n, key); n == nil {
			return ""
		}
	}
	if n == nil {
		return ""
	}
	var text strings.Builder
	canonical(&text, n)
	return text.String()
}

// Under is what a map has under a key; nil: nothing, or it is no map.
func Under(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func canonical(text *strings.Builder, n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		text.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			text.WriteString(strconv.Quote(n.Content[i].Value) + ":")
			canonical(text, n.Content[i+1])
		}
		text.WriteByte('}')
	case yaml.SequenceNode:
		text.WriteByte('[')
		for _, item := range n.Content {
			canonical(text, item)
			text.WriteByte(',')
		}
		text.WriteByte(']')
	default: // quotes make a text of a number
		text.WriteString(n.ShortTag() + strconv.Quote(n.Value))
	}
	text.WriteByte(' ')
}
