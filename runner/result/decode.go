package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// What a run.json may hold at most. No plan comes near (see scenario.Parse),
// and a run that would grow beyond ends before it does (see Journal): these
// keep a file from somebody else from filling the memory.
const (
	maxFileBytes  = 1 << 30
	reserved      = 128 << 20 // of it, for what is judged at the end
	maxTrialBytes = 32 << 20  // a thousand steps take 10 MB, 240 windows and 6 distributions with every bucket used 2.5 MB
	maxValueBytes = 4 << 20   // all else
	maxTextBytes  = 32 << 20  // a scenario file of 4 MB, each byte escaped
	maxLine       = 2 * maxTrialBytes

	// MostTrials and MostVerdicts are how many of them a run may have.
	MostTrials   = 100_000
	MostVerdicts = 200_000

	deepest  = 100 // levels of what is passed over
	mapBytes = 200 // so many a map, in the mean: the smallest one, {}, stands for a whole Window
)

// decoder reads a run.json value by value, and checks each before the next: a
// few bytes of JSON can stand for a large Trial. So memory stays within a
// small multiple of the file's bytes, wherever they come from.
type decoder struct {
	in   bounded
	json *json.Decoder
	run  Run
}

// parse reads a run.json.
func parse(file io.ReadSeeker) (*Run, error) {
	d := &decoder{in: bounded{r: file}, run: Run{Trials: []Trial{}, Speedups: []Speedup{}, Verdicts: []Verdict{}}}
	d.json = json.NewDecoder(&d.in)
	err := d.read()
	if newer := d.newer(); newer != nil {
		return nil, newer
	}
	if err != nil {
		return nil, readable(err, file)
	}
	if d.run.Format < 1 {
		return nil, errors.New("not a result of plimsoll: there is no format in it")
	}
	return &d.run, d.run.Check()
}

// newer refuses a format of the future, whatever else there is to say of it.
func (d *decoder) newer() error {
	if d.run.Format <= Format {
		return nil
	}
	return fmt.Errorf("written in format %d by %s %s; this plimsoll reads up to format %d: use a newer one",
		d.run.Format, d.run.Tool.Name, d.run.Tool.Version, Format)
}

