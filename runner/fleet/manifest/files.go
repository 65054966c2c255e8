package manifest

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// mostOfMap is how many bytes a ConfigMap holds: keys and values.
const mostOfMap = 1 << 20

// item is a file of the plan: by which key the ConfigMap has it, and where it lies.
type item struct {
	key, path string
	data      []byte
}

// nameOf is the scenario file's own name.
func nameOf(file string) string { return filepath.Base(file) }

// collect gives each file a key, the scenario's first.
func (w *writer) collect() error {
	taken := map[string]bool{}
	w.items = []item{{key(w.file, taken), w.file, w.Text}}
	for _, name := range slices.Sorted(maps.Keys(w.Files)) {
		at := path.Clean(name)
		if !filepath.IsLocal(filepath.FromSlash(at)) || strings.HasPrefix(at, "..") {
			return fmt.Errorf("%q cannot be given to a coordinator: files lie in the folder of the scenario, or below", name)
		}
		if path.Ext(at) == ".proto" && strings.Contains(at, "/") {
			return fmt.Errorf("%q lies in a folder of its own, where a coordinator in a pod does not find what it imports: put schemas beside the scenario", name)
		}
		if slices.ContainsFunc(w.items, func(i item) bool { return i.path == at }) {
			continue
		}
		w.items = append(w.items, item{key(at, taken), at, w.Files[name]})
	}
	return nil
}

// key is a key of a ConfigMap for a path, which none of those taken has: of letters,
// digits and the characters -._ alone, 253 at most.
func key(path string, taken map[string]bool) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(plainLetters+"0123456789-._", r) {
			return r
		}
		return '_'
	}, path)
	name = "f." + name[max(0, len(name)-200):] // never "..", which is none
	if !strings.HasPrefix(path, ".") && len(path) <= 200 {
		name = name[2:]
	}
	one := name
	for n := 2; taken[one]; n++ {
		one = name + "-" + strconv.Itoa(n)
	}
	taken[one] = true
	return one
}

// configMap holds the scenario and its files.
func (w *writer) configMap() (*yaml.Node, error) {
	if err := w.collect(); err != nil {
		return nil, err
	}
	data, bytes, size := fields(), fields(), 0
	for _, i := range w.items {
		size += len(i.key) + len(i.data)
		if isText(i.data) {
			with(data, i.key, string(i.data))
		} else {
			with(bytes, i.key, binary(i.data))
		}
	}
	if size > mostOfMap {
		return nil, fmt.Errorf("%s and the files that it names are %d bytes, and a ConfigMap holds %d: bring them in a volume of your own, or in the image", w.file, size, mostOfMap)
	}
	m := w.object("v1", "ConfigMap", "plan", "immutable", true, "data", data)
	if len(bytes.Content) > 0 {
		with(m, "binaryData", bytes)
	}
	return m, nil
}

// placeholder is no token: it has spaces, so that whoever reads it says what one is.
const placeholder = "put here what this prints: openssl rand -hex 32"

// secret holds the token.
func (w *writer) secret() *yaml.Node {
	token := text(w.Token)
	if w.Token == "" {
		token = text(placeholder)
	}
	return w.object("v1", "Secret", "token", "type", "Opaque", "stringData", fields("token", token))
}

// environment are the variables that the file names, each of a Secret that the user
// makes: values of them never stand here.
func (w *writer) environment() *yaml.Node {
	all := list()
	for _, v := range w.Environment {
		from := fields("name", w.of("environment"), "key", v.Name)
		if v.Optional {
			with(from, "optional", true)
		}
		all.Content = append(all.Content, fields("name", v.Name, "valueFrom", fields("secretKeyRef", from)))
	}
	if len(all.Content) > 0 {
		all.HeadComment = "Make the Secret: kubectl create secret generic " + w.of("environment") + " --from-literal=NAME=VALUE …"
	}
	return all
}
