package progress

import (
	"fmt"
	"io"
	"sync"

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
}

func newBars(w io.Writer, read func() state, options ...mpb.ContainerOption) *bars {
	b := &bars{container: mpb.New(append(options, mpb.WithOutput(w))...), read: read}
	b.run = b.add(state.overall,
		mpb.PrependDecorators(decor.Name("run ", decor.WCSyncWidthR)),
		mpb.AppendDecorators(
			b.text(func(s state) string { return fmt.Sprintf(" %d/%d trials  ", s.ended, s.total) }),
			decor.Elapsed(decor.ET_STYLE_GO)))
	return b
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
		mpb.PrependDecorators(b.text(func(s state) string { return cut(s.name) + " " }, decor.WCSyncWidthR)),
		mpb.AppendDecorators(b.text(func(s state) string { return " " + s.figures() })))
}

func (b *bars) ended(shown bool) {
	if !shown {
		b.drop()
	}
}

// cut shortens a name, so that a narrow terminal has room for the figures.
func cut(name string) string {
	const longest = 36
	if runes := []rune(name); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return name
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
