//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"plimsoll/target/real"
)

// entryPoints are what the containers of a manifest's Jobs are told to run, by the
// containers' names.
func entryPoints(t *testing.T, text []byte) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for from := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var object struct {
			Kind string
			Spec struct {
				Template struct {
					Spec struct {
						Containers []struct {
							Name          string
							Command, Args []string
						}
					}
				}
			}
		}
		if err := from.Decode(&object); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		for _, c := range object.Spec.Template.Spec.Containers {
			all[c.Name] = append(c.Command, c.Args...)
		}
	}
}

// What a manifest's containers are told to run is carried out, with the environment
// that an Indexed Job gives and nothing else: shares go by the pods' numbers. Only
// names of hosts and folders are others, and the server of NATS is one beside.
func TestManifestIsCarriedOut(t *testing.T) {
	server := countedServer(t)
	text := strings.Replace(steadily(server.url, 100, 2), "url: ", "headers: {X-Key: \"${KEY}\"}, url: ", 1) + `
  - {name: other, target: model, clock: virtual, duration: 1s, modes: [{rate-limited: 10/s}]}
`
	f := &field{t: t, dir: folder(t, text)}
	written := exec.Command("plimsoll", "fleet", "manifest", "s.yaml", "--agents", "2", "--image", "plimsoll:1", "--only", "s", "--allow-target", "10.0.0.0/8")
	written.Dir, written.Env = f.dir, append(os.Environ(), "KEY=sesame-open")
	manifest, err := written.Output()
	if err != nil {
		t.Fatal(err)
	}
	f.address = real.Address(t)
	f.startNATS()
	token := filepath.Join(f.dir, "token")
	if err := os.WriteFile(token, []byte(strings.Repeat("0123456789abcdef", 4)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	here := strings.NewReplacer("tls://plimsoll-coordinator:4222", "nats://"+f.address, "/fleet/token", token,
		"/plan/", f.dir+"/", "--listen :4222", "--nats nats://"+f.address, "/results", filepath.Join(f.dir, "results"))
	commands := entryPoints(t, manifest)
	pod := func(part string, environment ...string) *process {
		words := strings.Fields(here.Replace(strings.Join(commands[part], " ")))
		return startProgram(t, "/", "env", append(append([]string{"-i", "PATH=" + os.Getenv("PATH"), "KEY=sesame-open"}, environment...), words...)...)
	}
	second := pod("agents", "JOB_COMPLETION_INDEX=1")
	first := pod("agents", "JOB_COMPLETION_INDEX=0")
	commands["coordinator"] = append(commands["coordinator"], "--allow-late")
	if end := pod("coordinator").wait(t); end.code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", end.code, end.stdout, end.stderr)
	}
	run := latest(t, f.dir)
	if len(run.Trials) != 1 || run.Trials[0].OK != 200 || server.n.Load() != 200 || len(run.Trials[0].Agents) != 2 {
		t.Fatalf("%d trials, the server counts %d", len(run.Trials), server.n.Load())
	}
	for k, one := range []*process{first, second} {
		if end := one.wait(t); end.code != 0 {
			t.Errorf("agent %d ended with %d: %s", k, end.code, end.stderr)
		}
		if a := run.Trials[0].Agents[k]; !strings.HasSuffix(a.Name, fmt.Sprint("-", one.Process.Pid)) {
			t.Errorf("share %d is that of %s, and not of the pod of this number, process %d", k, a.Name, one.Process.Pid)
		}
	}
}
