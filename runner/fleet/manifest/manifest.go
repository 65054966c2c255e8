// Package manifest writes what Kubernetes needs to place a fleet: a Job for the
// coordinator, with a Service by which it is found, an Indexed Job for the agents, and
// what they are given and permitted. It is pure: a plan and options in, YAML out.
package manifest

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v4"

	"plimsoll/runner/scenario"
)

// Options say what a fleet is to be placed with.
type Options struct {
	// Name is the first part of all objects' names; Namespace is theirs, "" the one that
	// whoever applies the manifest is in.
	Name, Namespace string
	// Image holds plimsoll, built with the tag embedded, where PATH finds it.
	Image string
	// Agents is how many there shall be.
	Agents int
	// Only are the scenarios to run; none: all of them.
	Only []string
	// Token is what the fleet has in common; "": a placeholder, which no agent takes.
	Token string
	// Text is the scenario file's, and Files what it names, by slashed path below its
	// folder.
	Text  []byte
	Files map[string][]byte
	// Environment are the variables that the file names.
	Environment []Variable
	// Targets are what agents may load: patterns as `agent --allow-target` takes them.
	Targets []string
	// Unknown are the places of the file at which it only says by variables what is to be
	// loaded.
	Unknown []string
	// Local lets agents run programs and touch files in their containers.
	Local bool
	// CPU and Memory are what each agent, and the coordinator, asks for and gets at most,
	// as Kubernetes writes quantities: "2", "500m", "1Gi".
	CPU, Memory string
	// Claim is the PersistentVolumeClaim for results; "": they go with the pod.
	Claim string
}

// Variable is one of the environment. One that is Optional has a default in the file.
type Variable struct {
	Name     string
	Optional bool
}

// Longest name: that of an agent's pod, NAME-agents-9999, is a label of DNS, which has
// 63 characters.
const longestName = 40

var (
	names      = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
	quantities = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?(m|[kMGT]|[KMGT]i)?$`)
)

// Check tells what Kubernetes would not take.
func (o Options) Check() error {
	switch {
	case len(o.Name) > longestName || !names.MatchString(o.Name):
		return fmt.Errorf("the name %q is none for Kubernetes: write up to %d small letters, digits and hyphens, a letter first", o.Name, longestName)
	case o.Namespace != "" && (len(o.Namespace) > 63 || !names.MatchString(o.Namespace)):
		return fmt.Errorf("the namespace %q is none: write up to 63 small letters, digits and hyphens", o.Namespace)
	case o.Image == "":
		return fmt.Errorf("there is no image of plimsoll's for everybody: build one, of the program with the tag embedded, and write --image")
	case o.Agents < 1 || o.Agents > 10_000:
		return fmt.Errorf("a fleet has 1 to 10000 agents, not %d", o.Agents)
	case !quantities.MatchString(o.CPU):
		return fmt.Errorf("%q is no number of processors: write 2 or 500m", o.CPU)
	case !quantities.MatchString(o.Memory):
		return fmt.Errorf("%q is no size of memory: write 512Mi or 2Gi", o.Memory)
	}
	return nil
}

// Write is the manifest, as YAML of several documents. An error tells what of the
// options or of the files cannot be placed.
func Write(plan *scenario.Plan, o Options) ([]byte, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	for _, t := range plan.Targets {
		if t.Settings != nil && t.Settings.Traits().Local && !o.Local {
			why := fmt.Sprintf("the target %q (%s) acts on the agents' own containers, which takes --allow-exec", t.Name, t.Settings.Traits().Kind)
			return nil, scenario.Problems{plan.Problem(why, "targets", t.Name)}
		}
	}
	w := &writer{Options: o, file: nameOf(plan.File.Name)}
	files, err := w.configMap()
	if err != nil {
		return nil, err
	}
	documents := []*yaml.Node{files, w.secret(), w.service(), w.coordinator(), w.agents(), w.agentsPolicy(), w.coordinatorPolicy()}
	documents[0].HeadComment = w.heading()
	var out bytes.Buffer
	to := yaml.NewEncoder(&out)
	to.SetIndent(2)
	for _, d := range documents {
		if err := to.Encode(d); err != nil {
			return nil, fmt.Errorf("the manifest cannot be written: %w", err)
		}
	}
	if err := to.Close(); err != nil {
		return nil, fmt.Errorf("the manifest cannot be written: %w", err)
	}
	return out.Bytes(), nil
}

// writer makes one manifest.
type writer struct {
	Options
	file  string // the scenario's, in its folder
	items []item // all files, by the key of the ConfigMap
}

// What the objects are called, and where things lie in the containers.
const (
	leads, follows = "coordinator", "agents"
	port           = 4222
	planFolder     = "/plan"
	tokenFolder    = "/fleet"
	resultsFolder  = "/results"
)

func (w *writer) of(part string) string { return w.Name + "-" + part }

// object begins one of Kubernetes' objects.
func (w *writer) object(version, kind, part string, more ...any) *yaml.Node {
	meta := fields("name", w.of(part))
	if w.Namespace != "" {
		meta = with(meta, "namespace", w.Namespace)
	}
	meta = with(meta, "labels", w.labels(""))
	return with(fields("apiVersion", version, "kind", kind, "metadata", meta), more...)
}

// labels are those of everything, or of one part's pods.
func (w *writer) labels(part string) *yaml.Node {
	l := fields("app.kubernetes.io/name", "plimsoll", "app.kubernetes.io/instance", w.Name)
	if part != "" {
		l = with(l, "app.kubernetes.io/component", part)
	}
	return l
}

func (w *writer) selector(part string) *yaml.Node { return fields("matchLabels", w.labels(part)) }

func (w *writer) heading() string {
	return "A fleet of " + strconv.Itoa(w.Agents) + " that carries out " + printable(w.file) + `. Create it anew for each run:
  kubectl delete --ignore-not-found -f FILE && kubectl create -f FILE
  kubectl logs -f job/` + w.of(leads)
}

// service is how agents find the coordinator: at once, and not when it is ready.
func (w *writer) service() *yaml.Node {
	return w.object("v1", "Service", leads, "spec", fields(
		"clusterIP", "None",
		"publishNotReadyAddresses", true,
		"selector", w.labels(leads),
		"ports", list(fields("name", "nats", "protocol", "TCP", "port", port)),
	))
}