// read reads the whole of it: one map.
func (d *decoder) read() error {
	if err := d.open('{', "not a result of plimsoll"); err != nil {
		return err
	}
	seen := map[string]bool{}
	for d.json.More() {
		key, err := d.token("a name")
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if len(seen) > 1000 || seen[name] {
			return fmt.Errorf("%.40q is there twice, or there are too many names", name)
		}
		seen[name] = true
		if err := d.value(name); err != nil {
			return err
		}
	}
	if _, err := d.token("its end"); err != nil {
		return err
	}
	d.in.limit += 1 << 20
	if rest, err := d.json.Token(); err == nil {
		return fmt.Errorf("invalid character '%v' after top-level value", rest)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// value reads what belongs to a name. Names that this version does not know
// are passed over: a newer one may add some within a format.
func (d *decoder) value(name string) error {
	r := &d.run
	if r.Format > Format && name != "tool" {
		return d.skip(name)
	}
	switch name {
	case "trials":
		return each(d, "trial", MostTrials, r.add)
	case "speedups":
		return each(d, "speedup", MostTrials, func(s *Speedup) error { r.Speedups = append(r.Speedups, *s); return s.check() })
	case "verdicts":
		return each(d, "verdict", MostVerdicts, func(v *Verdict) error { r.Verdicts = append(r.Verdicts, *v); return v.check() })
	case "scaling":
		r.Scaling = []Scaling{}
		return each(d, "scaling", MostTrials, func(s *Scaling) error { r.Scaling = append(r.Scaling, *s); return s.check() })
	case "capacities":
		r.Capacities = []Capacity{}
		return each(d, "capacity", MostTrials, func(c *Capacity) error { r.Capacities = append(r.Capacities, *c); return c.check() })
	case "file":
		return d.field(name, maxTextBytes)
	case "format", "tool", "started", "seed", "exit", "trials_planned", "scenarios", "only", "machine", "pair", "tolerances", "calibration":
		return d.field(name, maxValueBytes)
	}
	return d.skip(name)
}

// add takes a trial in, if it can be trusted. One without an end is the last.
func (r *Run) add(t *Trial) error {
	if r.UnderWay != nil && r.UnderWay.place() != t.place() || len(r.Trials) == MostTrials {
		return fmt.Errorf("%s: only the last of a run that has not ended may be without an end", t.name())
	}
	if t.Ended == "" && t.Scenario != "" && r.Exit == UnderWay {
		r.UnderWay = t
		return nil
	}
	r.UnderWay = nil
	if err := t.trust(); err != nil {
		return err
	}
	r.Trials = append(r.Trials, *t)
	return nil
}

// field reads a value that is in Run by that name.
func (d *decoder) field(name string, most int64) error {
	raw, err := d.raw(name, most)
	if err != nil {
		return err
	}
	head := fmt.Sprintf("{%q:", name)
	text := append(append([]byte(head), raw...), '}')
	if err := json.Unmarshal(text, &d.run); err != nil {
		return at(err, d.json.InputOffset()-int64(len(raw)+len(head)))
	}
	return nil
}

// each reads a list and hands its elements on.
func each[T any](d *decoder, what string, most int, take func(*T) error) error {
	open, err := d.token("a list")
	if open == nil && err == nil { // null
		return nil
	}
	if err == nil && open != json.Delim('[') {
		err = fmt.Errorf("the %ss are no list", what)
	}
	for n := 1; err == nil && d.json.More(); n++ {
		if n > most {
			return fmt.Errorf("there are more than %d %ss: no run of ours has as many", most, what)
		}
		name := fmt.Sprintf("%s %d", what, n)
		raw, err := d.raw(name, maxTrialBytes)
		if err != nil {
			return err
		}
		var element T
		err = json.Unmarshal(raw, &element)
		if err == nil {
			err = take(&element)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err == nil {
		_, err = d.token("its end")
	}
	return err
}

// raw is the next value as it is written.
func (d *decoder) raw(what string, most int64) (raw json.RawMessage, err error) {
	d.in.limit = d.json.InputOffset() + most
	if err = d.json.Decode(&raw); errors.Is(err, errTooLong) || int64(len(raw)) > most {
		return nil, fmt.Errorf("%s takes more than %d bytes, more than any of ours", what, most)
	}
	if maps := int(most / mapBytes); most <= maxTrialBytes && bytes.Count(raw, []byte("{")) > maps {
		return nil, fmt.Errorf("%s holds more than %d maps, more than any of ours", what, maps)
	}
	return raw, err
}

// skip passes over a value, whatever its size.
func (d *decoder) skip(name string) error {
	for depth := 0; ; {
		token, err := d.token(name)
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		if depth > deepest {
			return fmt.Errorf("%.40q: lists and maps are nested more than %d deep", name, deepest)
		}
		if depth == 0 {
			return nil
		}
	}
}

// open reads the beginning of a list or map.
func (d *decoder) open(want json.Delim, otherwise string) error {
	token, err := d.token("it")
	if err == nil && token != want {
		return errors.New(otherwise)
	}
	return err
}

func (d *decoder) token(what string) (json.Token, error) {
	d.in.limit = d.json.InputOffset() + maxValueBytes
	token, err := d.json.Token()
	if errors.Is(err, errTooLong) {
		err = fmt.Errorf("%.40q holds a text of more than %d bytes, more than any of ours", what, maxValueBytes)
	}
	return token, err
}

// bounded reads up to a limit.
type bounded struct {
	r        io.Reader
	n, limit int64
}

// slack is how much a decoder may read ahead of what it needs.
const slack = 64 << 10

var errTooLong = errors.New("too long")

func (b *bounded) Read(p []byte) (int, error) {
	left := min(b.limit+slack, maxFileBytes) - b.n
	if left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(int64(len(p)), left)])
	b.n += int64(n)
	return n, err
}

// misplaced is an error of a value that begins at an offset of the file.
type misplaced struct {
	error
	from int64
}

func at(err error, from int64) error { return misplaced{err, from} }

func (m misplaced) Unwrap() error { return m.error }

// readable says where in the file the JSON goes wrong.
func readable(err error, file io.ReadSeeker) error {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
		value  misplaced
	)
	errors.As(err, &value)
	offset := int64(-1)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("unexpected end of JSON input")
	case errors.As(err, &syntax) && error(syntax) == err:
		offset = syntax.Offset
	case errors.As(err, &kind) && value.error != nil:
		offset = value.from + kind.Offset
	}
	if offset < 0 {
		return err
	}
	return fmt.Errorf("line %d: %s", lineAt(file, offset), strings.TrimPrefix(err.Error(), "json: "))
}

// lineAt is the line of a file that an offset lies in.
func lineAt(file io.ReadSeeker, offset int64) int {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0
	}
	line, piece := 1, make([]byte, 32<<10)
	for before := io.LimitReader(file, offset); ; {
		n, err := before.Read(piece)
		line += bytes.Count(piece[:n], []byte("\n"))
		if err != nil {
			return line
		}
	}
}
