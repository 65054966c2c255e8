package result

import (
	"runtime"
	"testing"
)

func TestProcFiles(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"processor\t: 0\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R)   Processor @ 2.50GHz\nflags: a b\n\nprocessor\t: 1\nmodel name\t: other\n", "Intel(R) Xeon(R) Processor @ 2.50GHz"},
		{"processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n", "Raspberry Pi 4 Model B Rev 1.4"},
		{"processor\t: 0\nBogoMIPS\t: 50.00\n", ""},
		{"", ""},
	} {
		if got := cpuModel(c.text); got != c.want {
			t.Errorf("%q is of %q", c.want, got)
		}
	}
	if got := memoryTotal("MemTotal:        8039840 kB\nMemFree: 1 kB\n"); got != 8039840*1024 {
		t.Errorf("memory %d", got)
	}
	if got := memoryTotal("MemTotal: much\n"); got != 0 {
		t.Errorf("memory %d", got)
	}
}

func TestThisMachineIsKnown(t *testing.T) {
	m := ThisMachine()
	if m.OS != runtime.GOOS || m.Arch == "" || m.CPUs < 1 || m.Go == "" {
		t.Errorf("%+v", m)
	}
	if runtime.GOOS == "linux" && m.MemoryBytes < 1<<24 {
		t.Errorf("memory of %d bytes", m.MemoryBytes)
	}
}
