package result

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// aCalibration has something in every field.
func aCalibration(cpu string) *Calibration {
	return &Calibration{
		Taken: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Tool: Tool{Name: "plimsoll", Version: "0.1.0"},
		Machine:  Machine{OS: "linux", Arch: "amd64", CPUs: 2, CPUModel: cpu, MemoryBytes: 1 << 33, Go: "go1.26"},
		Engines:  []EngineCost{{Engine: "wire-epoll", CPUS: 9e-6, P50S: 60e-6}},
		Lateness: []LatenessAt{{Engine: "wire-epoll", RatePerS: 1000, P50S: 30e-6, P99S: 90e-6, KeptPace: true}},
		HeldRate: HeldRate{Engine: "wire-epoll", RatePerS: 40000, LimitedBy: "server"},
		P50Floor: 0.01, P99Floor: 0.05,
		Floor: Floor{Engine: "wire-epoll", Repetitions: 12, CallsEach: 1000, P50S: 0.0011, P99S: 0.0013},
	}
}

// A calibration is found again by its machine and its version, and one more
// replaces only its like.
func TestCalibrationsAreKeptByMachineAndVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "of", "plimsoll", "calibration.json")
	mine, other := aCalibration("mine"), aCalibration("another")
	for _, c := range []*Calibration{mine, other} {
		if err := SaveCalibration(path, c); err != nil {
			t.Fatal(err)
		}
	}
	again := aCalibration("mine")
	again.P99Floor = 0.25
	if err := SaveCalibration(path, again); err != nil {
		t.Fatal(err)
	}
	grown := mine.Machine
	grown.MemoryBytes *= 2
	for _, c := range []struct {
		machine Machine
		version string
		want    *Calibration
	}{
		{mine.Machine, "0.1.0", again}, {grown, "0.1.0", again}, {other.Machine, "0.1.0", other},
		{mine.Machine, "0.2.0", nil}, {Machine{}, "0.1.0", nil},
	} {
		got, err := LoadCalibration(path, c.machine, Tool{Name: "plimsoll", Version: c.version})
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v %s: %+v, %v", c.machine, c.version, got, err)
		}
	}
	for field, change := range map[string]func(*Machine){
		"os": func(m *Machine) { m.OS = "darwin" }, "cpus": func(m *Machine) { m.CPUs++ },
		"cpu_model": func(m *Machine) { m.CPUModel += "+" }, "go": func(m *Machine) { m.Go = "go1.27" },
	} {
		m := mine.Machine
		change(&m)
		if mine.Fits(m, mine.Tool) {
			t.Errorf("it fits a machine with another %s", field)
		}
	}
}

// The file does not grow for ever: the oldest go first.
func TestCalibrationsAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calibration.json")
	for i := range mostCalibrations + 5 {
		if err := SaveCalibration(path, aCalibration(strings.Repeat("x", i))); err != nil {
			t.Fatal(err)
		}
	}
	all, err := loadCalibrations(path)
	if err != nil || len(all) != mostCalibrations || len(all[0].Machine.CPUModel) != mostCalibrations+4 {
		t.Errorf("%d are kept: %v", len(all), err)
	}
}

// No calibration is no trouble; one that cannot be read says what to do, and
// the next one takes its place.
func TestUnreadableCalibrations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calibration.json")
	c := aCalibration("mine")
	if got, err := LoadCalibration(path, c.Machine, c.Tool); got != nil || err != nil {
		t.Errorf("where there is no file: %v, %v", got, err)
	}
	for _, text := range []string{"", "{", "[]", `{"format": 2}`, `{"format": 1, "calibrations": 3}`} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := LoadCalibration(path, c.Machine, c.Tool); got != nil || err == nil || !strings.Contains(err.Error(), "writes it anew") {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if err := SaveCalibration(path, c); err != nil {
		t.Fatal(err)
	}
	broken := aCalibration("mine")
	broken.P99Floor = math.NaN()
	if err := SaveCalibration(path, broken); err == nil || !strings.Contains(err.Error(), "p99_floor is NaN") {
		t.Errorf("NaN: %v", err)
	}
	if got, err := LoadCalibration(path, c.Machine, c.Tool); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%v, %v", got, err)
	}
}
