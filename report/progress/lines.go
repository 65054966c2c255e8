package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// linePause is the time between two lines.
const linePause = 5 * time.Second

// lines prints a plain line at every tick.
type lines struct {
	w    io.Writer
	mu   sync.Mutex // of w
	read func() state
	stop chan struct{}
	done chan struct{}
	halt func()
}

func newLines(w io.Writer, read func() state, tick <-chan time.Time, halt func()) *lines {
	l := &lines{w: w, read: read, stop: make(chan struct{}), done: make(chan struct{}), halt: halt}
	go func() {
		defer close(l.done)
		for {
			select {
			case <-tick:
				l.note(line(l.read()))
			case <-l.stop:
				return
			}
		}
	}()
	return l
}

// line is where the run stands.
func line(s state) string {
	if s.over {
		return fmt.Sprintf("%d of %d trials have ended", s.ended, s.total)
	}
	text := fmt.Sprintf("trial %d of %d", min(s.ended+1, s.total), s.total)
	if s.name != "" {
		text += ": " + s.name
	}
	if s.samples > 0 {
		text += ": " + s.figures()
	}
	return text
}

func (l *lines) visible()   {}
func (l *lines) ended(bool) {}

func (l *lines) note(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.w, line) // progress that nobody can read is no reason to stop
}

func (l *lines) close() {
	l.halt()
	close(l.stop)
	<-l.done
}
