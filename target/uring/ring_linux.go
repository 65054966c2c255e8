package uring

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ring is an instance of io_uring.
type Ring struct {
	fd         int
	enter      uintptr // fd, or what stands for it on the thread that enters
	registered uintptr // flags of Enter that say so
	enabled    bool
	queues     []byte // the memory of both queues
	entries    []byte // of what is to be done

	asks  []Ask
	tail  uint32         // of the asks that have been made
	head  *atomic.Uint32 // of those that the kernel has taken
	told  *atomic.Uint32 // the tail as it knows it
	flags *atomic.Uint32
	dones []Done
	seen  *atomic.Uint32 // of the dones that we have taken
	there *atomic.Uint32 // of those that there are
	argument
	buffers
}

// argument is how long to wait: struct io_uring_getevents_arg, and what it points to.
type argument struct {
	mask    uint64
	size    uint32
	least   uint32
	timeout uint64
	span    unix.Timespec
}

// What io_uring_setup and its kin are told.
const (
	setupSize      = 1 << 3  // the number of dones is given
	setupDisabled  = 1 << 6  // it is enabled later
	setupSubmitAll = 1 << 7  // what is wrong with one ask is no reason to leave the others
	setupFlag      = 1 << 9  // the flags say when there is work
	setupSingle    = 1 << 12 // one thread enters it
	setupDefer     = 1 << 13 // and all work is done there: Linux 6.1

	featureOneMap    = 1 << 0
	featureNoDrop    = 1 << 1
	featureArgument  = 1 << 8
	featureSkip      = 1 << 11
	featureNoIowait  = 1 << 17
	featuresRequired = featureOneMap | featureNoDrop | featureArgument | featureSkip

	enterEvents     = 1 << 0
	enterArgument   = 1 << 3
	enterRegistered = 1 << 4
	enterNoIowait   = 1 << 7

	registerProbe   = 8
	registerEnable  = 12
	registerRings   = 20
	forgetRings     = 21
	registerBuffers = 22

	offsetQueues  = 0
	offsetEntries = 0x10000000

	flagOverflow = 1 << 1
	flagWork     = 1 << 2
)

// parameters are struct io_uring_params.
type parameters struct {
	asks, dones, flags, cpu, idle, features, workers uint32
	_                                                [3]uint32
	ask                                              struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	done struct {
		head, tail, mask, entries, overflow, dones, flags, _ uint32
		_                                                    uint64
	}
}

// New makes a ring for so many asks and dones at once, both powers of two. The error
// says what this kernel lacks, or that it forbids it.
func New(asks, dones uint32) (*Ring, error) {
	p := parameters{dones: dones, flags: setupSize | setupDisabled | setupSubmitAll | setupFlag | setupSingle | setupDefer}
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(asks), uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return nil, fmt.Errorf("io_uring_setup: %w", errno)
	}
	unix.CloseOnExec(int(fd))
	r := &Ring{fd: int(fd), enter: fd}
	err := r.open(&p)
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Ring) open(p *parameters) (err error) {
	if p.features&featuresRequired != featuresRequired {
		return errors.New("this kernel's io_uring lacks what is needed")
	}
	if err = r.probe(); err != nil {
		return err
	}
	size := max(int(p.ask.array+p.asks*4), int(p.done.dones)+int(p.dones)*int(unsafe.Sizeof(Done{})))
	if r.queues, err = unix.Mmap(r.fd, offsetQueues, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE); err != nil {
		return fmt.Errorf("io_uring: mmap: %w", err)
	}
	if r.entries, err = unix.Mmap(r.fd, offsetEntries, int(p.asks)*int(unsafe.Sizeof(Ask{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE); err != nil {
		return fmt.Errorf("io_uring: mmap: %w", err)
	}
	r.head, r.told, r.flags = r.word(p.ask.head), r.word(p.ask.tail), r.word(p.ask.flags)
	r.seen, r.there = r.word(p.done.head), r.word(p.done.tail)
	r.asks = unsafe.Slice((*Ask)(unsafe.Pointer(&r.entries[0])), p.asks)
	r.dones = unsafe.Slice((*Done)(unsafe.Pointer(&r.queues[p.done.dones])), p.dones)
	order := unsafe.Slice((*uint32)(unsafe.Pointer(&r.queues[p.ask.array])), p.asks)
	for i := range order {
		order[i] = uint32(i)
	}
	if p.features&featureNoIowait != 0 {
		r.registered |= enterNoIowait // who waits for a server does not wait for a disk
	}
	r.size = uint32(unsafe.Sizeof(uint64(0)))
	return nil
}

func (r *Ring) word(at uint32) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&r.queues[at]))
}

