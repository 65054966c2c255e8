package grpc

import (
	nethttp "net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"plimsoll/target"
)

// setOf are the files as a set.
func setOf(all *protoregistry.Files) *descriptorpb.FileDescriptorSet {
	set := new(descriptorpb.FileDescriptorSet)
	all.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
		return true
	})
	return set
}

// described is an answer of the service of reflection.
func described(t testing.TB, all ...*descriptorpb.FileDescriptorProto) []byte {
	var inner []byte
	for _, f := range all {
		text, err := proto.Marshal(f)
		if err != nil {
			t.Error(err)
		}
		inner = protowire.AppendBytes(protowire.AppendTag(inner, 1, protowire.BytesType), text)
	}
	return protowire.AppendBytes(protowire.AppendTag(protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "host"), descriptors, protowire.BytesType), inner)
}

// reflects answers questions for files.
func reflects(t testing.TB, w nethttp.ResponseWriter, question []byte, set *descriptorpb.FileDescriptorSet) {
	field, _, n := protowire.ConsumeTag(question)
	what, _ := protowire.ConsumeString(question[n:])
	for _, f := range set.File {
		if field == fileBySymbol && what == "shop.Carts" && f.GetName() == "shop.proto" || field == fileByName && what == f.GetName() {
			well(w, "0", described(t, f))
			return
		}
	}
	refusal := protowire.AppendString(protowire.AppendTag(protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 5), 2, protowire.BytesType), "not known: "+what)
	well(w, "0", protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), refusal))
}

// A schema is asked of the server, of an old one too, each file once; in the trial
// nothing is.
func TestReflection(t *testing.T) { byEach(t, testReflection) }

func testReflection(t *testing.T, engine string) {
	set := setOf(files(t))
	for _, version := range []string{"v1", "v1alpha"} {
		p := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, m []byte) {
			switch r.URL.Path {
			case "/grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo":
				reflects(t, w, m, set)
			case "/shop.Carts/Add":
				well(w, "0", m)
			default:
				well(w, "12")
			}
		})
		x := open(t, engine, p.address, call(t, "shop.Carts/Add", `{"name": "kite"}`), func(s *Settings) { s.Schema = Schema{} })
		if d := x.call(target.Request{Want: wants(t, "json.name")}); !d.OK() || d.Found[0].Text != "kite" {
			t.Errorf("%+v", d.Outcome)
		}
		all, _, _ := p.seen()
		if want := map[string]int{"v1": 4, "v1alpha": 5}[version]; len(all) != want { // shop, any, timestamp, and the call
			t.Errorf("%s: the server was asked %d times, want %d", version, len(all), want)
		}
		if _, err := x.Prepare(call(t, "shop.Nothing/Add", "{}")); err == nil || !strings.Contains(err.Error(), p.address+` does not tell what shop.Nothing is (reflection): it says "not known: shop.Nothing"`) {
			t.Error(err)
		}
	}
}

