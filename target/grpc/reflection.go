package grpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"plimsoll/target/plain"
	"plimsoll/target/setting"
)

// schema knows methods.
type schema interface {
	method(rpc string) (*method, error)
}

// Schema is where methods are described.
type Schema struct {
	File  string // "": the server is asked (reflection)
	files *protoregistry.Files
}

// open is the schema of a target that is open.
func (s Schema) open(ctx context.Context, by asker, address string) schema {
	if s.files != nil {
		return known{s.files}
	}
	return &reflected{ctx: ctx, by: by, address: address, known: map[string]*protoregistry.Files{}}
}

// known is a schema that is there.
type known struct{ files *protoregistry.Files }

func (k known) method(rpc string) (*method, error) { return find(k.files, rpc) }

// asker sends a message to a method, and returns the message that answers, or the
// status where that is not OK.
type asker interface {
	ask(ctx context.Context, path string, message []byte) (answer []byte, is code, err error)
	// rest closes the connections that this took.
	rest()
}

// reflected is a schema that the server is asked for, by the service
// grpc.reflection (reflection.proto of gRPC's).
type reflected struct {
	ctx     context.Context
	by      asker
	address string
	known   map[string]*protoregistry.Files // by service
	alpha   bool                            // it is an old server
}

const (
	reflection      = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
	reflectionAlpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
	toReflect       = 10 * time.Second // that the server may take for all it knows of a service
	mostFiles       = 1000             // that a service may need
)

// Fields of the service's messages.
const (
	fileByName   = 3 // of requests
	fileBySymbol = 4
	listServices = 7
	descriptors  = 4 // of answers
	services     = 6
	refusal      = 7
)

// errNoReflection is of a server without that service.
var errNoReflection = errors.New("it has no reflection: name a file that does, schema: NAME.proto or NAME.protoset (bench: --schema NAME.proto)")

// refused is what a server says of what it does not know.
type refused string

func (r refused) Error() string { return fmt.Sprintf("it says %q", string(r)) }

func (r *reflected) method(rpc string) (*method, error) {
	service, _, _ := strings.Cut(rpc, "/")
	files := r.known[service]
	if files == nil {
		ctx, cancel := context.WithTimeout(r.ctx, toReflect)
		defer cancel()
		defer r.by.rest()
		var err error
		if files, err = r.ask(ctx, service); err != nil {
			return nil, err
		}
		r.known[service] = files
	}
	return find(files, rpc)
}

// ask is what the server tells of a service; what every server has alike (health)
// needs no telling.
func (r *reflected) ask(ctx context.Context, service string) (*protoregistry.Files, error) {
	set, err := r.collect(ctx, service)
	if err == nil {
		var files *protoregistry.Files
		if files, err = filesOf(set); err == nil {
			return files, nil
		}
	}
	if errors.Is(err, errNoReflection) {
		own, wrong := compileOwn()
		if wrong == nil && slices.Contains(servicesOf(own), service) {
			return own, nil
		}
	}
	if no := refused(""); errors.As(err, &no) {
		if names, wrong := r.list(ctx); wrong == nil && len(names) > 0 && !slices.Contains(names, service) {
			return nil, fmt.Errorf("%s has no service %s%s", r.address, service, setting.Suggest(service, names))
		}
	}
	return nil, fmt.Errorf("%s does not tell what %s is (reflection): %w", r.address, service, err)
}

// list asks for the names of all services.
func (r *reflected) list(ctx context.Context) (names []string, err error) {
	answer, err := r.question(ctx, listServices, "*")
	if err != nil {
		return nil, err
	}
	name := func(field protowire.Number, value []byte) error {
		if field == 1 {
			names = append(names, plain.Clip(string(value), 100))
		}
		return nil
	}
	err = eachField(answer, func(field protowire.Number, value []byte) error {
		if field != services {
			return nil
		}
		return eachField(value, func(field protowire.Number, value []byte) error {
			if field != 1 {
				return nil
			}
			return eachField(value, name)
		})
	})
	return names, err
}

// collect asks for the file that describes a service, and for all that it needs.
func (r *reflected) collect(ctx context.Context, service string) (*descriptorpb.FileDescriptorSet, error) {
	set, have := new(descriptorpb.FileDescriptorSet), map[string]bool{}
	take := func(field protowire.Number, what string) error {
		files, err := r.files(ctx, field, what)
		for _, f := range files {
			if !have[f.GetName()] {
				have[f.GetName()] = true
				set.File = append(set.File, f)
			}
		}
		if len(set.File) > mostFiles {
			return fmt.Errorf("it takes more than %d files to describe it", mostFiles)
		}
		return err
	}
	if err := take(fileBySymbol, service); err != nil {
		return nil, err
	}
	for i := 0; i < len(set.File); i++ {
		for _, needed := range set.File[i].Dependency {
			if have[needed] {
				continue
			}
			if err := take(fileByName, needed); err != nil {
				return nil, err
			}
			have[needed] = true // even where it has come under another name: it is not asked for again
		}
	}
	return set, nil
}

// files asks for files.
func (r *reflected) files(ctx context.Context, field protowire.Number, what string) ([]*descriptorpb.FileDescriptorProto, error) {
	answer, err := r.question(ctx, field, what)
	if err != nil {
		return nil, err
	}
	return readFiles(answer)
}

// question asks one.
func (r *reflected) question(ctx context.Context, field protowire.Number, what string) ([]byte, error) {
	question := protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), what)
	path := reflection
	if r.alpha {
		path = reflectionAlpha
	}
	answer, is, err := r.by.ask(ctx, path, question)
	switch {
	case is == unimplemented && !r.alpha:
		r.alpha = true
		return r.question(ctx, field, what)
	case is == unimplemented:
		return nil, errNoReflection
	}
	return answer, err
}

// readFiles reads an answer: the files in it, or why there are none.
func readFiles(answer []byte) (files []*descriptorpb.FileDescriptorProto, err error) {
	found := false
	err = eachField(answer, func(field protowire.Number, value []byte) error {
		switch field {
		case refusal:
			return readRefusal(value)
		case descriptors:
			found = true
			return eachField(value, func(field protowire.Number, value []byte) error {
				if field != 1 {
					return nil
				}
				f := new(descriptorpb.FileDescriptorProto)
				if err := proto.Unmarshal(value, f); err != nil {
					return fmt.Errorf("its answer holds no description of a file: %s", plainly(err))
				}
				files = append(files, f)
				return nil
			})
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("its answer is none to the question")
	}
	return files, err
}

// readRefusal reads the message of an error.
func readRefusal(value []byte) error {
	text := ""
	_ = eachField(value, func(field protowire.Number, value []byte) error {
		if field == 2 {
			text = string(value[:min(len(value), 200)])
		}
		return nil
	})
	return refused(text)
}

// eachField goes through those fields of a message that have bytes for a value.
func eachField(message []byte, take func(field protowire.Number, value []byte) error) error {
	for len(message) > 0 {
		field, form, n := protowire.ConsumeTag(message)
		if n < 0 {
			return fmt.Errorf("its answer is no message: %s", plainly(protowire.ParseError(n)))
		}
		message = message[n:]
		if form != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(field, form, message); n < 0 {
				return fmt.Errorf("its answer is no message: %s", plainly(protowire.ParseError(n)))
			}
			message = message[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(message)
		if n < 0 {
			return fmt.Errorf("its answer is no message: %s", plainly(protowire.ParseError(n)))
		}
		if err := take(field, value); err != nil {
			return err
		}
		message = message[n:]
	}
	return nil
}
