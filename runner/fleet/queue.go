package fleet

import "sync"

// Limits of what a coordinator keeps of its agents' words: of all the intervals that
// wait to be merged, which each agent has the same part of, and of how a share ended.
const (
	mostHeld = 128 << 20
	mostEnd  = 1 << 20
)

// room tells whether there is any for a frame of a member's. Where there is none its
// agent keeps it, and sends it again: so a merge that does not keep up, or stands still,
// costs memory at the agents, and theirs goes on as they have some. A message that is
// longer than a member's part finds room when nothing else of that member's waits: one
// of a frame at once, longer ones one after the other. So all of them take no more than
// mostHeld, a frame each, and one message.
func (c *Coordinator) room(m *member, f frame) bool {
	held := m.held.Load()
	switch {
	case held+int64(len(m.pipe.parts)+len(f.body)) <= mostHeld/int64(c.Agents):
		return true
	case held > 0:
		return false
	case !f.More && m.pipe.parts == nil:
		return true
	case c.long == nil:
		c.long = m
	}
	return c.long == m
}

// queue hands over what must never wait for whoever takes it. What is in it is bounded
// by whoever fills it: of intervals there is no more than there is room for.
type queue[T any] struct {
	mu     sync.Mutex
	filled *sync.Cond
	all    []T
}

func newQueue[T any]() *queue[T] {
	q := &queue[T]{}
	q.filled = sync.NewCond(&q.mu)
	return q
}

func (q *queue[T]) push(one T) {
	q.mu.Lock()
	q.all = append(q.all, one)
	q.mu.Unlock()
	q.filled.Signal()
}

func (q *queue[T]) pop() (one T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.all) == 0 {
		q.filled.Wait()
	}
	var none T
	one, q.all[0] = q.all[0], none // its memory goes with it
	q.all = q.all[1:]
	return one
}
