package grpc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"plimsoll/target/setting"
)

// method is what a schema knows of one.
type method struct {
	path          string // of its requests
	stream        bool   // its answers have any number of messages
	input, output protoreflect.MessageDescriptor
	types         *dynamicpb.Types // what an Any may hold
}

// find finds package.Service/Method among the files of a schema.
func find(files *protoregistry.Files, rpc string) (*method, error) {
	service, name, _ := strings.Cut(rpc, "/")
	found, err := files.FindDescriptorByName(protoreflect.FullName(service))
	s, is := found.(protoreflect.ServiceDescriptor)
	if err != nil || !is {
		return nil, fmt.Errorf("the schema has no service %s%s", service, setting.Suggest(service, servicesOf(files)))
	}
	m := s.Methods().ByName(protoreflect.Name(name))
	if m == nil {
		return nil, fmt.Errorf("the service %s has no method %s%s", service, name, setting.Suggest(name, methods(s)))
	}
	if m.IsStreamingClient() {
		return nil, fmt.Errorf("%s takes a stream of messages, and a call sends one: only unary and server-streaming methods can be called", rpc)
	}
	return &method{"/" + rpc, m.IsStreamingServer(), m.Input(), m.Output(), dynamicpb.NewTypes(files)}, nil
}

// servicesOf are the names of those that files have.
func servicesOf(files *protoregistry.Files) (names []string) {
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			names = append(names, string(f.Services().Get(i).FullName()))
		}
		return true
	})
	return names
}

func methods(s protoreflect.ServiceDescriptor) (names []string) {
	for i := range s.Methods().Len() {
		names = append(names, string(s.Methods().Get(i).Name()))
	}
	return names
}

// encode makes of a message in JSON what is sent, prefix and all.
func (m *method) encode(dst, text []byte) ([]byte, error) {
	message := dynamicpb.NewMessage(m.input)
	if err := (protojson.UnmarshalOptions{Resolver: m.types}).Unmarshal(text, message); err != nil {
		return dst, fmt.Errorf("this is no %s: %s", m.input.FullName(), plainly(err))
	}
	var room [prefix]byte
	dst, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(append(dst[:0], room[:]...), message)
	if err != nil {
		return dst, fmt.Errorf("this is no %s: %s", m.input.FullName(), plainly(err))
	}
	return frame(dst), nil
}

// decode makes JSON of a message that came, on one line. What has its default is
// in it, too.
func (m *method) decode(message []byte) ([]byte, error) {
	answer := dynamicpb.NewMessage(m.output)
	if err := (proto.UnmarshalOptions{Resolver: m.types}).Unmarshal(message, answer); err != nil {
		return nil, fmt.Errorf("the answer is no %s: %s", m.output.FullName(), plainly(err))
	}
	text, err := protojson.MarshalOptions{Resolver: m.types, EmitDefaultValues: true}.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("the answer is no %s: %s", m.output.FullName(), plainly(err))
	}
	var compact bytes.Buffer // the package varies its blanks
	err = json.Compact(&compact, text)
	return compact.Bytes(), err
}

// inFront is what the package protobuf puts in front of its errors, in blanks that
// it varies. Places in a text that nobody has written in lines say nothing.
var inFront = regexp.MustCompile(`^proto:[\s\x{a0}]*(syntax error )?(\(line [0-9:]+\):[\s\x{a0}]*)?`)

// plainly is an error of the package protobuf in one spelling.
func plainly(err error) string {
	return strings.ReplaceAll(inFront.ReplaceAllString(err.Error(), ""), "\u00a0", " ")
}
