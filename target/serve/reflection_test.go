package serve

import (
	"bytes"
	"encoding/binary"
	"io"
	nethttp "net/http"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"plimsoll/target/sim"
)

// described is a set of two files, and the bytes of the first.
func described(t *testing.T) (set, first []byte) {
	t.Helper()
	file := func(name, service string) *descriptorpb.FileDescriptorProto {
		pack := "p"
		return &descriptorpb.FileDescriptorProto{Name: &name, Package: &pack, Service: []*descriptorpb.ServiceDescriptorProto{{Name: &service}}}
	}
	all := &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{file("a.proto", "A"), file("b.proto", "B")}}
	set, err := proto.Marshal(all)
	if err == nil {
		first, err = proto.Marshal(all.File[0])
	}
	if err != nil {
		t.Fatal(err)
	}
	return set, first
}

// reflecting opens a call of reflection; ask sends a question and waits for its answer.
func reflecting(t *testing.T, url, path string) (ask func([]byte) ([]byte, error), end func() nethttp.Header) {
	t.Helper()
	protocols := new(nethttp.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &nethttp.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	out, in := io.Pipe()
	request, err := nethttp.NewRequestWithContext(t.Context(), "POST", url+path, out)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/grpc")
	var answer *nethttp.Response
	ask = func(question []byte) ([]byte, error) {
		go func() {
			_, _ = in.Write(append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(question))), question...))
		}()
		if answer == nil {
			if answer, err = transport.RoundTrip(request); err != nil {
				return nil, err
			}
		}
		return readMessage(answer.Body, 1<<20)
	}
	return ask, func() nethttp.Header {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		return answer.Trailer
	}
}

// Whoever asks what a server of gRPC has is told, one question after the other in one
// call, as tools do it; each answer has its question in it.
func TestReflection(t *testing.T) {
	set, first := described(t)
	url := start(t, Options{Protocol: "grpc", Settings: sim.Settings{}, Schema: set})
	question := func(field protowire.Number, what string) []byte { return appendBytes(nil, field, []byte(what)) }
	file := appendBytes(nil, descriptors, appendBytes(nil, 1, first))
	name := func(text string) []byte { return appendBytes(nil, 1, appendBytes(nil, 1, []byte(text))) }
	none := appendBytes(nil, refusal, append([]byte{1 << 3, 5}, appendBytes(nil, 2, []byte("this server has p.A and p.B"))...))
	for _, path := range []string{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"} {
		ask, end := reflecting(t, url, path)
		for _, c := range []struct{ question, want []byte }{
			{question(fileBySymbol, "p.A"), file},
			{append(question(1, "host"), question(fileByName, "a.proto")...), file},
			{question(listServices, ""), appendBytes(nil, services, append(name("p.A"), name("p.B")...))},
			{question(fileBySymbol, "p.C"), none},
			{question(fileByName, "p.A"), none},
			{question(6, "p.A"), none},
			{[]byte{0xff}, none},
			{nil, none},
		} {
			got, err := ask(c.question)
			if want := append(appendBytes(nil, original, c.question), c.want...); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%q: %q, %v, want %q", c.question, got, err, want)
			}
		}
		if trailer := end(); trailer.Get("Grpc-Status") != fine {
			t.Error(trailer)
		}
	}
}

// A question that is larger than any is refused before it is read.
func TestReflectionIsBounded(t *testing.T) {
	set, _ := described(t)
	url := start(t, Options{Protocol: "grpc", Schema: set})
	ask, end := reflecting(t, url, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
	if _, err := ask(make([]byte, mostOfQuestion+1)); err != io.EOF {
		t.Error(err)
	}
	if trailer := end(); trailer.Get("Grpc-Status") != exhausted {
		t.Error(trailer)
	}
}
