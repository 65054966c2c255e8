package ci_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"plimsoll/runner/result"
)

// action is the composite action, as far as it is carried out here.
type action struct {
	Inputs map[string]struct {
		Default  string
		Required bool
	}
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []step
	}
}

type step struct {
	ID, Name, If, Uses, Shell, Run string
	Env, With                      map[string]string
}

func load(t *testing.T) *action {
	t.Helper()
	text, err := os.ReadFile("action.yml")
	if err != nil {
		t.Fatal(err)
	}
	a := &action{}
	if err := yaml.Unmarshal(text, a); err != nil {
		t.Fatal(err)
	}
	return a
}

// job is a job of GitHub's, in a folder of its own, as far as shell steps see it.
type job struct {
	*testing.T
	action
	dir, path string
	inputs    map[string]string
}

func newJob(t *testing.T, inputs map[string]string) *job {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	j := &job{T: t, action: *load(t), dir: t.TempDir(), path: os.Getenv("PATH"), inputs: map[string]string{"keep": "false"}}
	for name, in := range j.Inputs {
		if _, given := inputs[name]; !given && !strings.Contains(in.Default, "${{") {
			j.inputs[name] = in.Default
		}
	}
	for name, value := range inputs {
		if _, known := j.Inputs[name]; !known {
			t.Fatalf("the action has no input %s", name)
		}
		j.inputs[name] = value
	}
	for _, folder := range []string{"temp", "work"} {
		if err := os.Mkdir(filepath.Join(j.dir, folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

func (j *job) file(parts ...string) string {
	return filepath.Join(append([]string{j.dir, "work"}, parts...)...)
}

func (j *job) write(name, text string) {
	j.Helper()
	if err := os.WriteFile(j.file(name), []byte(text), 0o666); err != nil {
		j.Fatal(err)
	}
}

func (j *job) read(parts ...string) string {
	j.Helper()
	text, err := os.ReadFile(j.file(parts...))
	if err != nil {
		j.Error(err)
	}
	return string(text)
}

// input is a hole of the action's that a step may have in its environment.
var input = regexp.MustCompile(`\$\{\{ inputs\.([a-z0-9]+) \}\}`)

// step carries a shell step out, the way GitHub does.
func (j *job) step(name string) (stdout string, code int) {
	j.Helper()
	for _, s := range j.Runs.Steps {
		if s.Name != name {
			continue
		}
		if s.Shell != "bash" || s.Run == "" {
			j.Fatalf("%s is no step of bash's", name)
		}
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
		cmd.Dir = j.file()
		cmd.Env = append(os.Environ(), "PATH="+j.path, "RUNNER_TEMP="+filepath.Join(j.dir, "temp"), "GITHUB_PATH="+j.file("..", "path"),
			"GITHUB_OUTPUT="+j.file("..", "output"), "GITHUB_STEP_SUMMARY="+j.file("..", "summary.md"), "GITHUB_SHA=4d0a7c1", "GITHUB_REF_NAME=main", "GITHUB_HEAD_REF=")
		for key, value := range s.Env {
			cmd.Env = append(cmd.Env, key+"="+input.ReplaceAllStringFunc(value, func(hole string) string {
				return j.inputs[input.FindStringSubmatch(hole)[1]]
			}))
		}
		var out, problems bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &problems
		if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
			j.Fatal(err)
		}
		j.Logf("%s: exit code %d\n%s%s", name, cmd.ProcessState.ExitCode(), out.String(), problems.String())
		if added, err := os.ReadFile(j.file("..", "path")); err == nil {
			j.path = strings.TrimSpace(string(added)) + string(os.PathListSeparator) + os.Getenv("PATH")
		}
		return out.String(), cmd.ProcessState.ExitCode()
	}
	j.Fatalf("there is no step %s", name)
	return "", 0
}

// scenario is one whose server takes so long.
func scenario(delay, promise string) string {
	return fmt.Sprintf(`targets: {shop: {sim: {delay: {normal: {mean: %s, stddev: 100us}}}}}
scenarios:
  - name: shop
    target: shop
    clock: virtual
    requests: 500
    repeat: 5
    modes: [concurrent: 4]
    thresholds: [%s]
`, delay, promise)
}

// The main branch leaves a baseline; a pull request that is as fast passes, one that
// is slower fails, with the place of the promise that it breaks, and one whose promise
// alone is broken does, too.
func TestTheActionsSteps(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	j := newJob(t, map[string]string{"file": "shop.yaml", "source": root, "keep": "true", "arguments": "--only *"})
	j.write("shop.yaml", scenario("10ms", "p99 < 12ms"))
	if _, code := j.step("Get plimsoll"); code != 0 {
		t.Fatal("it cannot be built")
	}
	j.write("a-file", "") // which * must not become
	if _, code := j.step("Measure"); code != 2 {
		t.Errorf("a scenario * is carried out: exit code %d", code)
	}
	j.inputs["arguments"] = "--seed 7 --only shop"
	measure := func(want int, outputs ...string) string {
		t.Helper()
		os.Remove(j.file("..", "output"))
		out, code := j.step("Measure")
		if told := strings.TrimSpace(j.read("..", "output")); code != want || told != fmt.Sprintf("exit-code=%d", want) {
			t.Errorf("exit code %d, told as %s; want %d", code, told, want)
		}
		for _, text := range outputs {
			if !strings.Contains(out, text) {
				t.Errorf("annotations lack %q:\n%s", text, out)
			}
		}
		return out
	}
	measure(0, "::notice title=plimsoll::shop: ")
	if _, code := j.step("Prepare the new baseline"); code != 0 {
		t.Error("no baseline is prepared")
	}
	run, err := result.Load(j.file("plimsoll-baseline", "run.json"))
	if err != nil || run.Seed != 7 {
		t.Fatalf("%v of another seed: what is in arguments does not reach plimsoll", err)
	}
	for name, want := range map[string]string{"report.md": "## shop", "junit.xml": "<testsuites", "otava.json": `"commit": "4d0a7c1"`} {
		if !strings.Contains(j.read("plimsoll", name), want) {
			t.Errorf("%s lacks %s", name, want)
		}
	}
	if !strings.Contains(j.read("..", "summary.md"), "## shop") {
		t.Error("there is no summary")
	}

	j.inputs["keep"], j.inputs["arguments"] = "false", ""
	measure(0)
	j.write("shop.yaml", scenario("12ms", "p99 < 12ms"))
	measure(1, "::error file=shop.yaml,line=9,title=shop%3A concurrent-4", "title=shop (comparison)%3A ", "worse")
	if !strings.Contains(j.read("plimsoll", "report.md"), "worse") {
		t.Error("report.md does not say what is worse")
	}
	j.inputs["baseline"] = ""
	if out := measure(1); strings.Contains(out, "comparison") {
		t.Error("compared with no baseline")
	}
}

// A binary that is downloaded is the one that was meant, or the step fails.
func TestTheActionDownloads(t *testing.T) {
	binary := []byte("#!/bin/sh\necho \"carried out: $*\"\n")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/plimsoll" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(binary)
	}))
	defer server.Close()
	j := newJob(t, map[string]string{"file": "s.yaml", "url": server.URL + "/plimsoll", "sha256": fmt.Sprintf("%x", sha256.Sum256(binary)), "baseline": ""})
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	if _, code := j.step("Get plimsoll"); code != 0 {
		t.Error("it is not taken")
	}
	if out, code := j.step("Measure"); code != 0 || !strings.HasPrefix(out, "carried out: run s.yaml --quiet ") {
		t.Errorf("exit code %d: %s", code, out)
	}
	j.inputs["sha256"] = strings.Repeat("0", 64)
	if _, code := j.step("Get plimsoll"); code == 0 {
		t.Error("another binary than the one that was meant is taken")
	}
	j.inputs["url"], j.inputs["sha256"] = server.URL+"/gone", ""
	if _, code := j.step("Get plimsoll"); code == 0 {
		t.Error("what cannot be downloaded is taken")
	}
	j = newJob(t, map[string]string{"file": "s.yaml"})
	j.path = "/nowhere"
	for _, tool := range []string{"/usr/bin", "/bin"} {
		j.path += string(os.PathListSeparator) + tool
	}
	if _, err := os.Stat("/usr/bin/plimsoll"); err == nil {
		t.Skip("plimsoll is installed here")
	}
	if out, code := j.step("Get plimsoll"); code != 1 || !strings.HasPrefix(out, "::error title=plimsoll::") {
		t.Errorf("no plimsoll at all: exit code %d, %s", code, out)
	}
}

