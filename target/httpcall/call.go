// Package httpcall is about what an HTTP step of a journey asks: how it is
// written, and the requests that become of it when its values are known, those
// of redirects too. It sends nothing; package wire and package http do.
package httpcall

import (
	"plimsoll/target/links"
	"plimsoll/target/setting"
	"plimsoll/target/stream"
	"plimsoll/target/template"
)

// Call is what one step asks. Its templates share Holes: argument i of a request
// is the value of reference i.
type Call struct {
	// Action is the step's action as it is written, "GET /products/${id}".
	Action  string
	Method  string
	URL     template.Template // a path, or a whole URL
	Query   []Pair
	Headers []Line
	Cookies []Pair
	Auth    *Auth // nil: none of its own
	Body    Body
	// Redirects is how many are followed.
	Redirects int
	// NoCookies tells that the cookies of answers are neither kept nor sent.
	NoCookies bool
	// AnyStatus tells that conditions judge the status, and `success` does not.
	AnyStatus bool
	// Trace tells that requests carry a traceparent.
	Trace bool
	// Stream is how the answer is read where it comes event by event; nil: it does
	// not.
	Stream *stream.Reading
	// Links make it the call of a page: what it asks for is its one argument, a
	// normal URL (package links), and where the answer leads is told. A redirect is
	// an answer like any other, which leads to one page. nil: it is none.
	Links *links.Reading
	Holes template.Holes
}

// Pair is a name and its value, in a query, a form or among cookies.
type Pair struct {
	Name  string
	Value template.Template
	Pos   setting.Pos // of the name
}

// Line is a line of the head.
type Line struct {
	Name  string
	Value template.Template
	Pos   setting.Pos // of the name
}

// Auth is who asks: NAME:PASSWORD where it is Basic, and else a bearer's token.
type Auth struct {
	Basic bool
	Text  template.Template
}

// Body is what is sent. At most one of its parts is there.
type Body struct {
	Kind Kind
	Text template.Template // of Text and JSON
	File []byte            // as it is
	Form []Pair
	// Parts are those of Multipart, and Boundary is what stands between them.
	Parts    []Part
	Boundary string
}

// Kind is how a body is written.
type Kind uint8

// Kinds of bodies.
const (
	Nothing Kind = iota
	Text
	File
	JSON
	Form
	Multipart
)

// Part is one of a multipart body: a value, or a file.
type Part struct {
	Name     string
	Value    template.Template
	File     []byte
	FileName string // not empty: it is a file
	Type     string // "": none for values, application/octet-stream for files
}

// Files are what of the body was read from files.
func (b *Body) Files() (all [][]byte) {
	if b.File != nil {
		all = append(all, b.File)
	}
	for _, p := range b.Parts {
		if p.File != nil {
			all = append(all, p.File)
		}
	}
	return all
}

// MostRedirects is how many redirects a step follows where it does not say.
const MostRedirects = 10

// Common is what a scenario says for all its steps.
type Common struct {
	Headers   []Line
	Auth      *Auth
	Redirects setting.At[int]
	Cookies   setting.At[bool] // whether they are kept; left out: they are
	Trace     string           // "w3c": requests name a trace; "": they do not
}
