package schedule

import "time"

// times are when users call next, the earliest at hand: a binary heap.
type times []turn

type turn struct {
	at   time.Duration
	user uint32
}

func (h *times) push(t turn) {
	*h = append(*h, t)
	s := *h
	i := len(s) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if s[parent].at <= t.at {
			break
		}
		s[i] = s[parent]
		i = parent
	}
	s[i] = t
}

func (h *times) pop() {
	s := *h
	last := len(s) - 1
	t := s[last]
	s = s[:last]
	*h = s
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && s[child+1].at < s[child].at {
			child++
		}
		if t.at <= s[child].at {
			break
		}
		s[i] = s[child]
		i = child
	}
	if last > 0 {
		s[i] = t
	}
}

// dropLast takes out a time that is not the earliest, if there are several.
func (h *times) dropLast() { *h = (*h)[:len(*h)-1] }
