package wechat_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/bmp"

	"wefeed/push"
	"wefeed/push/wechat"
)

// corners is a picture whose left upper corner is red.
func corners(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{0, 0, 255, 255}), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(0, 0, w/2, h/2), image.NewUniform(color.RGBA{255, 0, 0, 255}), image.Point{}, draw.Src)
	return img
}

// noise is a picture that no encoder makes small.
func noise(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(img.Pix)
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	return img
}

func asPNG(img image.Image) []byte { var b bytes.Buffer; _ = png.Encode(&b, img); return b.Bytes() }
func asJPEG(img image.Image) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil)
	return b.Bytes()
}
func asGIF(img image.Image) []byte {
	var b bytes.Buffer
	_ = gif.Encode(&b, img, nil)
	return b.Bytes()
}
func asBMP(img image.Image) []byte { var b bytes.Buffer; _ = bmp.Encode(&b, img); return b.Bytes() }

// asWebP is one pixel: the standard library writes no webp.
func asWebP(t testing.TB) []byte {
	b, err := base64.StdEncoding.DecodeString("UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA=")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// turned is a jpeg whose EXIF data say how it is to be held.
func turned(img image.Image, orientation uint16, order binary.AppendByteOrder, mark string) []byte {
	tiff := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	tiff = order.AppendUint16(tiff, 1) // one entry: tag, type, count, value
	tiff = order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, 0x0112), 3), 1)
	tiff = order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, orientation), 0), 0)
	body := append([]byte("Exif\x00\x00"), tiff...)
	segment := append(binary.BigEndian.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(body)+2)), body...)
	plain := asJPEG(img)
	return append(append(append([]byte{}, plain[:2]...), segment...), plain[2:]...)
}

// bomb is a png of a few bytes that claims to be huge.
func bomb() []byte {
	b := asPNG(image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(b[16:], 50000)
	binary.BigEndian.PutUint32(b[20:], 50000)
	return b
}

func TestBodyPicture(t *testing.T) {
	small := corners(40, 30)
	for _, c := range []struct {
		name   string
		data   []byte
		format string // "" when it cannot be sent
		w, h   int
		same   bool
	}{
		{"jpeg", asJPEG(small), "jpeg", 40, 30, true}, {"png", asPNG(small), "png", 40, 30, true},
		{"gif", asGIF(small), "jpeg", 40, 30, false}, {"bmp", asBMP(small), "jpeg", 40, 30, false},
		{"webp", asWebP(t), "jpeg", 1, 1, false},
		{"wide", asPNG(corners(2200, 10)), "jpeg", 1080, 4, false},
		{"large", asPNG(noise(700, 520)), "jpeg", 700, 520, false},
		{"held upright", turned(small, 1, binary.BigEndian, "MM"), "jpeg", 40, 30, true},
		{"turned", turned(small, 6, binary.LittleEndian, "II"), "jpeg", 30, 40, false},
		{"text", []byte("hello"), "", 0, 0, false}, {"nothing", nil, "", 0, 0, false}, {"cut", asPNG(small)[:60], "", 0, 0, false},
		{"page", []byte("<html><img></html>"), "", 0, 0, false}, {"svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "", 0, 0, false},
		{"bomb", bomb(), "", 0, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := wechat.BodyPicture(c.data)
			if (err == nil) != (c.format != "") {
				t.Fatal(err)
			}
			if c.format == "" {
				return
			}
			conf, format, err := image.DecodeConfig(bytes.NewReader(out))
			if err != nil || format != c.format || conf.Width != c.w || conf.Height != c.h || len(out) >= 1<<20 {
				t.Errorf("%s of %d×%d, %d bytes, %v", format, conf.Width, conf.Height, len(out), err)
			}
			if c.same != bytes.Equal(out, c.data) {
				t.Errorf("sent as it is: %v", !c.same)
			}
		})
	}
}

// TestOrientation: wherever the camera was held, the red corner ends where the eye sees it.
func TestOrientation(t *testing.T) {
	const w, h = 64, 32
	for o, red := range map[uint16]image.Point{ // the middle of the red quarter
		2: {48, 8}, 3: {48, 24}, 4: {16, 24}, 5: {8, 16}, 6: {24, 16}, 7: {24, 48}, 8: {8, 48},
	} {
		out, err := wechat.BodyPicture(turned(corners(w, h), o, binary.BigEndian, "MM"))
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if r, _, b, _ := img.At(red.X, red.Y).RGBA(); r < 0xC000 || b > 0x4000 {
			t.Errorf("orientation %d: %v is not red in %v", o, red, img.Bounds())
		}
	}
}

func TestCoverPicture(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		w, h int
	}{
		{"small", asPNG(corners(200, 100)), 200, 100},
		{"wide photo", asJPEG(corners(920, 400)), 900, 391},
		{"tall: the middle square", asPNG(corners(100, 400)), 100, 100},
		{"banner: the middle of it", asPNG(corners(400, 40)), 93, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := wechat.CoverPicture(c.data)
			if err != nil {
				t.Fatal(err)
			}
			conf, format, err := image.DecodeConfig(bytes.NewReader(out))
			if err != nil || format != "jpeg" || conf.Width != c.w || conf.Height != c.h {
				t.Errorf("%s of %d×%d, want %d×%d (%v)", format, conf.Width, conf.Height, c.w, c.h, err)
			}
			img, _ := jpeg.Decode(bytes.NewReader(out))
			if r, _, b, _ := img.At(2, 2).RGBA(); r < 0xC000 || b > 0x4000 {
				t.Error("the left upper corner is not the picture's")
			}
			if r, _, b, _ := img.At(c.w-3, 2).RGBA(); b < 0xC000 || r > 0x4000 {
				t.Error("the right upper corner is not the picture's")
			}
		})
	}
	if _, err := wechat.CoverPicture(bomb()); err == nil {
		t.Error("a bomb became a cover")
	}
}

