package grpc

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile/reporter"
	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/client"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/setting"
	"plimsoll/target/sim"
	"plimsoll/target/template"
)

// Action is how methods are called in a step.
func Action() kind.Action {
	a := action()
	a.Keys = append(a.Keys, kind.Keyed("metadata", "Keys of metadata and their values, which go with the call besides those of the target.", metadata()))
	return a
}

// action is Action without metadata, which are a setting of the target's.
func action() kind.Action {
	return kind.Action{
		Word: Word, Sort: "a call of gRPC",
		Doc:   "The method to call: package.Service/Method.",
		Shape: kind.Untyped(methodName()),
		Keys:  []kind.Key{kind.Keyed("message", "The message to send, as JSON has it: a map, or a text. Default: an empty one.", messageShape())},
		Call: func(r *setting.Reader, w *kind.Written) (kind.Call, bool) {
			c := &Call{rpc: kind.Value[string](w, Word), pos: w.At(Word).Pos, messagePos: w.At(Word).Pos}
			if said := w.At("message"); said.Given {
				c.messagePos = said.Pos
				c.message = c.holes.Add(kind.Value[template.Template](w, "message"))
			} else {
				c.message, _ = c.holes.Parse("{}")
			}
			for _, f := range kind.Value[[]Field](w, "metadata") {
				c.metadata = append(c.metadata, Field{f.Name, c.holes.Add(f.Value)})
			}
			if text := c.json(nil, c.sample()); !json.Valid(text) {
				r.Problem(c.messagePos, `the message is no JSON: write a map, {name: "${name}"}, or a text such as '{"name": "${name}"}'`)
				return nil, false
			}
			return c, true
		},
	}
}

