package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"
)

// Calibration is what a machine can resolve with one version of the tool:
// what `plimsoll calibrate` found out. Everything is measured on loopback.
type Calibration struct {
	Taken   time.Time `json:"taken"`
	Tool    Tool      `json:"tool"`
	Machine Machine   `json:"machine"`

	Engines  []EngineCost `json:"engines"`
	Lateness []LatenessAt `json:"lateness"` // by rising rate
	HeldRate HeldRate     `json:"held_rate"`

	// P50Floor and P99Floor are relative differences of response times: of
	// two identical measurements, 95 in 100 differ by less. A smaller
	// difference between two results cannot be told. Above 0; see Floor.
	P50Floor float64 `json:"p50_floor"`
	P99Floor float64 `json:"p99_floor"`
	Floor    Floor   `json:"floor"`
}

// EngineCost is what a call costs by itself.
type EngineCost struct {
	Engine string `json:"engine"`
	// CPUS is the processor time that the generator takes for a call among
	// many, in seconds.
	CPUS float64 `json:"cpu_per_call_s"`
	// P50S is the median service time of one call after another against a
	// server that answers at once: the least that the engine can show, most
	// of it the system's and the server's. 0 where no server is asked.
	P50S float64 `json:"p50_s"`
}

// LatenessAt is the generator's own delay at a constant rate, in seconds.
type LatenessAt struct {
	Engine   string  `json:"engine"`
	RatePerS float64 `json:"rate_per_s"`
	P50S     float64 `json:"p50_s"`
	P99S     float64 `json:"p99_s"`
	KeptPace bool    `json:"kept_pace"`
}

// HeldRate is the highest constant rate that was kept against plimsoll's own
// server on this machine, in calls a second; 0 if none was.
type HeldRate struct {
	Engine   string  `json:"engine"`
	RatePerS float64 `json:"rate_per_s"`
	// LimitedBy says what gave way beyond it: "generator" or "server", which
	// share the machine; "" where the search ended before anything did.
	LimitedBy string `json:"limited_by"`
}

// Floor tells how P50Floor and P99Floor were found: Repetitions of a steady
// load of CallsEach calls, halved in every possible way.
type Floor struct {
	Engine      string  `json:"engine"`
	Repetitions int     `json:"repetitions"`
	CallsEach   int64   `json:"calls_each"`
	P50S        float64 `json:"p50_s"` // of all repetitions
	P99S        float64 `json:"p99_s"`
}

// Fits tells whether the calibration is of such a machine and such a tool. The
// machine's memory may differ, and so may its name, which nobody keeps.
func (c *Calibration) Fits(m Machine, t Tool) bool {
	ours := c.Machine
	ours.MemoryBytes, m.MemoryBytes = 0, 0
	return ours == m && c.Tool == t
}

// check makes sure that every number is finite and not below zero.
func (c *Calibration) check() error {
	if wrong := impossible(reflect.ValueOf(c)); wrong != "" {
		return errors.New("calibration: " + wrong)
	}
	return nil
}

// calibrations is the file that keeps them: one for each machine and version,
// the newest first, because folders of users may lie on several machines.
type calibrations struct {
	Format       int           `json:"format"`
	Calibrations []Calibration `json:"calibrations"`
}

// mostCalibrations bounds the file.
const mostCalibrations = 20

// LoadCalibration finds the calibration that fits in a file of
// SaveCalibration; nil where there is none.
func LoadCalibration(path string, m Machine, t Tool) (*Calibration, error) {
	all, err := loadCalibrations(path)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Fits(m, t) {
			return &all[i], all[i].check()
		}
	}
	return nil, nil
}

func loadCalibrations(path string) ([]Calibration, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxValueBytes) {
		return nil, fmt.Errorf("%s is no calibration: it is no file of at most %d MB", path, maxValueBytes>>20)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the calibration: %w", err)
	}
	var file calibrations
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s is no calibration (plimsoll calibrate writes it anew): %w", path, err)
	}
	if file.Format != Format {
		return nil, fmt.Errorf("%s is a calibration in format %d, this plimsoll reads %d: plimsoll calibrate writes it anew", path, file.Format, Format)
	}
	return file.Calibrations, nil
}

// SaveCalibration keeps a calibration in a file, whole or not at all, in place
// of any that fits as it does; those of other machines and versions stay. A
// file that cannot be read is written anew.
func SaveCalibration(path string, c *Calibration) error {
	if err := c.check(); err != nil {
		return fmt.Errorf("cannot keep it, a bug of plimsoll: %w", err)
	}
	others, _ := loadCalibrations(path)
	others = slices.DeleteFunc(others, func(o Calibration) bool { return o.Fits(c.Machine, c.Tool) })
	all := append([]Calibration{*c}, others...)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("cannot keep the calibration: %w", err)
	}
	return WriteFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(calibrations{Format, all[:min(len(all), mostCalibrations)]})
	})
}
