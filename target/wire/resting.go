package wire

// resting are the connections that can take a call: one pool for all users, or one
// for each. The one used last is the last.
type resting[C rester] struct {
	all   []C
	users map[uint32]*[]C // nil: they share all
}

// rester is a connection that knows its place in its pool.
type rester interface {
	comparable
	stands() *int
}

// berth is that place.
type berth struct{ at int }

func (b *berth) stands() *int { return &b.at }

// perUser has each user have a pool of its own.
func (i *resting[C]) perUser() { i.users = map[uint32]*[]C{} }

// pool is that of a user, who is there from then on.
func (i *resting[C]) pool(user uint32) *[]C {
	if i.users == nil {
		return &i.all
	}
	return i.own(user)
}

// own is the pool of a user who has one alone.
func (i *resting[C]) own(user uint32) *[]C {
	p := i.users[user]
	if p == nil {
		p = new([]C)
		i.users[user] = p
	}
	return p
}

// keep adds a connection to a user's pool, unless the user has left.
func (i *resting[C]) keep(user uint32, c C) bool {
	p := &i.all
	if i.users != nil {
		if p = i.users[user]; p == nil {
			return false
		}
	}
	*c.stands() = len(*p)
	*p = append(*p, c)
	return true
}

// dismiss takes a connection out of a user's pool that takes no call any more, if it is
// there. The one used last takes its place, so that it takes no longer where thousands
// go at once.
func (i *resting[C]) dismiss(user uint32, c C) {
	p := &i.all
	if i.users != nil {
		if p = i.users[user]; p == nil {
			return // the user has left
		}
	}
	at, last := *c.stands(), len(*p)-1
	if at > last || (*p)[at] != c {
		return
	}
	moved := (*p)[last]
	(*p)[at], *moved.stands() = moved, at
	clear((*p)[last:])
	*p = (*p)[:last]
}

// leave are the connections that a user leaves behind.
func (i *resting[C]) leave(user uint32) []C {
	p := i.users[user]
	if p == nil {
		return nil
	}
	delete(i.users, user)
	return *p
}
