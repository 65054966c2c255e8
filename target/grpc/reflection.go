package grpc

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
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
func (s Schema) open(ctx context.Context, by asker) schema {
	if s.files != nil {
		return known{s.files}
	}
	return &reflected{ctx: ctx, by: by, known: map[string]*protoregistry.Files{}}
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
	ctx   context.Context
	by    asker
	known map[string]*protoregistry.Files // by service
	alpha bool                            // it is an old server
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
	descriptors  = 4 // of answers
	refusal      = 7
)

func (r *reflected) method(rpc string) (*method, error) {
	service, _, _ := strings.Cut(rpc, "/")
	files := r.known[service]
	if files == nil {
		ctx, cancel := context.WithTimeout(r.ctx, toReflect)
		defer cancel()
		defer r.by.rest()
		set, err := r.collect(ctx, service)
		if err == nil {
			files, err = filesOf(set)
		}
		if err != nil {
			return nil, fmt.Errorf("the server does not tell what %s is (reflection): %w", service, err)
		}
		r.known[service] = files
	}
	return find(files, rpc)
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

// files asks one question.
func (r *reflected) files(ctx context.Context, field protowire.Number, what string) ([]*descriptorpb.FileDescriptorProto, error) {
	question := protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), what)
	path := reflection
	if r.alpha {
		path = reflectionAlpha
	}
	answer, is, err := r.by.ask(ctx, path, question)
	switch {
	case is == unimplemented && !r.alpha:
		r.alpha = true
		return r.files(ctx, field, what)
	case is == unimplemented:
		return nil, fmt.Errorf("it has no reflection: name a file, schema: NAME.proto or NAME.protoset")
	case err != nil:
		return nil, err
	}
	return readFiles(answer)
}

// readFiles reads an answer: the files in it, or why there are none.
func readFiles(answer []byte) (files []*descriptorpb.FileDescriptorProto, err error) {
	found := false
	err = eachField(answer, func(field protowire.Number, value []byte) error {
		switch field {
		case refusal:
			return fmt.Errorf("it says %q", refused(value))
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

// refused is the message of an error.
func refused(value []byte) (text string) {
	_ = eachField(value, func(field protowire.Number, value []byte) error {
		if field == 2 {
			text = string(value[:min(len(value), 200)])
		}
		return nil
	})
	return text
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
