package view

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"plimsoll/runner/result"
	"plimsoll/target/setting"
)

// fileLines finds where in a scenario file its promises stand.
type fileLines map[string]*yaml.Node // scenarios by name

// deepestPlace is how deep lists and maps are looked into.
const deepestPlace = 50

// linesOf reads a file that a result has kept; what cannot be read has no lines.
func linesOf(f result.File) fileLines {
	root := parsed(f.Text)
	if root == nil || len(root.Content) == 0 {
		return nil
	}
	lines := fileLines{}
	list := setting.Under(root.Content[0], "scenarios")
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	for _, s := range list.Content {
		if name := setting.Under(s, "name"); name != nil && name.Kind == yaml.ScalarNode {
			lines[strings.TrimSpace(name.Value)] = s
		}
	}
	return lines
}

// parsed is a YAML text as a tree; nil where it is none, which the library may say by
// a panic.
func parsed(text string) (root *yaml.Node) {
	defer func() {
		if recover() != nil {
			root = nil
		}
	}()
	loader, err := yaml.NewLoader(strings.NewReader(text), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(deepestPlace))))
	if err != nil {
		return nil
	}
	root = new(yaml.Node)
	if loader.Load(root) != nil {
		return nil
	}
	return root
}

// of is the line of a scenario; 0 where it is not known.
func (l fileLines) of(scenario string) int {
	if s := l[scenario]; s != nil {
		return setting.Under(s, "name").Line
	}
	return 0
}

// promise is the line of a promise: of its very rule, where it stands there as it
// was judged, else of what it is among, or of its scenario.
func (l fileLines) promise(v *result.Verdict) int {
	s := l[v.Scenario]
	key := "thresholds"
	if v.Kind == result.KindExpect {
		key = "expect"
	}
	among := setting.Under(s, key)
	if among == nil {
		return l.of(v.Scenario)
	}
	best, line := -deepestPlace, among.Line
	names := []string{v.Mode, v.Step}
	walkScalars(among, nil, func(n *yaml.Node, under []string) {
		if strings.TrimSpace(n.Value) != strings.TrimSpace(v.Rule) {
			return
		}
		fit := 0
		for _, name := range under {
			if slices.Contains(names, name) {
				fit++
			} else {
				fit--
			}
		}
		if fit > best {
			best, line = fit, n.Line
		}
	})
	return line
}

// walkScalars visits all scalars of a tree but keys and what aliases stand for, with
// the keys above each; a key rule is what its map is about.
func walkScalars(n *yaml.Node, under []string, visit func(n *yaml.Node, under []string)) {
	switch {
	case n.Kind == yaml.ScalarNode:
		visit(n, under)
	case n.Kind == yaml.SequenceNode:
		for _, one := range n.Content {
			walkScalars(one, under, visit)
		}
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			inside := under
			if key := n.Content[i].Value; key != "rule" {
				inside = append(slices.Clip(under), key)
			}
			walkScalars(n.Content[i+1], inside, visit)
		}
	}
}