// spelled is package.Service/Method.
var spelled = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*/[A-Za-z_]\w*$`)

func methodName() setting.Shape[string] {
	return setting.Where(setting.Text("a method such as shop.Carts/Add"), func(text string) error {
		switch plain := strings.TrimPrefix(text, "/"); {
		case spelled.MatchString(text):
			return nil
		case spelled.MatchString(plain):
			return fmt.Errorf("a method has no slash in front: write %s", plain)
		case !strings.Contains(text, "/") && strings.Contains(text, "."):
			at := strings.LastIndexByte(text, '.')
			return fmt.Errorf("a method stands behind a slash: write %s/%s", text[:at], text[at+1:])
		}
		return fmt.Errorf("%.60q is no method: write package.Service/Method, such as shop.Carts/Add", text)
	})
}

// messageShape is a map, or a text of JSON.
func messageShape() setting.Shape[template.Template] {
	return setting.Either(`a message: a map, or a text of JSON`, setting.Forms[template.Template]{
		Scalar: template.Shape("a message in JSON"), Map: template.JSON(), List: template.JSON(),
	})
}

// metadata are keys and their values, several of a key as a list.
func metadata() setting.Shape[[]Field] {
	entries := setting.Map("metadata", setting.OneOrMore(template.Shape("a value")))
	return setting.Secret(setting.Complete(entries, func(r *setting.Reader, _ setting.Pos, all []setting.Entry[setting.Several[template.Template]]) (list []Field, ok bool) {
		ok = true
		for _, e := range all {
			if err := checkField(e.Key); err != nil {
				r.Problem(e.Pos, "%v", err)
				ok = false
			}
			for _, v := range e.Value.Values() {
				if text, constant := v.Constant(); constant {
					if _, err := spell(e.Key, []byte(text)); err != nil {
						r.Problem(e.Pos, "%v", err)
						ok = false
					}
				}
				list = append(list, Field{e.Key, v})
			}
		}
		return list, ok
	}))
}

// operand is a place in a message.
func operand(like string) setting.Shape[look.Operand] {
	read := func(text string) (look.Operand, error) {
		o, err := look.Parse(text)
		if err == nil && o.Word() != "json" {
			err = fmt.Errorf("messages have no %s: write a place in their JSON, such as %s", o.Word(), like)
		}
		return o, err
	}
	return setting.Parsed("a place in a message such as "+like, read, func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string"}
	})
}

// written is the target as it stands in a file.
type written struct {
	address         setting.At[string]
	serve           setting.At[sim.Settings]
	schema          setting.At[string]
	metadata        setting.At[[]Field]
	streams         int
	content, tokens setting.At[look.Operand]
	client          client.Settings
}

// Shape is how a scenario file spells the target.
func Shape() setting.Shape[kind.Settings] {
	fields := slices.Concat([]setting.Field[written]{
		setting.Key("address", "Where the server is: HOST:PORT.", setting.Secret(setting.Located(setting.Text("HOST:PORT"))), func(w *written) *setting.At[string] { return &w.address }),
		setting.Key("serve", "Starts plimsoll's own server on 127.0.0.1 for this run, instead of `address`, with the delays of this model.", setting.Located(sim.Shape()), func(w *written) *setting.At[sim.Settings] { return &w.serve }),
		setting.Key("schema", "Where methods are described: reflection (default; the server is asked), NAME.proto, or NAME.protoset (a FileDescriptorSet).", setting.Located(setting.Text("reflection, NAME.proto or NAME.protoset")), func(w *written) *setting.At[string] { return &w.schema }),
		setting.Key("metadata", "Keys of metadata and their values, which go with every call. The value of a key that ends in -bin is any bytes.", setting.Located(metadata()), func(w *written) *setting.At[[]Field] { return &w.metadata }),
		setting.Key("streams", "The most calls at once on one connection. Default: 100, or as many as the server lets.", setting.Count(1, 1_000_000), func(w *written) *int { return &w.streams }),
		setting.Key("content", "Of a stream: what a message must have, and not empty, to count as an event, such as json.text. Default: every message counts.", setting.Located(operand("json.text")), func(w *written) *setting.At[look.Operand] { return &w.content }),
		setting.Key("tokens", "Of a stream: where messages tell how many tokens there have been, such as json.usage.tokens. Default: nobody counts tokens.", setting.Located(operand("json.usage.tokens")), func(w *written) *setting.At[look.Operand] { return &w.tokens }),
	}, client.Fields(func(w *written) *client.Settings { return &w.client }))
	return kind.Target("a grpc target", action(), func(r *setting.Reader, at setting.Pos, w written, own kind.Call) (kind.Settings, bool) {
		return w.settings(r, at, own)
	}, fields...)
}

// settings fills the defaults in, and checks what one key alone cannot show.
func (w written) settings(r *setting.Reader, at setting.Pos, own kind.Call) (kind.Settings, bool) {
	ok := w.client.Complete(r, w.serve.Given)
	s := &Settings{Address: w.address.Value, Metadata: w.metadata.Value, Streams: w.streams, Settings: w.client, Scrub: r.Scrub}
	if w.content.Valid {
		s.Content = &w.content.Value
	}
	if w.tokens.Valid {
		s.Tokens = &w.tokens.Value
	}
	for _, f := range s.Metadata {
		if refs := f.Value.Refs(); len(refs) > 0 {
			r.Problem(refs[0].Pos, "the metadata of a target is the same for all calls, and ${%s} is not: write it in the metadata of a step", refs[0].Text)
			ok = false
		}
	}
	if w.serve.Given {
		s.Serve = &w.serve.Value
		ok = s.Serve.Served(r, w.serve.Pos) && ok
	}
	called := client.Called{Who: "a grpc target", Key: "address", Like: "HOST:PORT", Own: "plimsoll's own server", Address: w.address, Served: w.serve.Given}
	ok = called.Complete(r, at, func(text string) error { return client.CheckAddress(text, usualPort) }) && ok
	ok = s.describe(r, w) && ok
	if own != nil {
		s.Own = own.(*Call)
		ok = s.fits(r, s.Own) && ok
	}
	return s, ok
}

// usualPort is one that servers of gRPC often have.
const usualPort = 50051

// describe reads the schema, where it is a file.
func (s *Settings) describe(r *setting.Reader, w written) bool {
	at, name := w.schema.Pos, w.schema.Value
	switch {
	case w.schema.Given && w.serve.Given:
		r.Problem(at, "the server that serve starts is described by plimsoll itself: leave schema out")
		return false
	case w.serve.Given:
		var err error
		s.Schema.files, err = compileOwn()
		return err == nil
	case !w.schema.Given || name == "reflection":
		return true
	case !w.schema.Valid:
		return false
	}
	s.Schema.File = r.Path(name)
	extension := filepath.Ext(name)
	if !slices.Contains([]string{".proto", ".protoset", ".binpb", ".pb", ".desc"}, extension) {
		r.Problem(at, "%q is no schema: write reflection, or the name of a file, NAME.proto or NAME.protoset", name)
		return false
	}
	text, ok := r.File(at, name)
	if !ok {
		return false
	}
	var err error
	if extension == ".proto" {
		s.Schema.files, err = compile(s.Schema.File, text)
	} else {
		s.Schema.files, err = readSet(text)
	}
	if err != nil {
		r.Problem(at, "the schema %q cannot be used: %s", name, where(err))
	}
	return err == nil
}

// where is an error with its place in a .proto file.
func where(err error) string {
	var placed reporter.ErrorWithPos
	if errors.As(err, &placed) {
		at := placed.GetPosition()
		return fmt.Sprintf("%s:%d:%d: %v", filepath.Base(at.Filename), at.Line, at.Col, placed.Unwrap())
	}
	return err.Error()
}

// fits reports what is wrong with a call, as far as the schema is known.
func (s *Settings) fits(r *setting.Reader, c *Call) bool {
	if s.Schema.files == nil {
		return true
	}
	m, err := find(s.Schema.files, c.rpc)
	if err != nil {
		r.Problem(c.pos, "%v", err)
		return false
	}
	if err := c.check(m); err != nil {
		r.Problem(c.messagePos, "%v", err)
		return false
	}
	return true
}
