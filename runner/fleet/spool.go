package fleet

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"time"

	"plimsoll/runner/result"
)

// spool is the file in which an agent keeps what its share of a run has recorded, until
// the coordinator has written the result: a line of JSON, and then one record after
// another, each with its length and its sum. A nil one keeps nothing.
type spool struct {
	path string
	file *os.File // nil: nothing is added to it any more
	some bool     // something was recorded
}

// Kept is what the first line of such a file says.
type Kept struct {
	Format  int            `json:"format"`
	Agent   string         `json:"agent"`
	Machine result.Machine `json:"machine"`
	// Session is the coordinator's that has planned the run, and Began when the agent
	// was first asked to carry a share of it out, by its own time of day.
	Session string    `json:"coordinator"`
	Began   time.Time `json:"began"`
	// Program is the version of whoever recorded it, and File the name of the scenario
	// file; Plan tells plans from others: see Plan.sum.
	Program string `json:"program"`
	File    string `json:"file"`
	Plan    string `json:"plan"`
	// Share is which of the Shares it is.
	Share  int `json:"share"`
	Shares int `json:"shares"`
}

// keptFormat is the version of these files.
const keptFormat = 1

// suffix is that of files with what no coordinator has taken.
const suffix = ".share"

// What records are about.
const (
	ordersTrial byte = 'o' // the order of a trial
	recordsMore byte = 'i' // an interval of it
	endsTrial   byte = 'e' // how it has ended: keptEnd
)

// keptEnd is how a share of a trial has ended.
type keptEnd struct {
	Body []byte `json:"body,omitempty"`
	Why  string `json:"why,omitempty"` // it has failed
	Cut  string `json:"cut,omitempty"` // it was cut short, since there was no coordinator
}

// newSpool begins one in a folder, for its owner alone.
func newSpool(folder string, k Kept) (*spool, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	of := sha256.Sum256([]byte(k.Session)) // which is the coordinator's to choose
	path := filepath.Join(folder, fmt.Sprintf("%x-%d%s", of[:8], k.Share, suffix))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	s := &spool{path: path, file: file}
	line, err := json.Marshal(k)
	if err == nil {
		_, err = file.Write(append(line, '\n'))
	}
	if err == nil && !hold(file) {
		err = errors.New("somebody else has locked it")
	}
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// add adds a record: its length, CRC-32C of all that follows, what it is about, and
// its body. Where the disk takes no more, the file is over, and whatever was torn off
// at its end is found by the sum.
func (s *spool) add(about byte, body []byte) error {
	if s == nil || s.file == nil {
		return nil
	}
	record := make([]byte, recordHead, recordHead+len(body))
	record[8] = about
	record = append(record, body...)
	binary.LittleEndian.PutUint32(record, uint32(len(body)))
	binary.LittleEndian.PutUint32(record[4:], crc32.Checksum(record[8:], castagnoli))
	s.some = s.some || about != ordersTrial
	_, err := s.file.Write(record)
	if err != nil {
		s.close()
	}
	return err
}

// recordHead is how many bytes stand before a record's body.
const recordHead = 9

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// end adds how a share of a trial has ended.
func (s *spool) end(e keptEnd) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.add(endsTrial, body)
}

// seal ends the file, and tells where what was recorded stays; "": nothing was.
func (s *spool) seal() (path string) {
	if s == nil {
		return ""
	}
	if !s.some {
		s.remove()
		return ""
	}
	s.close()
	return s.path
}

func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close()
		s.file = nil
	}
}

// remove ends it when it is of no more use.
func (s *spool) remove() {
	if s == nil {
		return
	}
	s.close()
	_ = os.Remove(s.path)
}
