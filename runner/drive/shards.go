package drive

import (
	"cmp"
	"errors"
	"runtime"
	"sync"
)

// RunAll carries the shards of one trial out side by side, each by a loop of
// its own, and merges what they have recorded into the first one's recorder.
// They share one Stop, which wakes the clocks of all. A shard that breaks ends
// the others.
//
// Go gets that many processors meanwhile, or where 0 is given as many as it
// has, but one more than there are loops: those that keep theirs while they
// wait leave none for the rest of the process otherwise.
func RunAll(shards []Loop, processors int) End {
	if processors == 0 {
		processors = max(runtime.GOMAXPROCS(0), len(shards)+1)
	}
	if processors != runtime.GOMAXPROCS(0) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
	}
	ends := make([]End, len(shards))
	var loops sync.WaitGroup
	for i := range shards[1:] {
		loops.Go(func() { ends[i+1] = shards[i+1].runOr(shards[0].Stop) })
	}
	ends[0] = shards[0].runOr(shards[0].Stop)
	loops.Wait()
	all := ends[0]
	for i, end := range ends[1:] {
		all.Interrupted = all.Interrupted || end.Interrupted
		all.Stopped = cmp.Or(all.Stopped, end.Stopped)
		all.Halted = max(all.Halted, end.Halted)
		all.At = max(all.At, end.At)
		all.Err = errors.Join(all.Err, end.Err)
		shards[0].Recorder.Merge(shards[i+1].Recorder.Interval)
	}
	return all
}

// runOr runs the loop, and ends others with it if it breaks.
func (l Loop) runOr(others *Stop) End {
	end := l.Run()
	if end.Err != nil {
		others.AtOnce()
	}
	return end
}