func TestSetPictures(t *testing.T) {
	r := newRig(t, serviceAccount())
	r.pictures["/a.jpg"], r.pictures["/b.gif"], r.pictures["/bomb.png"] = asJPEG(corners(40, 30)), asGIF(corners(50, 30)), bomb()
	r.pictures["/large.png"] = append(asPNG(corners(9, 9)), make([]byte, 10<<20)...)
	content := func(paths ...string) string {
		var b strings.Builder
		b.WriteString("<p>正文</p>")
		for _, p := range paths {
			b.WriteString(`<img src="` + r.portal + p + `" alt="图">`)
		}
		return b.String()
	}
	pieces, digest := r.set(article("题", content("/a.jpg", "/missing.jpg", "/b.gif", "/bomb.png", "/large.png", "/a.jpg")))
	if got := strings.Count(pieces[0].Content, `<img src="`+r.server.URL+"/mmbiz/"); got != 3 || strings.Count(pieces[0].Content, "<img") != 3 {
		t.Errorf("%d pictures in %s", got, pieces[0].Content)
	}
	if strings.Contains(pieces[0].Content, r.portal) || strings.Contains(pieces[0].Content, "wefeed-picture") {
		t.Error("an address of the portal, or an empty slot, is left")
	}
	if ok, _ := r.calls(bodyPath); ok != 2 {
		t.Errorf("%d uploads of two pictures", ok)
	}
	if again, same := r.set(article("题", content("/a.jpg", "/missing.jpg", "/b.gif", "/bomb.png", "/large.png", "/a.jpg"))); same != digest || !reflect.DeepEqual(again[0], pieces[0]) {
		t.Error("the same article is not set alike")
	}
	if ok, _ := r.calls(coverPath); ok != 1 || r.memory.saved != 3 {
		t.Errorf("%d covers, %d pictures remembered", ok, r.memory.saved)
	}
	if log := r.log.String(); !strings.Contains(log, r.portal+"/missing.jpg") || strings.Contains(log, "?") {
		t.Errorf("the log must name the picture that is left out, without its query:\n%s", log)
	}
}

