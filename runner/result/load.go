package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// What a file may hold at most. Ours stay far below: these keep a file from
// somebody else from filling the memory.
const (
	maxFileBytes  = 1 << 30
	maxTrialBytes = 4 << 20 // 240 windows and 5 distributions with every bucket used take 2.5 MB
)

// Load reads a result and makes sure that it can be trusted: the laws of Check
// hold, and every distribution's encoding agrees with its count and extremes
// (those of the timeline's windows are looked at when they are used). Path is
// a run.json, a result directory, or `latest`.
//
// Fields that this version does not know are passed over: a newer plimsoll may
// add some within a format. A newer format is refused.
func Load(path string) (*Run, error) {
	file, err := locate(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the result %s: %w", path, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFileBytes {
		return nil, fmt.Errorf("%s is not a result: a %s is a file of at most %d MB", file, FileName, maxFileBytes>>20)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the result %s: %w", path, err)
	}
	run, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return run, nil
}

// locate finds the run.json that path means.
func locate(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no result at %s: give a %s, a result directory, or results/%s", path, FileName, latest)
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the result %s: %w", path, err)
	}
	if !info.IsDir() && filepath.Base(path) == latest {
		if path, err = followPointer(path); err != nil {
			return "", err
		}
	} else if !info.IsDir() {
		return path, nil
	}
	file := filepath.Join(path, FileName)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(path, latest)); err == nil {
			return "", fmt.Errorf("%s holds several results: give one of them, such as %s", path, filepath.Join(path, latest))
		}
		return "", fmt.Errorf("%s holds no %s: either it is no result directory, or the run ended before its first trial did", path, FileName)
	}
	return file, nil
}

// parse reads the bytes of a run.json. They may come from anywhere: memory
// stays within a small multiple of their number.
func parse(data []byte) (*Run, error) {
	if err := checkFormat(data); err != nil {
		return nil, err
	}
	// The lists are read one by one, and each element is checked before the
	// next, because a few bytes of JSON can stand for a large Trial.
	var file struct {
		Run
		Trials     []json.RawMessage `json:"trials"`
		Speedups   []json.RawMessage `json:"speedups"`
		Verdicts   []json.RawMessage `json:"verdicts"`
		Scaling    []json.RawMessage `json:"scaling"`
		Capacities []json.RawMessage `json:"capacities"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, readable(err, data)
	}
	run := file.Run
	var err error
	if run.Trials, err = each("trial", file.Trials, (*Trial).trust); err != nil {
		return nil, err
	}
	if run.Speedups, err = each("speedup", file.Speedups, (*Speedup).check); err != nil {
		return nil, err
	}
	if run.Verdicts, err = each("verdict", file.Verdicts, (*Verdict).check); err != nil {
		return nil, err
	}
	if run.Scaling, err = eachOrNone("scaling", file.Scaling, (*Scaling).check); err != nil {
		return nil, err
	}
	if run.Capacities, err = eachOrNone("capacity", file.Capacities, (*Capacity).check); err != nil {
		return nil, err
	}
	return &run, run.Check()
}

func checkFormat(data []byte) error {
	var head struct {
		Format int  `json:"format"`
		Tool   Tool `json:"tool"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return readable(err, data)
	}
	switch {
	case head.Format < 1:
		return fmt.Errorf("not a result of plimsoll: there is no format in it")
	case head.Format > Format:
		return fmt.Errorf("written in format %d by %s %s; this plimsoll reads up to format %d: use a newer one",
			head.Format, head.Tool.Name, head.Tool.Version, Format)
	}
	return nil
}

// each reads and checks the elements of a list.
func each[T any](what string, raws []json.RawMessage, check func(*T) error) ([]T, error) {
	list := make([]T, 0, min(len(raws), 1000))
	for i, raw := range raws {
		if len(raw) > maxTrialBytes {
			return nil, fmt.Errorf("%s %d takes %d bytes, more than any of ours", what, i+1, len(raw))
		}
		var element T
		err := json.Unmarshal(raw, &element)
		if err == nil {
			err = check(&element)
		}
		if err != nil {
			return nil, fmt.Errorf("%s %d: %w", what, i+1, err)
		}
		list = append(list, element)
	}
	return list, nil
}

// eachOrNone is each, and nil where the file may lack the list and does.
func eachOrNone[T any](what string, raws []json.RawMessage, check func(*T) error) ([]T, error) {
	if raws == nil {
		return nil, nil
	}
	return each(what, raws, check)
}

// trust checks the laws and that the encoded distributions are what the
// figures beside them say.
func (t *Trial) trust() error {
	if err := t.Check(); err != nil {
		return fmt.Errorf("%s: %w", t.name(), err)
	}
	for _, d := range t.dists() {
		if _, err := d.dist.Histogram(); err != nil {
			return fmt.Errorf("%s: %s: %w", t.name(), d.name, err)
		}
	}
	return nil
}

// readable says where in the file the JSON goes wrong.
func readable(err error, data []byte) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	offset := int64(-1)
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	}
	if offset < 0 || offset > int64(len(data)) {
		return err
	}
	line := 1 + bytes.Count(data[:offset], []byte("\n"))
	return fmt.Errorf("line %d: %s", line, strings.TrimPrefix(err.Error(), "json: "))
}
