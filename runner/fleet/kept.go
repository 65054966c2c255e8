package fleet

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"plimsoll/target/plain"
)

// Limits of what is believed of a file that was kept: bytes of its first line, trials,
// characters of a session, shares.
const (
	mostLine   = 16 << 10
	mostTrials = 100_000
	mostShares = 10_000
)

// keptFile is a file that an agent has kept, open for reading.
type keptFile struct {
	Kept
	file   *os.File
	orders map[string]int64 // where in the file the records of a trial begin, by its order
}

// openKept opens such a file, and finds the trials in it as far as it is whole: what
// was torn off at its end is left out.
func openKept(path string) (*keptFile, error) {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: it is no file that an agent has kept", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	k := &keptFile{file: file, orders: map[string]int64{}}
	if err = k.index(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

// index reads the first line, and where trials begin.
func (k *keptFile) index() error {
	if !hold(k.file) {
		return errors.New("an agent still records into it, or hands it over")
	}
	r := &records{from: bufio.NewReaderSize(k.file, mostLine)}
	line, err := r.from.ReadSlice('\n')
	if err != nil || json.Unmarshal(line, &k.Kept) != nil {
		return errors.New("it is no file that an agent has kept")
	}
	if err := k.check(); err != nil {
		return fmt.Errorf("it is no file that an agent has kept: %w", err)
	}
	for r.at = int64(len(line)); len(k.orders) < mostTrials; {
		about, body, ok := r.next()
		if !ok {
			return nil
		}
		if about == ordersTrial && json.Valid(body) {
			k.orders[string(body)] = r.at
		}
	}
	return nil
}

// check tells what cannot be of it, whoever has written it.
func (k *Kept) check() error {
	switch {
	case k.Format != keptFormat:
		return fmt.Errorf("its format is %d, and %d is read here", k.Format, keptFormat)
	case k.Session == "" || plain.Clip(k.Session, mostWords) != k.Session || len(k.Session) > mostWords:
		return errors.New("it names no coordinator")
	case len(k.Plan) > 2*mostWords || len(k.Program) > mostWords:
		return errors.New("its plan or its version is none")
	case k.Shares < 1 || k.Shares > mostShares || k.Share < 0 || k.Share >= k.Shares:
		return fmt.Errorf("it is share %d of %d", k.Share, k.Shares)
	}
	if y := k.Began.Year(); y < 2000 || y > 9000 {
		return errors.New("it does not tell when it began")
	}
	k.File = plain.Clip(k.File, mostName)
	in := introduction{Name: k.Agent, Machine: k.Machine}
	err := in.check()
	k.Machine = in.Machine
	return err
}

// of are the records of a trial; nil: there are none.
func (k *keptFile) of(order []byte) *records {
	at, ok := k.orders[string(order)]
	if !ok {
		return nil
	}
	return &records{from: bufio.NewReader(io.NewSectionReader(k.file, at, 1<<62)), at: at}
}

// records reads one after another.
type records struct {
	from *bufio.Reader
	at   int64 // where the next one begins
}

// next is the next one; false: there is none that is whole.
func (r *records) next() (about byte, body []byte, ok bool) {
	var head [recordHead]byte
	if _, err := io.ReadFull(r.from, head[:]); err != nil {
		return 0, nil, false
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > mostMessage {
		return 0, nil, false
	}
	all, err := io.ReadAll(io.LimitReader(r.from, int64(n)))
	if err != nil || len(all) < int(n) {
		return 0, nil, false
	}
	sum := crc32.Update(crc32.Checksum(head[8:], castagnoli), castagnoli, all)
	r.at += recordHead + int64(n)
	return head[8], all, sum == binary.LittleEndian.Uint32(head[4:])
}

// keptIn opens what is kept in a folder: of each plan the shares of the run that began
// last, and tells why files are left out.
func keptIn(folder string) (all []*keptFile, left []string) {
	paths, _ := filepath.Glob(filepath.Join(globbed(folder), "*"+suffix))
	last := map[string]*keptFile{}
	for _, path := range paths {
		k, err := openKept(path)
		if err != nil {
			left = append(left, err.Error())
			continue
		}
		all = append(all, k)
		if of := last[k.Plan]; of == nil || of.Session != k.Session && k.Began.After(of.Began) {
			last[k.Plan] = k
		}
	}
	return slices.DeleteFunc(all, func(k *keptFile) bool {
		older := last[k.Plan].Session != k.Session
		if older {
			left = append(left, fmt.Sprintf("%s: it is of a run that began at %s, and a later one is handed over first", k.file.Name(), k.began()))
			_ = k.file.Close()
		}
		return older
	}), left
}

// globbed is a folder as a pattern that stands for itself.
func globbed(folder string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(folder)
}

// began is when, as people read it.
func (k *Kept) began() string { return k.Began.Local().Format(time.DateTime) }