// TestSilentPictureHost: a host that says nothing costs its pictures, not the edition.
func TestSilentPictureHost(t *testing.T) {
	r := newRig(t, serviceAccount())
	r.pictures["/a.jpg"] = asJPEG(corners(40, 30))
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() }))
	defer silent.Close()
	r.options.Images = &http.Client{Transport: r.options.Client.Transport, Timeout: 100 * time.Millisecond}
	r.Account = r.account()
	content := `<p>文</p><img src="` + r.portal + `/a.jpg">`
	for i := range 6 {
		content += fmt.Sprintf(`<img src="%s/%d.jpg">`, silent.URL, i)
	}
	pieces, _ := r.set(article("题", content))
	if n := strings.Count(pieces[0].Content, "<img"); n != 1 {
		t.Errorf("%d pictures, want the one that came", n)
	}
}

// TestDigestPins: approval is for words and pictures, whatever their addresses are.
func TestDigestPins(t *testing.T) {
	r := newRig(t, serviceAccount())
	r.pictures["/a.png"] = asPNG(corners(40, 30))
	base := article("题", `<p>正文</p><img src="`+r.portal+`/a.png">`)
	_, digest := r.set(base)

	moved := newRig(t, serviceAccount()) // another server: all addresses and ids differ
	moved.pictures["/elsewhere.png"] = r.pictures["/a.png"]
	there := base
	there.Content = `<p>正文</p><img src="` + moved.portal + `/elsewhere.png">`
	if _, got := moved.set(there); got != digest {
		t.Error("other addresses of the same picture change the digest")
	}
	words, title := base, base
	words.Content = strings.Replace(base.Content, "正文", "改文", 1)
	title.Title = "别题"
	if _, got := r.set(words); got == digest {
		t.Error("other words leave the digest")
	}
	if _, got := r.set(title); got == digest {
		t.Error("another title leaves the digest")
	}
	if _, got := r.set(base, base); got == digest {
		t.Error("another number of articles leaves the digest")
	}
	r.pictures["/a.png"] = asPNG(corners(41, 30))
	if _, got := r.set(base); got == digest {
		t.Error("another picture leaves the digest")
	}
}

func TestSetUnderFaults(t *testing.T) {
	set := func(r *rig) ([]push.Piece, error) {
		r.pictures["/a.png"] = asPNG(corners(40, 30))
		e := push.Edition{Mark: mark, Items: []push.EditionItem{{Title: "题"}}}
		pieces, _, err := r.Set(t.Context(), e, articles(article("题", `<p>正文</p><img src="`+r.portal+`/a.png">`)))
		return pieces, err
	}
	for _, path := range []string{bodyPath, coverPath} {
		for _, fault := range []string{"drop_reply", "cut_reply", "http_500"} {
			t.Run(path+" "+fault, func(t *testing.T) {
				r := newRig(t, serviceAccount())
				r.fault(path, fault, 1, 0)
				_, err := set(r)
				if ce := r.failed(err); !ce.Retry || ce.Doubt || ce.Call != path {
					t.Errorf("an upload may be repeated: %+v", *ce)
				}
				if _, err := set(r); err != nil {
					t.Error(err)
				}
			})
		}
		t.Run(path+" refused picture", func(t *testing.T) {
			r := newRig(t, serviceAccount())
			r.fault(path, "errcode", 1, 40005)
			pieces, err := set(r)
			if err != nil || pieces[0].CoverID == "" || strings.Contains(pieces[0].Content, "<img") == (path == bodyPath) {
				t.Errorf("an article must go without a picture that WeChat refuses: %+v, %v", pieces, err)
			}
		})
	}
}

func FuzzPicture(f *testing.F) {
	small := corners(8, 4)
	for _, seed := range [][]byte{
		asJPEG(small), asPNG(small), asGIF(small), asBMP(small), asWebP(f), bomb(), turned(small, 6, binary.LittleEndian, "II"), nil,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if conf, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && conf.Width*conf.Height > 1<<20 {
			t.Skip("slow, and tested elsewhere")
		}
		out, err := wechat.BodyPicture(data)
		if err != nil {
			return
		}
		if _, format, err := image.Decode(bytes.NewReader(out)); err != nil || (format != "png" && format != "jpeg") || len(out) >= 1<<20 {
			t.Errorf("made %s, %d bytes, %v", format, len(out), err)
		}
	})
}
