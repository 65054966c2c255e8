package manifest

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// nobody is the user and the group of the containers, who own nothing in an image.
const nobody = 65532

// coordinator is the Job that plans, merges, and writes the result.
func (w *writer) coordinator() *yaml.Node {
	args := []string{"run", planFolder + "/" + w.file, "--agents", strconv.Itoa(w.Agents),
		"--listen", ":" + strconv.Itoa(port), "--token-file", tokenFolder + "/token", "--out", resultsFolder}
	for _, name := range w.Only {
		args = append(args, "--only", name)
	}
	results := fields("name", "results", "emptyDir", fields())
	if w.Claim != "" {
		results = fields("name", "results", "persistentVolumeClaim", fields("claimName", w.Claim))
	} else {
		results.HeadComment = "The result directory goes with the pod; the log stays. --results CLAIM keeps it."
	}
	items := list()
	for _, i := range w.items {
		items.Content = append(items.Content, fields("key", i.key, "path", i.path))
	}
	pod := w.pod(leads, arguments(args...),
		[]any{mount("plan", planFolder, true), mount("results", resultsFolder, false)},
		[]any{fields("name", "plan", "configMap", fields("name", w.of("plan"), "items", items)), results})
	return w.object("batch/v1", "Job", leads, "spec", fields("backoffLimit", 0, "template", pod))
}

// agents is the Indexed Job of those who load. A pod's number stands in
// JOB_COMPLETION_INDEX, which `plimsoll agent` reads.
func (w *writer) agents() *yaml.Node {
	args := arguments("agent", "--once", "--nats", "tls://"+w.of(leads)+":"+strconv.Itoa(port), "--token-file", tokenFolder+"/token")
	keep := text("--keep=")
	keep.HeadComment = "Nothing: what lies in a pod goes with it."
	args.Content = append(args.Content, keep)
	for k, target := range w.Targets {
		flag := text("--allow-target")
		if k == 0 {
			flag.HeadComment = "Who applies this permits the agents to load these addresses, and no others but their own pods':"
		}
		args.Content = append(args.Content, flag, text(target))
	}
	for k, v := range w.Environment {
		flag := text("--allow-env")
		if k == 0 {
			flag.HeadComment = "and to have values of these variables:"
		}
		args.Content = append(args.Content, flag, text(v.Name))
	}
	if w.Local {
		flag := text("--allow-exec")
		flag.HeadComment = "and to run programs, and to touch files, in their containers:"
		args.Content = append(args.Content, flag)
	}
	job := w.object("batch/v1", "Job", follows, "spec", fields(
		"completionMode", "Indexed", "completions", w.Agents, "parallelism", w.Agents, "backoffLimit", 0,
		"template", w.pod(follows, args, nil, nil)))
	for _, where := range w.Unknown {
		job.HeadComment += fmt.Sprintf("What %s stands for is not known here: permit it by fleet manifest --allow-target.\n", printable(where))
	}
	return job
}

// pod is the template of one part's pods, with what those mount beyond the token and
// what is temporary.
func (w *writer) pod(part string, args *yaml.Node, mounts, volumes []any) *yaml.Node {
	container := fields("name", part, "image", w.Image, "command", texts("plimsoll"), "args", args)
	if env := w.environment(); len(env.Content) > 0 {
		with(container, "env", env)
	}
	with(container,
		"resources", fields("requests", w.resources(), "limits", w.resources()),
		"securityContext", fields("allowPrivilegeEscalation", false, "readOnlyRootFilesystem", true, "capabilities", fields("drop", texts("ALL"))),
		"volumeMounts", list(append([]any{mount("token", tokenFolder, true), mount("tmp", "/tmp", false)}, mounts...)...))
	spec := fields("restartPolicy", "Never", "automountServiceAccountToken", false, "enableServiceLinks", false,
		"securityContext", fields("runAsNonRoot", true, "runAsUser", nobody, "runAsGroup", nobody, "fsGroup", nobody,
			"seccompProfile", fields("type", "RuntimeDefault")))
	if part == follows {
		with(spec, "affinity", w.apart())
	}
	with(spec, "containers", list(container), "volumes", list(append([]any{
		fields("name", "token", "secret", fields("secretName", w.of("token"))),
		fields("name", "tmp", "emptyDir", fields())}, volumes...)...))
	return fields("metadata", fields("labels", w.labels(part)), "spec", spec)
}

// arguments are a container's, in which Kubernetes replaces $(NAME).
func arguments(all ...string) *yaml.Node {
	l := list()
	for _, one := range all {
		l.Content = append(l.Content, text(strings.ReplaceAll(one, "$(", "$$(")))
	}
	return l
}

func mount(name, path string, readOnly bool) *yaml.Node {
	m := fields("name", name, "mountPath", path)
	if readOnly {
		with(m, "readOnly", true)
	}
	return m
}

func (w *writer) resources() *yaml.Node { return fields("cpu", text(w.CPU), "memory", text(w.Memory)) }

// apart has agents rather on a machine of their own each.
func (w *writer) apart() *yaml.Node {
	return fields("podAntiAffinity", fields("preferredDuringSchedulingIgnoredDuringExecution", list(
		fields("weight", 100, "podAffinityTerm", fields("topologyKey", "kubernetes.io/hostname", "labelSelector", w.selector(follows))))))
}
