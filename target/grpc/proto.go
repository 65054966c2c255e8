package grpc

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/options"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// compiler compiles .proto files, each once. Package protocompile has one, too, but
// it makes all of Google's own messages ready at every start of the program.
type compiler struct {
	open    func(name string) (io.ReadCloser, error)
	handler *reporter.Handler
	symbols linker.Symbols
	known   map[string]linker.File // nil: it is being compiled
}

// compile compiles a .proto file and what it imports, which is looked for beside it
// and in the folders above, as far as one has the whole path; the usual ones of
// google/protobuf are there.
func compile(path string, text []byte) (*protoregistry.Files, error) {
	name, folder := filepath.Base(path), filepath.Dir(path)
	return compileAll(func(asked string) (io.ReadCloser, error) {
		if asked == name {
			return io.NopCloser(strings.NewReader(string(text))), nil
		}
		return imported(folder, asked)
	}, name)
}

// compileOwn compiles what plimsoll's own server is described by.
func compileOwn() (*protoregistry.Files, error) {
	return compileAll(func(name string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(served[name])), nil
	}, slices.Sorted(maps.Keys(served))...)
}

func compileAll(open func(string) (io.ReadCloser, error), names ...string) (*protoregistry.Files, error) {
	strict := reporter.NewReporter(func(err reporter.ErrorWithPos) error { return err }, nil)
	c := &compiler{open: open, handler: reporter.NewHandler(strict), known: map[string]linker.File{}}
	files := new(protoregistry.Files)
	for _, name := range names {
		f, err := c.file(name, "")
		if err == nil {
			err = register(files, f)
		}
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// file compiles one, after those that it imports; by is who imports it.
func (c *compiler) file(name, by string) (linker.File, error) {
	if f, begun := c.known[name]; f != nil {
		return f, nil
	} else if begun {
		return nil, fmt.Errorf("%s imports %s, which imports it", by, name)
	}
	c.known[name] = nil
	if name == descriptor {
		f, err := linker.NewFile(descriptorpb.File_google_protobuf_descriptor_proto, nil)
		c.known[name] = f
		return f, err
	}
	parsed, err := c.parse(name, by)
	if err != nil {
		return nil, err
	}
	var imports linker.Files
	for _, asked := range parsed.FileDescriptorProto().Dependency {
		f, err := c.file(asked, name)
		if err != nil {
			return nil, err
		}
		imports = append(imports, f)
	}
	f, err := linker.Link(parsed, imports, &c.symbols, c.handler)
	if err != nil {
		return nil, err
	}
	if _, err := options.InterpretOptions(f, c.handler); err != nil {
		return nil, err
	}
	c.known[name] = f
	return f, f.ValidateOptions(c.handler, &c.symbols)
}

// parse reads a file.
func (c *compiler) parse(name, by string) (parser.Result, error) {
	var source io.ReadCloser
	if text, usual := wellKnown[name]; usual {
		source = io.NopCloser(strings.NewReader("syntax = \"proto3\"; package google.protobuf; " + text))
	} else {
		var err error
		if source, err = c.open(name); err != nil {
			return nil, fmt.Errorf("%s imports %s, which is neither beside it nor in a folder above", by, name)
		}
	}
	defer source.Close()
	node, err := parser.Parse(name, source, c.handler)
	if err != nil {
		return nil, err
	}
	return parser.ResultFromAST(node, true, c.handler)
}

// foldersAbove is how many folders above a file are looked through for what it
// imports, and largestImport how large one may be.
const (
	foldersAbove  = 8
	largestImport = 16 << 20
)

// imported opens a file that another one imports.
func imported(folder, asked string) (io.ReadCloser, error) {
	if !filepath.IsLocal(filepath.FromSlash(asked)) {
		return nil, &fs.PathError{Op: "import", Path: asked, Err: fs.ErrInvalid}
	}
	for range foldersAbove {
		file, err := os.Open(filepath.Join(folder, filepath.FromSlash(asked)))
		if err == nil {
			if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
				return struct {
					io.Reader
					io.Closer
				}{io.LimitReader(file, largestImport), file}, nil
			}
			_ = file.Close()
		}
		if folder == filepath.Dir(folder) {
			break
		}
		folder = filepath.Dir(folder)
	}
	return nil, fs.ErrNotExist
}

// register takes a file in, after those that it imports.
func register(files *protoregistry.Files, f protoreflect.FileDescriptor) error {
	if _, err := files.FindFileByPath(f.Path()); err == nil {
		return nil
	}
	imports := f.Imports()
	for i := range imports.Len() {
		if err := register(files, imports.Get(i).FileDescriptor); err != nil {
			return err
		}
	}
	return files.RegisterFile(f)
}
