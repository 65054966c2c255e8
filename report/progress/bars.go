package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/vbauerster/cupwriter"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// bars are one for the run and, once a trial lasts, one for the trial, below
// it. The trial's bar stays from one lasting trial to the next, so that it
// does not flicker. mpb redraws them by itself, from the state.
type bars struct {
	container *mpb.Progress
	run       *mpb.Bar
	read      func() state

	mu    sync.Mutex
	trial *mpb.Bar // nil while there is none

	longest atomic.Int64 // name shown so far, in characters
}

func newBars(w io.Writer, read func() state, options ...mpb.ContainerOption) *bars {
	options = append([]mpb.ContainerOption{mpb.WithConsoleWriter(console(w))}, options...)
	b := &bars{container: mpb.New(options...), read: read}
	b.run = b.add(state.overall,
		mpb.PrependDecorators(decor.Any(b.runName, decor.WCSyncWidthR)),
		mpb.AppendDecorators(
			b.text(func(s state) string { return fmt.Sprintf(" %d/%d trials  ", s.ended, s.total) }),
			decor.Elapsed(decor.ET_STYLE_GO)))
	return b
}

// console writes to a terminal from the left edge: what is typed meanwhile, as
// the ^C that interrupts a run, moves the cursor off it, and what stands to its
// left would escape the clearing of the bars.
func console(w io.Writer) *cupwriter.Writer {
	c := cupwriter.New(leftEdge{w}, false)
	if f, ok := w.(*os.File); ok {
		c.SetTermFd(int(f.Fd()))
	}
	return c
}

type leftEdge struct{ io.Writer }

func (w leftEdge) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(append([]byte{'\r'}, p...))
	return max(0, n-1), err
}

// barWidth is the width of the bars themselves, in columns.
const barWidth = 30

// text is a decorator that reads the state at every redrawing.
func (b *bars) text(of func(state) string, columns ...decor.WC) decor.Decorator {
	return decor.Any(func(decor.Statistics) string { return of(b.read()) }, columns...)
}

// add adds a bar that is as full as the state says. Its length is never
// mpb's: that would complete a bar by itself, and a completed one is gone. It
// is nil after close.
func (b *bars) add(share func(state) (float64, bool), options ...mpb.BarOption) *mpb.Bar {
	style := mpb.BarStyle().Lbound("").Filler("━").Tip("━").Padding("─").Rbound("").Build()
	bar, _ := b.container.Add(0, mpb.BarFillerFunc(func(w io.Writer, stat decor.Statistics) error {
		const fine = 1000
		part, _ := share(b.read())
		stat.Current, stat.Total = int64(part*fine), fine
		return style.Fill(w, stat)
	}), append(options, mpb.BarWidth(barWidth))...)
	return bar
}

func (b *bars) visible() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trial != nil {
		return
	}
	b.trial = b.add(state.share,
		mpb.PrependDecorators(decor.Any(b.trialName, decor.WCSyncWidthR)),
		mpb.AppendDecorators(b.text(func(s state) string { return " " + s.figures() })))
}

// runName is as long as the longest name of a trial so far, so that the bars
// stay where they are when the next one is shorter, or there is none.
func (b *bars) runName(stat decor.Statistics) string {
	room := roomForName(stat.AvailableWidth, b.read().figures())
	return fmt.Sprintf("%-*s ", min(room, int(b.longest.Load())), "run")
}

func (b *bars) trialName(stat decor.Statistics) string {
	s := b.read()
	name := cut(s.name, roomForName(stat.AvailableWidth, s.figures()))
	b.longest.Store(max(b.longest.Load(), int64(utf8.RuneCountInString(name)))) // one goroutine draws
	return name + " "
}

func (b *bars) ended(shown bool) {
	if !shown {
		b.drop()
	}
}

// roomForName is what a line leaves for the trial's name beside a short bar
// and the figures, whose growing digits shall not make it jump.
func roomForName(width int, figures string) int {
	const shortBar, least, step = 10, 16, 8
	beside := (len(figures) + step) / step * step
	return max(least, width-shortBar-beside-4)
}

// cut takes from the middle of a name what is too long. It begins with the
// scenario and ends with the sweep's value and the repetition, which tell
// trials apart better than the end of a mode's name.
func cut(name string, longest int) string {
	runes := []rune(name)
	if len(runes) <= longest {
		return name
	}
	tail := longest / 2
	return string(runes[:longest-1-tail]) + "…" + string(runes[len(runes)-tail:])
}

// drop takes the trial's bar away.
func (b *bars) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trial != nil {
		b.trial.Abort(true)
		b.trial = nil
	}
}

func (b *bars) note(line string) {
	fmt.Fprintln(b.container, line)
}

func (b *bars) close() {
	b.drop()
	b.run.Abort(true)
	b.container.Wait() // would hang on a bar that was not aborted
}
