// Package peers has Kubernetes' own types read manifests. It is a module of its own,
// of three minor versions: go test, and with -modfile go.36.mod, and go.35.mod.
package peers

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// All golden manifests are understood, with no field that these types do not have, none
// twice and none of another type.
func TestKubernetesUnderstands(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{core.AddToScheme, batch.AddToScheme, networking.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	files, _ := filepath.Glob("../testdata/*.yaml")
	if len(files) != 2 {
		t.Fatalf("%d golden files", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]int{}
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			object, _, err := decoder.Decode(document, nil, nil)
			if err != nil {
				t.Errorf("%s: %v\n%s", file, err, document)
				continue
			}
			kinds[strings.TrimPrefix(object.GetObjectKind().GroupVersionKind().Kind, "v1.")]++
			if j, is := object.(*batch.Job); is {
				fits(t, j)
			}
		}
		if kinds["Job"] != 2 || kinds["NetworkPolicy"] != 2 || kinds["ConfigMap"] != 1 || kinds["Secret"] != 1 || kinds["Service"] != 1 {
			t.Errorf("%s: %v", file, kinds)
		}
	}
	if _, _, err := decoder.Decode([]byte("apiVersion: v1\nkind: Service\nspec: {nothing: 1}\n"), nil, nil); err == nil {
		t.Error("an unknown field is taken")
	}
}

// fits tells what the types alone do not: that what is mounted is there, and quantities
// are some.
func fits(t *testing.T, j *batch.Job) {
	pod := j.Spec.Template.Spec
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
	}
	for _, c := range pod.Containers {
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("%s mounts %s, which is not there", c.Name, m.Name)
			}
		}
		if c.Resources.Requests.Cpu().IsZero() || c.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s has no bounds", c.Name)
		}
	}
	if agents := j.Spec.CompletionMode; agents != nil && (*agents != batch.IndexedCompletion || *j.Spec.Completions != *j.Spec.Parallelism) {
		t.Errorf("%+v", j.Spec)
	}
}
