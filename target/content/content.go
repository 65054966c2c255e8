// Package content undoes what Content-Encoding says was done to the body of an
// answer, as far as a limit: bodies come from foreign servers.
package content

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"
)

// TooLarge is the error of a body that is larger than the limit when it is
// decoded; what comes after that was not looked at.
var TooLarge = errors.New("the body is larger than that")

// Room is how much of a body as it came is kept where it may be so large when
// it is decoded: what does not become smaller becomes a little larger.
func Room(most int) int { return most + most/64 + 4<<10 }

// Decoder decodes bodies, one after the other, and uses its memory again. The
// zero Decoder is ready.
type Decoder struct {
	from  bytes.Reader
	zip   *gzip.Reader
	plain [2][]byte // two, where one coding lies in another
	turn  int
}

// Decode undoes the encodings, a list as in the header's lines, the last of which
// was applied last. The body is valid until the next one.
func (d *Decoder) Decode(body []byte, encodings string, most int) ([]byte, error) {
	for len(body) > 0 && encodings != "" {
		before, last := cut(encodings)
		if last != "" {
			var err error
			if body, err = d.undo(body, last, most); err != nil {
				return nil, err
			}
		}
		encodings = before
	}
	if len(body) > most {
		return nil, TooLarge
	}
	return body, nil
}

// mostCodings is how many codings may lie in each other. More than one is rare.
const mostCodings = 4

// Known tells what of the encodings cannot be undone; nil if all can.
func Known(encodings string) error {
	n := 0
	for encodings != "" {
		before, last := cut(encodings)
		switch strings.ToLower(last) {
		case "", "identity", "gzip", "x-gzip", "deflate":
		default:
			return fmt.Errorf("the body's Content-Encoding is %.40q, and only gzip and deflate can be looked into: ask for these in Accept-Encoding", last)
		}
		if encodings = before; last != "" {
			n++
		}
	}
	if n > mostCodings {
		return fmt.Errorf("the body's Content-Encoding names %d codings, more than anybody uses", n)
	}
	return nil
}

// cut takes the last encoding off a list.
func cut(list string) (before, last string) {
	at := strings.LastIndexByte(list, ',')
	return list[:max(at, 0)], strings.Trim(list[at+1:], " \t")
}

func (d *Decoder) undo(body []byte, encoding string, most int) ([]byte, error) {
	d.from.Reset(body)
	var (
		from io.Reader
		err  error
	)
	switch strings.ToLower(encoding) {
	case "identity":
		return body, nil
	case "gzip", "x-gzip":
		from, err = d.gunzip()
	default:
		from, err = d.inflate(body)
	}
	if err == nil {
		body, err = d.read(from, most)
	}
	if err != nil && err != TooLarge {
		err = fmt.Errorf("the body's Content-Encoding is %s, but that cannot be undone: %v", encoding, err)
	}
	return body, err
}

func (d *Decoder) gunzip() (io.Reader, error) {
	if d.zip == nil {
		d.zip = new(gzip.Reader)
	}
	return d.zip, d.zip.Reset(&d.from)
}

// inflate is for deflate, which means zlib's format (RFC 9110, 8.4.1.2), though
// some servers send the bare stream.
func (d *Decoder) inflate(body []byte) (io.Reader, error) {
	if len(body) >= 2 && body[0]&0x0f == 8 && (int(body[0])<<8|int(body[1]))%31 == 0 {
		return zlib.NewReader(&d.from)
	}
	return flate.NewReader(&d.from), nil
}

// read takes all that comes, unless it is more than the limit.
func (d *Decoder) read(from io.Reader, most int) ([]byte, error) {
	d.turn = 1 - d.turn
	plain := d.plain[d.turn][:0]
	defer func() { d.plain[d.turn] = plain }()
	for {
		if len(plain) == cap(plain) {
			plain = append(plain, 0)[:len(plain)]
		}
		n, err := from.Read(plain[len(plain):min(cap(plain), most+1)])
		plain = plain[:len(plain)+n]
		switch {
		case len(plain) > most:
			return nil, TooLarge
		case err == io.EOF:
			return plain, nil
		case err != nil:
			return nil, err
		}
	}
}