// What inputs say gets into the shell by its environment alone, or whoever names them
// could have anything carried out; and every hole is filled by something.
func TestNoInputIsShell(t *testing.T) {
	a := load(t)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) < 5 {
		t.Fatalf("%+v", a.Runs)
	}
	text, err := os.ReadFile("action.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range a.Runs.Steps {
		if strings.Contains(s.Run, "${{") || (s.Run == "") == (s.Uses == "") || s.Run != "" && s.Shell != "bash" {
			t.Errorf("the step %s: %+v", s.Name, s)
		}
	}
	for _, hole := range regexp.MustCompile(`inputs\.([a-z0-9]+)`).FindAllStringSubmatch(string(text), -1) {
		if _, known := a.Inputs[hole[1]]; !known {
			t.Errorf("there is no input %s", hole[1])
		}
	}
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range a.Inputs {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("README.md does not tell of the input %s", name)
		}
	}
	for name := range a.Outputs {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("README.md does not tell of the output %s", name)
		}
	}
}

// The workflow that uses the action is the same wherever it is shown, and gives it
// only inputs that it has.
func TestTheWorkflowIsTheActions(t *testing.T) {
	shown := map[string]bool{}
	for _, file := range []string{"README.md", "../regression-checks.md"} {
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, workflow, _ := strings.Cut(string(page), "```yaml\nname: regression\n")
		workflow, _, found := strings.Cut(workflow, "\n```")
		if shown[workflow] = true; !found || len(shown) > 1 {
			t.Fatalf("%s shows another workflow, or none", file)
		}
	}
	for workflow := range shown {
		var w struct {
			Jobs map[string]struct {
				Steps []struct {
					Uses string
					With map[string]string
				}
			}
		}
		if err := yaml.Unmarshal([]byte(workflow), &w); err != nil {
			t.Fatal(err)
		}
		a, used := load(t), 0
		for _, s := range w.Jobs["load"].Steps {
			if s.Uses != "./.plimsoll/docs/ci" {
				continue
			}
			used++
			for name := range s.With {
				if _, known := a.Inputs[name]; !known {
					t.Errorf("the action has no input %s", name)
				}
			}
		}
		if used != 1 {
			t.Errorf("the action is used %d times", used)
		}
	}
}

// Several uses in a workflow have artifacts of their own, and the example comments on no
// pull request of a fork, whose token may not.
func TestManyMayUseIt(t *testing.T) {
	for _, s := range load(t).Runs.Steps {
		if strings.HasPrefix(s.Uses, "actions/upload-artifact@") && s.With["name"] != "${{ inputs.name }}" {
			t.Errorf("every artifact is called %s", s.With["name"])
		}
	}
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		Jobs map[string]struct{ Steps []step }
	}
	_, block, _ := strings.Cut(string(page), "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	if err := yaml.Unmarshal([]byte(block), &workflow); err != nil || len(workflow.Jobs) != 1 {
		t.Fatalf("%v: %+v", err, workflow)
	}
	comments := 0
	for _, s := range workflow.Jobs["load"].Steps {
		if strings.Contains(s.Run, "gh pr comment") {
			comments++
			if !strings.Contains(s.If, "github.event.pull_request.head.repo.full_name == github.repository") {
				t.Errorf("%s: also where that is forbidden", s.If)
			}
		}
	}
	if comments != 1 {
		t.Errorf("%d comments", comments)
	}
}
