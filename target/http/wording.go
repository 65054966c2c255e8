package http

import (
	"bytes"
	"net"
	"slices"
	"sync"

	"plimsoll/target/http1"
)

// wording is a connection of HTTP/1.1 on which net/http's requests go out in
// our words: with the head that we have prepared, whose names keep their case
// and their order, in place of net/http's. The rest is as net/http has it,
// but for a body that the server was asked about (Expect: 100-continue) and
// did not want.
type wording struct {
	net.Conn

	mu       sync.Mutex
	head     []byte // in place of the one that comes next; nil: that is through
	ending   int    // how much of the end of net/http's head has come
	answer   http1.Parser
	asks     bool // its body waits to be asked for
	asking   bool // it is under way, and the server has neither asked nor answered
	unwanted bool // it has answered: the body goes nowhere, nor does another request
}

// word puts a new connection into our words.
func word(c net.Conn, mostHead int) *wording {
	return &wording{Conn: c, answer: http1.New(http1.Limits{Head: mostHead})}
}

// next prepares for a request.
func (w *wording) next(r *request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.head, w.ending, w.asks, w.asking, w.unwanted = r.head, 0, r.asks, false, false
	if r.asks {
		w.answer.Reset(false)
	}
}

// spent tells whether no more requests may go out.
func (w *wording) spent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unwanted
}

// Write takes what net/http writes, and tells it how much of that is done with.
func (w *wording) Write(b []byte) (int, error) {
	ours := w.reword(b)
	if len(ours) == 0 {
		return len(b), nil
	}
	n, err := w.Conn.Write(ours)
	return max(0, len(b)-(len(ours)-n)), err
}

// reword is what goes out in place of b.
func (w *wording) reword(b []byte) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	body := b
	if w.head != nil {
		if body = w.pass(b); w.ending < len(headEnd) {
			return nil
		}
	}
	switch head := w.head; {
	case head != nil:
		w.head, w.asking = nil, w.asks && len(body) == 0
		if len(body) > 0 {
			head = slices.Concat(head, body)
		}
		return head
	case w.unwanted:
		return nil
	}
	w.asking = false // net/http has stopped waiting
	return body
}

var headEnd = []byte("\r\n\r\n")

// pass is what of b comes after net/http's head, as far as that has come.
func (w *wording) pass(b []byte) []byte {
	if w.ending == 0 {
		if end := bytes.Index(b, headEnd); end >= 0 {
			w.ending = len(headEnd)
			return b[end+len(headEnd):]
		}
	}
	for i, c := range b {
		switch c {
		case headEnd[w.ending]:
			w.ending++
		case '\r':
			w.ending = 1
		default:
			w.ending = 0
		}
		if w.ending == len(headEnd) {
			return b[i+1:]
		}
	}
	return nil
}

// Read overhears whether the server asks for the body.
func (w *wording) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asking && n > 0 {
		_, _, fault := w.answer.Feed(b[:n])
		w.unwanted = fault != nil || w.answer.HeadDone()
		w.asking = !w.unwanted && !w.answer.Continued
	}
	return n, err
}
