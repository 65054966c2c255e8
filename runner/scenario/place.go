package scenario

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// Problem is one of something that is good as it stands, but not for what somebody asks
// for. It is at the key that the path leads to, as far as that goes: through maps by
// their keys, through lists by the `name` of their members, and wherever a key is, at
// whatever depth, if it is not right there. A plan that was not read from a file has no
// places.
func (p *Plan) Problem(text string, path ...string) Problem {
	problem := Problem{File: p.File.Name, Text: text}
	var file yaml.Node
	if p.File.Text == "" || yaml.Unmarshal([]byte(p.File.Text), &file) != nil || len(file.Content) == 0 {
		return problem
	}
	at := file.Content[0]
	for _, key := range path {
		where, below := find(at, key)
		if where == nil {
			break
		}
		problem.Line, problem.Column, at = where.Line, where.Column, below
	}
	if lines := strings.Split(p.File.Text, "\n"); problem.Line > 0 && problem.Line <= len(lines) {
		problem.Source = lines[problem.Line-1]
	}
	return problem
}

// find is where a key, or a name, stands in a node, and what is below it; nil: nowhere.
func find(in *yaml.Node, key string) (where, below *yaml.Node) {
	switch in.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(in.Content); i += 2 {
			if in.Content[i].Value == key {
				return in.Content[i], in.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		for _, one := range in.Content {
			if _, name := find(one, "name"); one.Kind == yaml.MappingNode && name != nil && name.Value == key {
				return one, one
			}
		}
	}
	for _, one := range in.Content {
		if where, below = find(one, key); where != nil {
			return where, below
		}
	}
	return nil, nil
}
