package httpcall

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"path/filepath"
	"strings"

	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// writtenBody is the keys that say what is sent, of which there is one at most.
type writtenBody struct {
	text  setting.At[template.Template]
	file  setting.At[string]
	json  setting.At[template.Template]
	form  setting.At[[]Pair]
	parts setting.At[[]writtenPart]
}

func bodyFields[T any](of func(*T) *writtenBody) []setting.Field[T] {
	return []setting.Field[T]{
		setting.Key("body", "The text to send.", setting.Located(template.Shape("the text to send")), func(t *T) *setting.At[template.Template] { return &of(t).text }),
		setting.Key("body_file", "The file to send, as it is.", setting.Located(setting.Text("the name of a file")), func(t *T) *setting.At[string] { return &of(t).file }),
		setting.Key("json", "Any value, to send as JSON. A value that is nothing but one variable keeps its type.", setting.Located(template.JSON()), func(t *T) *setting.At[template.Template] { return &of(t).json }),
		setting.Key("form", "The fields of a form: names and their values, or lists of values.", setting.Located(pairs("form")), func(t *T) *setting.At[[]Pair] { return &of(t).form }),
		setting.Key("multipart", "The fields and files of a form.", setting.Located(setting.List("multipart", "begin each part with a dash, `- {name: …, value: …}`", part())), func(t *T) *setting.At[[]writtenPart] { return &of(t).parts }),
	}
}

func (w *writtenBody) modifiers() []modifier {
	return []modifier{
		{"body", w.text.Given, w.text.Pos}, {"body_file", w.file.Given, w.file.Pos}, {"json", w.json.Given, w.json.Pos},
		{"form", w.form.Given, w.form.Pos}, {"multipart", w.parts.Given, w.parts.Pos},
	}
}

// read makes the body of what is written.
func (w *writtenBody) read(r *setting.Reader, holes *template.Holes) (Body, bool) {
	var given []modifier
	for _, m := range w.modifiers() {
		if m.given {
			given = append(given, m)
		}
	}
	if len(given) > 1 {
		r.Problem(given[1].pos, "%s and %s exclude each other, leave one of them out", given[0].name, given[1].name)
		return Body{}, false
	}
	switch {
	case w.text.Given:
		return Body{Kind: Text, Text: holes.Add(w.text.Value)}, true
	case w.file.Valid:
		content, ok := r.File(w.file.Pos, w.file.Value)
		return Body{Kind: File, File: content}, ok
	case w.json.Given:
		return Body{Kind: JSON, Text: holes.Add(w.json.Value)}, true
	case w.form.Given:
		b := Body{Kind: Form}
		for _, p := range w.form.Value {
			b.Form = append(b.Form, Pair{string(template.InForm.Append(nil, p.Name)), holes.Add(p.Value.Escaped(template.InForm)), p.Pos})
		}
		return b, true
	case w.parts.Given:
		return readParts(r, w.parts.Value, holes)
	}
	return Body{}, true
}

// writtenPart is a part of a multipart body as it is written.
type writtenPart struct {
	name  string
	value setting.At[template.Template]
	file  setting.At[string]
	media setting.At[string]
	pos   setting.Pos
}

func part() setting.Shape[writtenPart] {
	name := setting.Where(setting.Text("a name"), func(text string) error {
		if strings.ContainsFunc(text, control) {
			return fmt.Errorf("a name must be one line without control characters, found %q", text)
		}
		return nil
	})
	read := setting.Object("a part",
		setting.Key("name", "The field's name.", name, func(p *writtenPart) *string { return &p.name }).Required(),
		setting.Key("value", "What it holds.", setting.Located(template.Shape("a value")), func(p *writtenPart) *setting.At[template.Template] { return &p.value }),
		setting.Key("file", "The file that it holds, as it is.", setting.Located(setting.Text("the name of a file")), func(p *writtenPart) *setting.At[string] { return &p.file }),
		setting.Key("type", "The media type of what it holds. Default: that of the file's name.", setting.Located(setting.Text("a media type such as image/png")), func(p *writtenPart) *setting.At[string] { return &p.media }),
	)
	return setting.Complete(read, func(r *setting.Reader, at setting.Pos, p writtenPart) (writtenPart, bool) {
		if p.pos = at; p.value.Given == p.file.Given {
			r.Problem(at, "a part holds either a value or a file: write {name: %s, value: …} or {name: %[1]s, file: …}", p.name)
			return p, false
		}
		if p.media.Valid {
			if _, _, err := mime.ParseMediaType(p.media.Value); err != nil {
				r.Problem(p.media.Pos, "%q is no media type, such as image/png", p.media.Value)
				return p, false
			}
		}
		return p, true
	})
}

// readParts loads files. The boundary is made of all that is sent, so that it is
// the same each time, and nowhere in that.
func readParts(r *setting.Reader, written []writtenPart, holes *template.Holes) (Body, bool) {
	b, ok := Body{Kind: Multipart}, true
	sum := sha256.New()
	for _, w := range written {
		p := Part{Name: w.name, Type: w.media.Value}
		if w.file.Valid {
			content, loaded := r.File(w.file.Pos, w.file.Value)
			ok = ok && loaded
			p.File, p.FileName = content, filepath.Base(w.file.Value)
			if p.Type == "" {
				p.Type = typeOf(p.FileName)
			}
		} else {
			p.Value = holes.Add(w.value.Value)
		}
		_, _ = fmt.Fprintf(sum, "%q %q %q ", p.Name, p.Value.String(), p.FileName)
		_, _ = sum.Write(p.File)
		b.Parts = append(b.Parts, p)
	}
	b.Boundary = "plimsoll-" + hex.EncodeToString(sum.Sum(nil)[:16])
	return b, ok
}

// types are the media types of files' names, the same on every machine.
var types = map[string]string{
	".csv": "text/csv", ".gif": "image/gif", ".html": "text/html; charset=utf-8", ".jpeg": "image/jpeg", ".jpg": "image/jpeg",
	".json": "application/json", ".pdf": "application/pdf", ".png": "image/png", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
	".webp": "image/webp", ".xml": "text/xml; charset=utf-8", ".zip": "application/zip",
}

func typeOf(file string) string {
	if known := types[strings.ToLower(filepath.Ext(file))]; known != "" {
		return known
	}
	return "application/octet-stream"
}
