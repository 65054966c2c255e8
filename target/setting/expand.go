package setting

import "go.yaml.in/yaml/v4"

// most is how many values a file may stand for once its aliases are followed;
// a few lines of aliases of aliases could otherwise stand for billions.
const most = 20_000

// expander puts what they stand for in the place of aliases and merge keys.
type expander struct {
	r     *Reader
	under map[*yaml.Node]bool // being expanded now: an alias to it is a cycle
	size  map[*yaml.Node]int  // values in what is expanded already
}

func newExpander(r *Reader) *expander {
	return &expander{r: r, under: map[*yaml.Node]bool{}, size: map[*yaml.Node]int{}}
}

// expand works on the tree in place; false says that it cannot be used.
func (e *expander) expand(n *yaml.Node) bool {
	if n.Style&yaml.TaggedStyle != 0 {
		e.r.Problem(place(n), "the YAML tag %s means nothing here, leave it out", n.Tag)
		n.Style, n.Tag = n.Style&^yaml.TaggedStyle, ""
	}
	e.under[n] = true
	defer delete(e.under, n)
	size := 1
	for i, child := range n.Content {
		if child.Kind == yaml.AliasNode {
			if e.under[child.Alias] {
				e.r.Problem(place(child), "the alias *%s stands inside what it stands for", child.Value)
				return false
			}
			n.Content[i] = child.Alias
		} else if !e.expand(child) {
			return false
		}
		if size += e.size[n.Content[i]]; size > most {
			e.r.Problem(place(child), "the file stands for more than %d values", most)
			return false
		}
	}
	if n.Kind == yaml.MappingNode {
		n.Content = e.merged(n)
	}
	e.size[n] = size
	return true
}

// merged are the keys and values of a map, those of its merge keys behind its
// own; a key that is there already is not merged.
func (e *expander) merged(n *yaml.Node) []*yaml.Node {
	own, merges := make([]*yaml.Node, 0, len(n.Content)), []*yaml.Node(nil)
	first := map[string]Pos{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.ShortTag() == "!!merge":
			merges = append(merges, e.sources(value)...)
			continue
		case key.Kind != yaml.ScalarNode || isNull(key):
			e.r.Problem(place(key), "a key must be a word, found %s", describe(key))
			continue
		}
		if at, twice := first[key.Value]; twice {
			e.r.Problem(place(key), "the key %q comes twice, first in line %d: leave one of them out", key.Value, at.Line)
			continue
		}
		first[key.Value] = place(key)
		own = append(own, key, value)
	}
	for _, source := range merges {
		for i := 0; i+1 < len(source.Content); i += 2 {
			key := source.Content[i]
			if _, known := first[key.Value]; !known {
				first[key.Value] = place(key)
				own = append(own, key, source.Content[i+1])
			}
		}
	}
	return own
}

// sources are the maps that the value of a merge key names.
func (e *expander) sources(value *yaml.Node) []*yaml.Node {
	switch value.Kind {
	case yaml.MappingNode:
		return []*yaml.Node{value}
	case yaml.SequenceNode:
		var all []*yaml.Node
		for _, item := range value.Content {
			if item.Kind != yaml.MappingNode {
				e.r.Problem(place(item), "<< merges maps, found %s", describe(item))
				continue
			}
			all = append(all, item)
		}
		return all
	}
	e.r.Problem(place(value), "<< merges a map or a list of maps, found %s", describe(value))
	return nil
}
