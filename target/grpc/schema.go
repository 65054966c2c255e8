package grpc

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// readSet reads a FileDescriptorSet, as `protoc --include_imports -o` writes it.
func readSet(text []byte) (*protoregistry.Files, error) {
	set := new(descriptorpb.FileDescriptorSet)
	if err := proto.Unmarshal(text, set); err != nil {
		return nil, fmt.Errorf("it holds no FileDescriptorSet: %s", plainly(err))
	}
	if len(set.File) == 0 {
		return nil, fmt.Errorf("it describes no files: write it with protoc --include_imports -o")
	}
	return filesOf(set)
}

// packed are files as a FileDescriptorSet, for whoever serves them.
func packed(files *protoregistry.Files) []byte {
	set := new(descriptorpb.FileDescriptorSet)
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
		return true
	})
	text, err := proto.Marshal(set)
	if err != nil { // they have been compiled
		return nil
	}
	return text
}

// filesOf are the files of a set. A set may lack those that nothing uses.
func filesOf(set *descriptorpb.FileDescriptorSet) (*protoregistry.Files, error) {
	files, err := protodesc.FileOptions{AllowUnresolvable: true}.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("its files do not go together: %s", plainly(err))
	}
	return files, nil
}
