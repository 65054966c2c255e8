package grpc

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/reporter"
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

// filesOf are the files of a set. A set may lack those that nothing uses.
func filesOf(set *descriptorpb.FileDescriptorSet) (*protoregistry.Files, error) {
	files, err := protodesc.FileOptions{AllowUnresolvable: true}.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("its files do not go together: %s", plainly(err))
	}
	return files, nil
}

// compile compiles a .proto file and what it imports, which is looked for beside it
// and in the folders above, as far as one has the whole path; the package's own
// (google/protobuf/…) are there.
func compile(ctx context.Context, path string, text []byte) (*protoregistry.Files, error) {
	name, folder := filepath.Base(path), filepath.Dir(path)
	source := &protocompile.SourceResolver{Accessor: func(asked string) (io.ReadCloser, error) {
		if asked == name {
			return io.NopCloser(strings.NewReader(string(text))), nil
		}
		return imported(folder, asked)
	}}
	return compileAll(ctx, source, name)
}

func compileAll(ctx context.Context, source protocompile.Resolver, names ...string) (*protoregistry.Files, error) {
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(source),
		Reporter: reporter.NewReporter(func(err reporter.ErrorWithPos) error { return err }, nil),
	}
	linked, err := compiler.Compile(ctx, names...)
	if err != nil {
		return nil, err
	}
	files := new(protoregistry.Files)
	for _, f := range linked {
		if err := register(files, f); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// compileOwn compiles what plimsoll's own server is described by.
func compileOwn() (*protoregistry.Files, error) {
	source := &protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(served)}
	return compileAll(context.Background(), source, slices.Sorted(maps.Keys(served))...)
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
