package serve

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// reflector answers what gRPC's service of reflection is asked (reflection.proto of
// gRPC's), of the files that describe the server; both versions of it say the same.
type reflector struct{ files *protoregistry.Files }

// newReflector reads a FileDescriptorSet.
func newReflector(described []byte) (*reflector, error) {
	set := new(descriptorpb.FileDescriptorSet)
	if err := proto.Unmarshal(described, set); err != nil {
		return nil, fmt.Errorf("what describes the simulated server is no FileDescriptorSet: %w", err)
	}
	files, err := protodesc.NewFiles(set)
	return &reflector{files}, err
}

// reflects tells whether a path is that of the service.
func reflects(path string) bool {
	return path == "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo" || path == "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
}

// Fields of the service's messages.
const (
	// Of questions.
	fileByName   = 3
	fileBySymbol = 4
	listServices = 7
	// Of answers.
	original    = 2
	descriptors = 4
	services    = 6
	refusal     = 7
)

// mostOfQuestion is how large a question may be, most of which are names.
const mostOfQuestion = 64 << 10

// reflect answers questions as they come, until there are no more.
func (m methods) reflect(w nethttp.ResponseWriter, r *nethttp.Request) {
	from, to := m.body(w, r), nethttp.NewResponseController(w)
	for {
		question, err := readMessage(from, mostOfQuestion)
		switch {
		case err == io.EOF:
			closeCall(w, fine, "")
			return
		case errors.Is(err, errTooLarge):
			closeCall(w, exhausted, err.Error())
			return
		case err != nil:
			panic(nethttp.ErrAbortHandler)
		}
		answer := m.reflector.answer(question)
		message := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(answer)))
		if _, err = w.Write(append(message, answer...)); err == nil {
			err = to.Flush()
		}
		if err != nil {
			panic(nethttp.ErrAbortHandler)
		}
	}
}

var errTooLarge = errors.New("the message is larger than this server takes")

// readMessage reads the next one, without what stands in front of it; io.EOF: there
// is none.
func readMessage(from io.Reader, most uint32) ([]byte, error) {
	var head [ofMessage]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[1:])
	if length > most {
		return nil, errTooLarge
	}
	message := make([]byte, length)
	_, err := io.ReadFull(from, message)
	return message, err
}

// answer answers a question. One that is none is answered as one for what is not
// there.
func (r *reflector) answer(question []byte) []byte {
	answer := appendBytes(nil, original, question)
	switch field, what := asked(question); field {
	case fileByName:
		if f, err := r.files.FindFileByPath(what); err == nil {
			return appendFile(answer, f)
		}
	case fileBySymbol:
		if d, err := r.files.FindDescriptorByName(protoreflect.FullName(what)); err == nil {
			return appendFile(answer, d.ParentFile())
		}
	case listServices:
		return appendBytes(answer, services, r.list())
	}
	const notFound = 5
	wrong := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), notFound)
	return appendBytes(answer, refusal, appendBytes(wrong, 2, []byte("this server has "+strings.Join(r.names(), " and "))))
}

// asked is what a question asks for: its last field, but for the host.
func asked(question []byte) (field protowire.Number, what string) {
	for len(question) > 0 {
		number, form, n := protowire.ConsumeTag(question)
		if n < 0 || form != protowire.BytesType {
			return 0, ""
		}
		text, m := protowire.ConsumeBytes(question[n:])
		if m < 0 {
			return 0, ""
		}
		if question = question[n+m:]; number != 1 {
			field, what = number, string(text)
		}
	}
	return field, what
}

// names are those of the services that are described.
func (r *reflector) names() (all []string) {
	r.files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			all = append(all, string(f.Services().Get(i).FullName()))
		}
		return true
	})
	slices.Sort(all)
	return all
}

// list is the message that names them.
func (r *reflector) list() (message []byte) {
	for _, name := range r.names() {
		message = appendBytes(message, 1, appendBytes(nil, 1, []byte(name)))
	}
	return message
}

// appendFile appends the description of a file, which needs no other.
func appendFile(answer []byte, f protoreflect.FileDescriptor) []byte {
	text, err := proto.Marshal(protodesc.ToFileDescriptorProto(f))
	if err != nil { // it has been read before
		return answer
	}
	return appendBytes(answer, descriptors, appendBytes(nil, 1, text))
}

func appendBytes(message []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(message, field, protowire.BytesType), value)
}
