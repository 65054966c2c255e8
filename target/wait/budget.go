package wait

import (
	"sync/atomic"
	"time"
)

// budget is what a waiting loop may spin: a share of one core, which it saves
// up while it sleeps.
type budget struct {
	share float64       // 0: nothing
	left  time.Duration // may still be spun
	seen  time.Duration // up to when left has been filled
	spun  atomic.Int64
}

// full is the budget that a wait begins with.
func full(share float64) budget { return budget{share: share, left: stretch} }

// mayspin fills the budget up to now and tells whether it lasts for a stretch.
// It saves up for at most 20 stretches, so that a long sleep buys no long spin.
func (b *budget) mayspin(now time.Duration) bool {
	if b.share <= 0 {
		return false
	}
	b.left = min(b.left+time.Duration(b.share*float64(now-b.seen)), 20*stretch)
	b.seen = now
	return b.left >= stretch
}

// pay takes a spin off the budget. What it overran is made up for before the
// next one.
func (b *budget) pay(spin time.Duration) {
	b.left -= spin
	b.spun.Add(int64(spin))
}

// Spun is how long waiting has spun so far.
func (b *budget) Spun() time.Duration { return time.Duration(b.spun.Load()) }
