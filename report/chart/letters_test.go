package chart

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// with are letters in the house font, and in others.
func with(others ...*opentype.Font) *letters {
	return &letters{text.Plain{Fonts: plotfont.DefaultCache}, func() []*opentype.Font { return others }}
}

// lettered draws texts at places of a picture 200 points wide, in one line.
func lettered(l *letters, rotation float64, texts map[vg.Length]string) *image.RGBA {
	style := textStyle(12, font.WeightBold, color.Black)
	style.Handler, style.Rotation = l, rotation
	canvas := vgimg.NewWith(vgimg.UseWH(200, 200), vgimg.UseDPI(pngDPI))
	c := draw.New(canvas)
	for at, s := range texts {
		c.FillText(style, vg.Point{X: at, Y: 100}, s)
	}
	return canvas.Image().(*image.RGBA)
}

// inked is the rectangle, in points, that anything is drawn in.
func inked(picture *image.RGBA) (left, right vg.Length, some bool) {
	dot := vg.Length(1.0/pngDPI) * vg.Inch
	least, most := picture.Bounds().Max.X, -1
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			if r, _, _, _ := picture.At(x, y).RGBA(); r < 0xc000 {
				least, most = min(least, x), max(most, x)
			}
		}
	}
	return vg.Length(least) * dot, vg.Length(most+1) * dot, most >= 0
}

// scripts are names as people give them.
var scripts = map[string]string{
	"Hangul": "부하시험", "hiragana": "ふかしけん", "katakana": "ロードテスト", "Han": "负载测试負荷試験", "Cyrillic": "Нагрузка", "Greek": "Φόρτος",
	"mixed": "API 検索 p99 – ответ",
}

// Every letter of these scripts is drawn as itself and not as what stands for one
// that is missing, by the fonts of this system and by the one that is in the program alone.
func TestLettersAreDrawn(t *testing.T) {
	own, err := ownFont()
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*letters{"own font": with(own), "fonts of the system": writing} {
		missing := lettered(with(), 0, map[vg.Length]string{20: "\U000F0000"})
		for script, s := range scripts {
			drawn := map[string]rune{}
			for _, r := range s {
				if r == ' ' {
					continue
				}
				picture := lettered(l, 0, map[vg.Length]string{20: string(r)})
				if _, _, some := inked(picture); !some || bytes.Equal(picture.Pix, missing.Pix) {
					t.Errorf("%s: %s: %q is not drawn", name, script, r)
				}
				if same, known := drawn[string(picture.Pix)]; known && same != r {
					t.Errorf("%s: %s: %q is drawn as %q is", name, script, r, same)
				}
				drawn[string(picture.Pix)] = r
			}
		}
	}
}

// A text is as wide as it is measured: what is drawn behind it, where it ends, does
// not touch it; and turned it is drawn as well.
func TestLettersAreMeasured(t *testing.T) {
	for script, s := range scripts {
		style := textStyle(12, font.WeightBold, ink)
		style.Handler = writing
		width := style.Width(s)
		left, right, _ := inked(lettered(writing, 0, map[vg.Length]string{20: s}))
		if left < 19 || right > 20+width+1 || right-left < 0.8*width {
			t.Errorf("%s: drawn from %.1f to %.1f, measured from 20 to %.1f", script, left, right, 20+width)
		}
		behind, _, _ := inked(lettered(writing, 0, map[vg.Length]string{20 + width: s}))
		if behind < right-1.5 {
			t.Errorf("%s: ends at %.1f, and what is behind it begins at %.1f", script, right, behind)
		}
		sum := vg.Length(0)
		for _, r := range s {
			sum += style.Width(string(r))
		}
		if width > sum+0.01 || width < 0.9*sum { // but for the kerning
			t.Errorf("%s: %.2f wide, its letters %.2f", script, width, sum)
		}
		turned := lettered(writing, 1, map[vg.Length]string{100: s})
		if _, _, some := inked(turned); !some {
			t.Errorf("%s: nothing is drawn that is turned", script)
		}
	}
}

// Other fonts are looked for only where a letter is lacking; a letter that nobody
// has is shown as missing.
func TestOtherFontsAreForWhatIsLacking(t *testing.T) {
	asked := 0
	l := &letters{text.Plain{Fonts: plotfont.DefaultCache}, func() []*opentype.Font { asked++; return nil }}
	style := textStyle(10, font.WeightNormal, ink)
	style.Handler = l
	if style.Width("p99 ≥ 20 µs – Нагрузка, Φόρτος, café"); asked > 0 {
		t.Error("asked for letters that the house font has")
	}
	if one, two := style.Width("検"), style.Width("検検"); asked == 0 || one <= 0 || two != 2*one {
		t.Errorf("missing letters are %v and %v wide", one, two)
	}
}

// The font in the program is the one that its page names; a file that is no font is
// none, and a folder that is not there holds none.
func TestFontsAreWhatTheyAreSaidToBe(t *testing.T) {
	own, err := ownFont()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("fonts/README.md")
	if err != nil {
		t.Fatal(err)
	}
	data := sha256.New()
	if _, err := own.WriteSourceTo(nil, data); err != nil {
		t.Fatal(err)
	}
	if sum := hex.EncodeToString(data.Sum(nil)); !bytes.Contains(page, []byte("`"+sum+"`")) {
		t.Errorf("its checksum is %s", sum)
	}
	if len(packedFont) > 6<<20 {
		t.Errorf("%d bytes", len(packedFont))
	}
	for first, last := range map[rune]rune{'가': '힣', 'ぁ': 'ん', 'ァ': 'ヶ', '一': '龥'} {
		for r := first; r <= last; r++ {
			if glyph(own, r) == 0 {
				t.Fatalf("%q is lacking", r)
			}
		}
	}

	folder := t.TempDir()
	if len(systemFonts([]string{folder, filepath.Join(folder, "gone")})) > 0 {
		t.Error("fonts in an empty folder")
	}
	var whole bytes.Buffer
	if _, err := own.WriteSourceTo(nil, &whole); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{fontFiles[0]: whole.Bytes(), fontFiles[1]: []byte("no font"), fontFiles[2]: whole.Bytes()[:5000]} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	fonts := systemFonts([]string{folder})
	if len(fonts) == 0 || !draws(fonts[0], '検') {
		t.Errorf("%d fonts are found", len(fonts))
	}
	for _, f := range fonts[1:] {
		if draws(f, '検') {
			t.Error("a font that is cut off draws")
		}
	}
}
