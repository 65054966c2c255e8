package uring

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// buffers are what is received into: the kernel takes the next one whenever
// something comes. Memory that nothing has come to yet takes none of the machine's.
type buffers struct {
	ring   []byte // where they are offered
	offers []offer
	tail   uint16
	memory []byte
	each   int
}

// offer is struct io_uring_buf.
type offer struct {
	address uint64
	size    uint32
	id      uint16
	tail    uint16 // in the first one: of all
}

// Provide gives the kernel so many buffers of that size, a power of two of them.
func (r *Ring) Provide(count, size int) (err error) {
	b := &r.buffers
	const anonymous = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS
	if b.ring, err = unix.Mmap(-1, 0, count*int(unsafe.Sizeof(offer{})), unix.PROT_READ|unix.PROT_WRITE, anonymous); err != nil {
		return fmt.Errorf("io_uring: buffers: %w", err)
	}
	if b.memory, err = unix.Mmap(-1, 0, count*size, unix.PROT_READ|unix.PROT_WRITE, anonymous); err != nil {
		return fmt.Errorf("io_uring: buffers: %w", err)
	}
	where := struct {
		address      uint64
		count        uint32
		group, flags uint16
		_            [3]uint64
	}{address: uint64(uintptr(unsafe.Pointer(&b.ring[0]))), count: uint32(count)}
	if errno := r.register(registerBuffers, unsafe.Pointer(&where), 1); errno != 0 {
		return fmt.Errorf("io_uring_register: buffers: %w", errno)
	}
	b.offers, b.each = unsafe.Slice((*offer)(unsafe.Pointer(&b.ring[0])), count), size
	for id := range count {
		r.Return(uint16(id))
	}
	return nil
}

// Bytes are the first n of a buffer.
func (r *Ring) Bytes(id uint16, n int) []byte {
	at := int(id) * r.each
	return r.memory[at : at+n : at+n]
}

// Return gives a buffer back. The kernel looks when it is entered, and not before: so
// plain stores do.
func (r *Ring) Return(id uint16) {
	b := &r.buffers
	o := &b.offers[int(b.tail)&(len(b.offers)-1)]
	o.address, o.size, o.id = uint64(uintptr(unsafe.Pointer(&b.memory[int(id)*b.each]))), uint32(b.each), id
	b.tail++
	b.offers[0].tail = b.tail
}
