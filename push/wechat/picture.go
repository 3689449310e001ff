package wechat

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	stddraw "image/draw"
	_ "image/gif" // decoders
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"net/http"

	_ "golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

// WeChat's limits on pictures and ours.
const (
	maxPictureBytes = 10 << 20      // read from the portal
	maxPixels       = 40_000_000    // decoded: a picture of a few kB may claim gigabytes
	maxUploadBytes  = 1<<20 - 1<<10 // uploadimg takes less than 1 MB
	bodyWidth       = 1080          // pixels: a phone shows no more
	coverWidth      = 900           // of 900×383, the size of the 头条 cover
	coverHeight     = 383
)

// A picture is ready to be uploaded: jpeg or png, under WeChat's size.
type picture struct {
	data        []byte
	contentType string
}

func (p picture) hash() string {
	sum := sha256.Sum256(p.data)
	return hex.EncodeToString(sum[:])
}

// name is the file name that the upload carries. It tells nothing of ours.
func (p picture) name() string {
	if p.contentType == "image/png" {
		return p.hash()[:16] + ".png"
	}
	return p.hash()[:16] + ".jpg"
}

// errNoPicture is what a document is that cannot be shown as a picture.
var errNoPicture = errors.New("not a picture that can be sent")

// fetchPicture gets a picture of the portal.
func (a *Account) fetchPicture(ctx context.Context, src string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, src, nil)
	if err != nil {
		return nil, errNoPicture
	}
	req.Header.Set("Accept", "image/jpeg, image/png;q=0.9, image/*;q=0.5")
	resp, err := a.Images.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxPictureBytes+1))
	if err == nil && len(data) > maxPictureBytes {
		err = errors.New("larger than 10 MB")
	}
	return data, err
}

// decode reads a picture after a look at its header: size and kind are known before any pixel is.
func decode(data []byte) (image.Image, string, error) {
	conf, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || conf.Width <= 0 || conf.Height <= 0 || int64(conf.Width)*int64(conf.Height) > maxPixels {
		return nil, "", errNoPicture
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, "", errNoPicture
	}
	if format == "jpeg" {
		img = upright(img, orientation(data))
	}
	return img, format, nil
}

// bodyPicture makes a picture fit for a text. A jpeg or png that fits already is sent as it is.
func bodyPicture(data []byte) (picture, error) {
	img, format, err := decode(data)
	if err != nil {
		return picture{}, err
	}
	fits := len(data) < maxUploadBytes && img.Bounds().Dx() <= 2*bodyWidth
	if fits && (format == "png" || format == "jpeg" && orientation(data) == 1) {
		return picture{data, "image/" + format}, nil
	}
	return compress(shrink(img, bodyWidth))
}

// coverPicture makes a cover: a jpeg no wider than WeChat shows it, cut to the middle where it is much too tall or wide.
func coverPicture(data []byte) (picture, error) {
	img, _, err := decode(data)
	if err != nil {
		return picture{}, err
	}
	return compress(shrink(middle(img), coverWidth))
}

// middle cuts a picture that is taller than wide to a square, one that is wider than a 头条 cover to that: WeChat shows
// covers in these two shapes.
func middle(img image.Image) image.Image {
	b := img.Bounds()
	w, h := min(b.Dx(), max(1, b.Dy()*coverWidth/coverHeight)), min(b.Dy(), b.Dx())
	if w == b.Dx() && h == b.Dy() {
		return img
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	stddraw.Draw(out, out.Bounds(), img, b.Min.Add(image.Pt((b.Dx()-w)/2, (b.Dy()-h)/2)), stddraw.Src)
	return out
}

// compress encodes a picture as jpeg on white, ever smaller until it fits.
func compress(img image.Image) (picture, error) {
	flat := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	stddraw.Draw(flat, flat.Bounds(), image.White, image.Point{}, stddraw.Src)
	stddraw.Draw(flat, flat.Bounds(), img, img.Bounds().Min, stddraw.Over)
	var out image.Image = flat
	for _, quality := range []int{88, 80, 70, 60, 50, 40} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, out, &jpeg.Options{Quality: quality}); err != nil {
			return picture{}, err
		}
		if b.Len() < maxUploadBytes {
			return picture{b.Bytes(), "image/jpeg"}, nil
		}
		out = shrink(out, out.Bounds().Dx()*4/5)
	}
	return picture{}, errNoPicture
}

// shrink scales a picture down to a width; a narrower one stays.
func shrink(img image.Image, width int) image.Image {
	b := img.Bounds()
	if b.Dx() <= width {
		return img
	}
	small := image.NewRGBA(image.Rect(0, 0, width, max(1, b.Dy()*width/b.Dx())))
	draw.CatmullRom.Scale(small, small.Bounds(), img, b, draw.Over, nil)
	return small
}

const waves = 4

// drawnCover is the cover of an article without pictures: calm waves in a colour of its own, drawn from seed.
func drawnCover(seed string) (picture, error) {
	h := fnv.New32a()
	_, _ = io.WriteString(h, seed)
	n := float64(h.Sum32() % 360)
	palette := make(color.Palette, waves+1)
	for depth := range palette {
		palette[depth] = hue(n, 0.92-0.11*float64(depth))
	}
	img := image.NewPaletted(image.Rect(0, 0, coverWidth, coverHeight), palette)
	for x := range coverWidth {
		for wave := 1; wave <= waves; wave++ {
			w := float64(wave)
			edge := coverHeight*w/5 + 26*math.Sin(float64(x)/(90+20*w)+w*1.7+n)
			for y := int(edge) + 1; y < coverHeight; y++ {
				img.SetColorIndex(x, y, uint8(wave))
			}
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return picture{b.Bytes(), "image/png"}, err
}

// hue is a quiet colour of this angle and lightness.
func hue(angle, light float64) color.RGBA {
	part := func(shift float64) uint8 {
		return uint8(255 * light * (0.82 + 0.18*math.Cos((angle+shift)*math.Pi/180)))
	}
	return color.RGBA{part(0), part(120), part(240), 255}
}
