package portal

import (
	"bytes"
	"hash/fnv"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// pictures are the portal's, each drawn when it is first asked for and the same every time.
var pictures = map[string]func() ([]byte, error){
	"haihe.jpg":      drawn("haihe.jpg", 800, 500),
	"qiao.jpg":       drawn("qiao.jpg", 900, 600),
	"guangchang.jpg": drawn("guangchang.jpg", 800, 450),
	"zhiyuanzhe.jpg": drawn("zhiyuanzhe.jpg", 800, 600),
	"shequ.jpg":      drawn("shequ.jpg", 640, 480),
	"xiangcun.jpg":   drawn("xiangcun.jpg", 900, 500),
	"shuwu.jpg":      drawn("shuwu.jpg", 700, 500),
	"xiaoyuan.jpg":   drawn("xiaoyuan.jpg", 800, 533),
	"dengcai.jpg":    drawn("dengcai.jpg", 640, 640),
	"quanjing.jpg":   drawn("quanjing.jpg", 2400, 1350),
	"haibao.png":     drawn("haibao.png", 600, 800),
}

func drawn(name string, width, height int) func() ([]byte, error) {
	return sync.OnceValues(func() ([]byte, error) {
		var b bytes.Buffer
		img := scene(name, width, height)
		if strings.HasSuffix(name, ".png") {
			err := png.Encode(&b, img)
			return b.Bytes(), err
		}
		err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
		return b.Bytes(), err
	})
}

func servePicture(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	picture, ok := pictures[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	b, err := picture()
	if err != nil {
		http.Error(w, "500 Internal Server Error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("ETag", etag(b))
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
}

// scene is a town by a river, under the sky that its name gives it.
func scene(name string, width, height int) *image.RGBA {
	h := fnv.New64a()
	h.Write([]byte(name))
	rnd := rand.New(rand.NewPCG(h.Sum64(), 1))
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	shore := height * 2 / 3
	sky := color.RGBA{uint8(90 + rnd.IntN(110)), uint8(130 + rnd.IntN(70)), uint8(190 + rnd.IntN(60)), 255}
	for y := range shore {
		fill(img, image.Rect(0, y, width, y+1), mix(sky, color.RGBA{255, 244, 228, 255}, y, shore))
	}
	sun := disc{image.Pt(width/6+rnd.IntN(width*2/3), shore/4+rnd.IntN(shore/4)), height / 14}
	draw.DrawMask(img, sun.Bounds(), image.NewUniform(color.RGBA{250, 226, 150, 255}), image.Point{}, sun, sun.Bounds().Min, draw.Over)
	for x := -rnd.IntN(width / 12); x < width; {
		x += house(img, rnd, x, shore)
	}
	water := color.RGBA{uint8(50 + rnd.IntN(40)), uint8(100 + rnd.IntN(40)), uint8(130 + rnd.IntN(40)), 255}
	for y := shore; y < height; y++ {
		fill(img, image.Rect(0, y, width, y+1), mix(water, color.RGBA{210, 228, 232, 255}, (y*7)%13, 26))
	}
	return img
}

// house draws one house that stands on the shore at x, and returns how far the next one is.
func house(img *image.RGBA, rnd *rand.Rand, x, shore int) int {
	size := img.Bounds().Size()
	wide, high := size.X/24+rnd.IntN(size.X/12), shore/6+rnd.IntN(shore/2)
	wall := color.RGBA{uint8(120 + rnd.IntN(90)), uint8(90 + rnd.IntN(70)), uint8(80 + rnd.IntN(60)), 255}
	fill(img, image.Rect(x, shore-high, x+wide, shore), wall)
	pane := max(4, size.X/120)
	for wy := shore - high + pane; wy < shore-2*pane; wy += 3 * pane {
		for wx := x + pane; wx <= x+wide-2*pane; wx += 2 * pane {
			if rnd.IntN(3) > 0 {
				fill(img, image.Rect(wx, wy, wx+pane, wy+pane), color.RGBA{250, 236, 190, 255})
			}
		}
	}
	return wide + rnd.IntN(size.X/20)
}

func fill(img *image.RGBA, r image.Rectangle, c color.Color) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// mix is the colour at part/whole of the way from a to b.
func mix(a, b color.RGBA, part, whole int) color.RGBA {
	at := func(x, y uint8) uint8 { return uint8(int(x) + (int(y)-int(x))*part/whole) }
	return color.RGBA{at(a.R, b.R), at(a.G, b.G), at(a.B, b.B), 255}
}

// A disc is a mask.
type disc struct {
	centre image.Point
	radius int
}

func (d disc) ColorModel() color.Model { return color.AlphaModel }

func (d disc) Bounds() image.Rectangle {
	return image.Rect(-d.radius, -d.radius, d.radius, d.radius).Add(d.centre)
}

func (d disc) At(x, y int) color.Color {
	dx, dy := x-d.centre.X, y-d.centre.Y
	if dx*dx+dy*dy < d.radius*d.radius {
		return color.Alpha{255}
	}
	return color.Alpha{}
}