// Servers that have no reflection, or answer nonsense, keep a trial from beginning.
func TestReflectionFails(t *testing.T) {
	for want, answer := range map[string]func(w nethttp.ResponseWriter){
		"it has no reflection: name a file": func(w nethttp.ResponseWriter) { well(w, "12") },
		"(grpc-PERMISSION_DENIED)":          func(w nethttp.ResponseWriter) { well(w, "7") },
		"its answer is none":                func(w nethttp.ResponseWriter) { well(w, "0", nil) },
		"its answer is no message":          func(w nethttp.ResponseWriter) { well(w, "0", []byte("\xff\xff")) },
		"no description of a file":          func(w nethttp.ResponseWriter) { well(w, "0", []byte("\x22\x03\x0a\x01\xff")) },
		"its files do not go together": func(w nethttp.ResponseWriter) {
			well(w, "0", described(t, &descriptorpb.FileDescriptorProto{Name: proto.String("a"), Syntax: proto.String("proto9")}))
		},
		"status 500 of HTTP": func(w nethttp.ResponseWriter) { w.WriteHeader(500) },
	} {
		p := serve(t, func(w nethttp.ResponseWriter, _ *nethttp.Request, _ []byte) { answer(w) })
		x := open(t, "", p.address, nil, func(s *Settings) { s.Schema = Schema{} })
		if _, err := x.Prepare(call(t, "shop.Carts/Add", "{}")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A set of descriptors is a schema, too.
func TestSets(t *testing.T) {
	text, err := proto.Marshal(setOf(files(t)))
	if err != nil {
		t.Fatal(err)
	}
	all, err := readSet(text)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := find(all, "shop.Carts/Watch"); err != nil || !m.stream {
		t.Error(m, err)
	}
	for _, wrong := range [][]byte{nil, []byte("\xff"), text[:len(text)/2]} {
		if _, err := readSet(wrong); err == nil {
			t.Errorf("%d bytes are a set", len(wrong))
		}
	}
}

// Imports are looked for beside a file and above; errors have their places.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "api", "v1")
	if err := os.MkdirAll(inner, 0o777); err != nil {
		t.Fatal(err)
	}
	_ = os.WriteFile(filepath.Join(inner, "types.proto"), []byte(`syntax = "proto3"; package api.v1; message T { int32 n = 1; }`), 0o666)
	_ = os.WriteFile(filepath.Join(dir, "ring.proto"), []byte(`syntax = "proto3"; import "main.proto";`), 0o666)
	main := `syntax = "proto3"; package api.v1;
import "api/v1/types.proto"; import "google/protobuf/descriptor.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";
import "google/protobuf/duration.proto"; import "google/protobuf/empty.proto"; import "google/protobuf/field_mask.proto";
extend google.protobuf.MethodOptions { string path = 50001; }
message All { google.protobuf.Struct a = 1; google.protobuf.Int64Value b = 2; google.protobuf.Duration c = 3; google.protobuf.FieldMask d = 4; google.protobuf.Empty e = 5; T t = 6; }
service S { rpc M(All) returns (All) { option (path) = "/x"; } }`
	all, err := compile(filepath.Join(inner, "main.proto"), []byte(main))
	if err != nil {
		t.Fatal(err)
	}
	m, err := find(all, "api.v1.S/M")
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"a":{"x":[1,null,"y"]},"b":"7","c":"1.500s","d":"n","e":{},"t":{"n":3}}`
	sent, err := m.encode(nil, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if back, err := m.decode(sent[prefix:]); err != nil || string(back) != text {
		t.Errorf("%s, %v", back, err)
	}
	for text, want := range map[string]string{
		"syntax = \"proto3\";\nmessage {":                  "main.proto:2:9",
		`syntax = "proto3"; import "../../../etc/passwd";`: "main.proto",
		`syntax = "proto3"; import "none.proto";`:          "main.proto imports none.proto, which is neither beside it nor in a folder above",
		`syntax = "proto3"; import "main.proto";`:          "main.proto",
		`syntax = "proto3"; import "ring.proto";`:          "ring.proto imports main.proto, which imports it",
	} {
		if _, err := compile(filepath.Join(inner, "main.proto"), []byte(text)); err == nil || !strings.Contains(where(err), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Who asks for a service that is not there hears which there are; the check of health
// needs no reflection.
func TestReflectionHelps(t *testing.T) { byEach(t, testReflectionHelps) }

func testReflectionHelps(t *testing.T, engine string) {
	set := setOf(files(t))
	within := func(field protowire.Number, value []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), value)
	}
	list := within(services, within(1, within(1, []byte("shop.Carts"))))
	p := serve(t, func(w nethttp.ResponseWriter, _ *nethttp.Request, m []byte) {
		if field, _, _ := protowire.ConsumeTag(m); field == listServices {
			well(w, "0", list)
			return
		}
		reflects(t, w, m, set)
	})
	x := open(t, engine, p.address, nil, func(s *Settings) { s.Schema = Schema{} })
	want := p.address + ` has no service shop.Cart, did you mean "shop.Carts"?`
	if _, err := x.Prepare(call(t, "shop.Cart/Add", "{}")); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	p = serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, _ []byte) {
		if r.URL.Path == "/grpc.health.v1.Health/Check" {
			well(w, "0", []byte{1 << 3, 1})
			return
		}
		well(w, "12")
	})
	x = open(t, engine, p.address, call(t, "grpc.health.v1.Health/Check", "{}"), func(s *Settings) { s.Schema = Schema{} })
	if d := x.call(target.Request{Want: wants(t, "json.status")}); !d.OK() || d.Found[0].Text != "SERVING" {
		t.Errorf("%+v", d.Outcome)
	}
}
