package result

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"plimsoll/target/host"
)

// ThisMachine describes the machine that runs us. What the system does not
// tell stays empty: a result is worth having without it.
func ThisMachine() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: host.Processors(), Go: runtime.Version()}
	switch runtime.GOOS {
	case "linux":
		m.CPUModel = cpuModel(text("/proc/cpuinfo"))
		m.MemoryBytes = memoryTotal(text("/proc/meminfo"))
	case "darwin":
		m.CPUModel = sysctl("machdep.cpu.brand_string")
		m.MemoryBytes, _ = strconv.ParseInt(sysctl("hw.memsize"), 10, 64)
	case "windows":
		m.CPUModel = os.Getenv("PROCESSOR_IDENTIFIER")
	}
	return m
}

func text(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

func sysctl(name string) string {
	b, _ := exec.Command("sysctl", "-n", name).Output()
	return strings.TrimSpace(string(b))
}

// cpuModel reads /proc/cpuinfo: "model name" on x86, "Model" or "Hardware" on
// many ARM boards.
func cpuModel(cpuinfo string) string {
	for _, key := range []string{"model name", "Model", "Hardware"} {
		if v := procField(cpuinfo, key); v != "" {
			return strings.Join(strings.Fields(v), " ")
		}
	}
	return ""
}

// memoryTotal reads /proc/meminfo, whose kB are 1,024 bytes.
func memoryTotal(meminfo string) int64 {
	kb, _ := strconv.ParseInt(strings.TrimSuffix(procField(meminfo, "MemTotal"), " kB"), 10, 64)
	return kb * 1024
}

func procField(text, key string) string {
	for line := range strings.Lines(text) {
		name, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