// probe asks whether the kernel knows the operations.
func (r *Ring) probe() error {
	var p struct {
		last, count uint8
		_           [14]uint8
		operations  [64]struct {
			code, _ uint8
			flags   uint16
			_       uint32
		}
	}
	if errno := r.register(registerProbe, unsafe.Pointer(&p), uint32(len(p.operations))); errno != 0 {
		return fmt.Errorf("io_uring_register: %w", errno)
	}
	for _, code := range []uint8{opNothing, opPoll, opCancel, opSend, opReceive} {
		if p.operations[code].flags&1 == 0 {
			return fmt.Errorf("this kernel's io_uring lacks operation %d", code)
		}
	}
	return nil
}

func (r *Ring) register(what uintptr, with unsafe.Pointer, count uint32) unix.Errno {
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), what, uintptr(with), uintptr(count), 0, 0)
	return errno
}

// slot is where a thread has a ring registered: struct io_uring_rsrc_update.
type slot struct {
	offset, _ uint32
	data      uint64
}

// Enabled tells whether a thread has the ring.
func (r *Ring) Enabled() bool { return r.enabled }

// Enable gives the ring to this thread, which the caller must have locked itself to:
// it alone may enter it from now on.
func (r *Ring) Enable() error {
	if errno := r.register(registerEnable, nil, 0); errno != 0 {
		return fmt.Errorf("io_uring_register: %w", errno)
	}
	r.enabled = true
	// A ring that is registered need not be looked up, which among many threads takes
	// a counter that all share. Without it each entry takes a little longer.
	update := slot{offset: ^uint32(0), data: uint64(r.fd)}
	if n, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), registerRings, uintptr(unsafe.Pointer(&update)), 1, 0, 0); errno == 0 && n == 1 {
		r.enter, r.registered = uintptr(update.offset), r.registered|enterRegistered
	}
	return nil
}

// Waits of Enter.
const (
	NotAtAll int64 = 0
	ForEver  int64 = -1
)

// Enter has the kernel take the asks, waits until something is done, for so many
// nanoseconds at the most, and does what is to be done by then. Where it is raw,
// Go's scheduler does not hear of it: this thread keeps its processor.
func (r *Ring) Enter(wait int64, raw bool) unix.Errno {
	r.told.Store(r.tail)
	var least, argument, size uintptr
	flags := enterEvents | r.registered
	if wait != NotAtAll {
		least = 1
	}
	if wait > 0 {
		r.span = unix.NsecToTimespec(wait)
		r.timeout = uint64(uintptr(unsafe.Pointer(&r.span)))
		flags, argument, size = flags|enterArgument, uintptr(unsafe.Pointer(&r.argument)), unsafe.Offsetof(r.argument.span)
	}
	call := unix.Syscall6
	if raw {
		call = unix.RawSyscall6
	}
	_, _, errno := call(unix.SYS_IO_URING_ENTER, r.enter, uintptr(r.tail-r.head.Load()), least, flags, argument, size)
	return errno
}

// Asked is how many asks the kernel has not taken yet.
func (r *Ring) Asked() int { return int(r.tail - r.head.Load()) }

// Waiting are those asks, to be looked at and made Nothing.
func (r *Ring) Waiting(f func(*Ask)) {
	for at := r.head.Load(); at != r.tail; at++ {
		f(&r.asks[at&uint32(len(r.asks)-1)])
	}
}

// Ask is room for another ask, zeroed; nil: there is none before the next Enter.
func (r *Ring) Ask() *Ask {
	if r.tail-r.head.Load() == uint32(len(r.asks)) {
		return nil
	}
	ask := &r.asks[r.tail&uint32(len(r.asks)-1)]
	r.tail++
	*ask = Ask{}
	return ask
}

// More tells whether there is something that only Enter can see to. It is no system
// call.
func (r *Ring) More() bool { return r.flags.Load()&(flagWork|flagOverflow) != 0 }

// Any tells whether anything is done.
func (r *Ring) Any() bool { return r.there.Load() != r.seen.Load() }

// Take takes what is done next, if there is any.
func (r *Ring) Take() (d Done, any bool) {
	at := r.seen.Load()
	if at == r.there.Load() {
		return d, false
	}
	d = r.dones[at&uint32(len(r.dones)-1)]
	r.seen.Store(at + 1)
	return d, true
}

// Close gives everything back, on the thread that has the ring, which would keep it
// where it is registered. What is being done is given up, soon afterwards.
func (r *Ring) Close() {
	if r.fd >= 0 {
		if r.registered&enterRegistered != 0 {
			_ = r.register(forgetRings, unsafe.Pointer(&slot{offset: uint32(r.enter)}), 1)
		}
		_ = unix.Close(r.fd)
		r.fd = -1
	}
	for _, memory := range []*[]byte{&r.queues, &r.entries, &r.buffers.memory, &r.buffers.ring} {
		if *memory != nil {
			_ = unix.Munmap(*memory)
			*memory = nil
		}
	}
}
