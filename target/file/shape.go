package file

import (
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/kind"
	"plimsoll/target/quantity"
	"plimsoll/target/retry"
	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// Action is what is done with a file.
func Action() kind.Action {
	var words []string
	for _, d := range deeds() {
		words = append(words, d.word)
	}
	return kind.Action{
		Word: "file", Sort: "work with a file",
		Doc:   "What is done with a file: read it, read it by its lines, write it anew, write it and wait for the disk (sync), append to it, or copy it.",
		Shape: kind.Untyped(setting.Word("what to do with a file", words...)),
		Keys:  []kind.Key{kind.Keyed("path", "Which file, counted from the target's directory. Default: one of those in the target's private folder, in turn.", template.Shape("the name of a file"))},
		Call: func(r *setting.Reader, w *kind.Written) (kind.Call, bool) {
			c := &Call{Do: kind.Value[string](w, "file")}
			for _, d := range deeds() {
				if d.word == c.Do {
					c.does = d.does
				}
			}
			if path := w.At("path"); path.Given {
				c.named, c.Path = true, c.holes.Add(kind.Value[template.Template](w, "path"))
				if text, constant := c.Path.Constant(); constant && strings.TrimSpace(text) == "" {
					r.Problem(path.Pos, "the path is empty: name a file, or leave path out")
					return nil, false
				}
			}
			return c, true
		},
	}
}

// Bounds of what a private folder holds.
const (
	mostFiles   = 1_000_000
	largestFile = 10_000_000_000
)

// Shape is how a scenario file spells the target.
func Shape() setting.Shape[kind.Settings] {
	type written struct {
		directory string
		files     setting.At[int]
		size      setting.At[int64]
		timeout   time.Duration
		retry     retry.Settings
	}
	settings := func(r *setting.Reader, at setting.Pos, w written, own kind.Call) (kind.Settings, bool) {
		s := &Settings{Files: w.files.Value, Size: w.size.Value, Timeout: w.timeout, Retry: w.retry, Scrub: r.Scrub}
		ok := true
		if w.directory != "" {
			s.Directory = r.Path(w.directory)
		}
		if s.Directory != "" && w.files.Given {
			r.Problem(w.files.Pos, "files are made in a private folder only: leave files out, or directory")
			ok = false
		}
		if s.Size > 0 && int64(max(1, s.Files))*s.Size > largestFile {
			r.Problem(at, "the files would come to more than %s: lower files or size", quantity.Size(largestFile))
			ok = false
		}
		if own != nil {
			s.Own = own.(*Call)
			if s.Directory != "" && !s.Own.named {
				r.Problem(at, "which file? Write path beside it, or leave directory out: then there is a private folder with files in it")
				ok = false
			}
		}
		return s, ok
	}
	return kind.Target("a file target", Action(), settings,
		setting.Key("directory", "The folder of the files, counted from the scenario file's. Default: a private one, which is removed after each trial.", setting.Text("a folder"), func(w *written) *string { return &w.directory }),
		setting.Key("files", "How many files are made in the private folder. Default 10.", setting.Located(setting.Count(1, mostFiles)), func(w *written) *setting.At[int] { return &w.files }),
		setting.Key("size", "How large each is, and what a call writes, such as 1MB. Default 64KB.", setting.Located(size()), func(w *written) *setting.At[int64] { return &w.size }),
		setting.Key("timeout", "How long a call may take. Default: as long as it takes.", setting.LongerThanZero(), func(w *written) *time.Duration { return &w.timeout }),
		setting.Key("retry", "What is tried again. Default: nothing is.", retry.Shape(), func(w *written) *retry.Settings { return &w.retry }),
	)
}

func size() setting.Shape[int64] {
	return setting.Parsed("a size such as 64KB", quantity.ParseSize, func() *jsonschema.Schema {
		return setting.Spelled(quantity.SizePattern)
	})
}
