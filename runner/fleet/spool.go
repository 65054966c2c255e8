package fleet

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// spool is a file in which an agent keeps what a share has recorded, until its
// coordinator has all of it: a line of JSON, and then each interval after its length.
// A nil one keeps nothing.
type spool struct{ file *os.File }

// Kept is what the first line of such a file says.
type Kept struct {
	Agent   string  `json:"agent"`
	Session string  `json:"coordinator"`
	Command Command `json:"order"`
}

// suffix is that of files with what no coordinator has taken.
const suffix = ".share"

// spoolFor begins one in a folder; none where there is no folder.
func spoolFor(folder, agent, session string, c Command) (*spool, error) {
	if folder == "" {
		return nil, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(folder, fmt.Sprintf("%s-%d-%d%s", session, c.Number, c.Share, suffix)), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	line, err := json.Marshal(Kept{agent, session, c})
	if err == nil {
		_, err = file.Write(append(line, '\n'))
	}
	s := &spool{file}
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// add keeps one more interval.
func (s *spool) add(recorded []byte) error {
	if s == nil {
		return nil
	}
	_, err := s.file.Write(append(binary.AppendUvarint(nil, uint64(len(recorded))), recorded...))
	return err
}

// seal ends the file, which stays, and tells its name.
func (s *spool) seal() (path string) {
	if s == nil {
		return ""
	}
	if s.file.Close() != nil {
		return ""
	}
	return s.file.Name()
}

// remove ends it when it is of no more use.
func (s *spool) remove() {
	if s == nil {
		return
	}
	_ = s.file.Close()
	_ = os.Remove(s.file.Name())
}

// ReadKept reads such a file: what was ordered, and the intervals as far as they are
// whole; one that was torn is the last.
func ReadKept(from io.Reader) (k Kept, intervals [][]byte, err error) {
	r := bufio.NewReaderSize(from, 64<<10)
	line, err := r.ReadSlice('\n')
	if err != nil || json.Unmarshal(line, &k) != nil || strings.TrimSpace(k.Agent) == "" {
		return k, nil, errors.New("it is no file that an agent has kept")
	}
	for {
		n, err := binary.ReadUvarint(r)
		if err != nil || n > mostMessage {
			return k, intervals, nil
		}
		one, err := io.ReadAll(io.LimitReader(r, int64(n)))
		if err != nil || uint64(len(one)) < n {
			return k, intervals, nil
		}
		intervals = append(intervals, one)
	}
}
