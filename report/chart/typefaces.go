package chart

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/image/font/opentype"
)

// otherFonts are those of the system, and behind them one of our own that has Hangul,
// kana and the common Han. They are found once, when a chart first needs one.
var otherFonts = sync.OnceValue(func() []*opentype.Font {
	fonts := systemFonts(foldersOf(runtime.GOOS))
	if own, err := ownFont(); err == nil {
		fonts = append(fonts, own)
	}
	return fonts
})

// systemFonts are those of a list that are in some folders.
func systemFonts(folders []string) (fonts []*opentype.Font) {
	for _, folder := range folders {
		for _, name := range fontFiles {
			if f := openFont(filepath.Join(folder, name)); f != nil {
				fonts = append(fonts, f)
			}
		}
	}
	return fonts
}

// foldersOf are where a system has its fonts.
func foldersOf(system string) []string {
	switch system {
	case "windows":
		return []string{`C:\Windows\Fonts`}
	case "darwin":
		return []string{"/System/Library/Fonts", "/System/Library/Fonts/Supplemental", "/Library/Fonts"}
	}
	return []string{"/usr/share/fonts", "/usr/local/share/fonts"}
}

// fontFiles are fonts with the letters of many scripts, in the folders of Debian,
// Fedora, Arch, macOS and Windows, the better ones first.
var fontFiles = [...]string{
	"opentype/noto/NotoSansCJK-Regular.ttc", "google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc", "noto-cjk/NotoSansCJK-Regular.ttc",
	"truetype/noto/NotoSans-Regular.ttf", "google-noto/NotoSans-Regular.ttf", "noto/NotoSans-Regular.ttf",
	"truetype/wqy/wqy-microhei.ttc", "truetype/wqy/wqy-zenhei.ttc", "wenquanyi/wqy-zenhei/wqy-zenhei.ttc",
	"truetype/dejavu/DejaVuSans.ttf", "dejavu-sans-fonts/DejaVuSans.ttf", "TTF/DejaVuSans.ttf",
	"PingFang.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf",
	"segoeui.ttf", "msyh.ttc", "YuGothM.ttc", "malgun.ttf",
}

// openFont opens a font, of a collection the first; nil: there is none, or none that
// can be read. It is read from its file as it is needed, for which that stays open.
func openFont(path string) *opentype.Font {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	fonts, err := opentype.ParseCollectionReaderAt(file)
	if err == nil {
		if f, err := fonts.Font(0); err == nil {
			return f
		}
	}
	file.Close()
	return nil
}

//go:embed fonts/DroidSansFallback.ttf.gz
var packedFont []byte

// ownFont unpacks the font that is in the program.
func ownFont() (*opentype.Font, error) {
	unpacking, err := gzip.NewReader(bytes.NewReader(packedFont))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(unpacking)
	if err != nil {
		return nil, err
	}
	return opentype.Parse(data)
}
