package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"

	"rsc.io/qr"
)

// An asset is a file below /static/, kept in memory.
type asset struct {
	body []byte
	mime string
	tag  string
}

func newAsset(name string, body []byte) asset {
	typ := map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}[path.Ext(name)]
	if typ == "" {
		typ = mime.TypeByExtension(path.Ext(name))
	}
	sum := sha256.Sum256(body)
	return asset{body, typ, `"` + hex.EncodeToString(sum[:12]) + `"`}
}

// loadAssets collects the embedded files and the drawn codes, by their names below /static/.
func loadAssets(codes []codeFile) (map[string]asset, error) {
	assets := map[string]asset{}
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(static, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(static, name)
		assets[name] = newAsset(name, body)
		return err
	})
	for _, c := range codes {
		assets[c.picture] = newAsset(c.picture, c.body)
		if c.print != nil {
			assets[c.vector] = newAsset(c.vector, c.print)
		}
	}
	return assets, err
}

func (s *Server) static(w http.ResponseWriter, r *http.Request) error {
	a, ok := s.assets[strings.TrimPrefix(r.URL.Path, "/static/")]
	if !ok {
		return errNotFound
	}
	h := w.Header()
	h.Set("ETag", a.tag)
	h.Set("Cache-Control", "public, max-age=3600")
	if matches(r.Header.Get("If-None-Match"), a.tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", a.mime)
	if a.mime == "image/svg+xml" {
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body)
	}
	return nil
}

// A codeFile is a 扫描关注 code ready to be shown: a picture, since WeChat recognises nothing else by a long press, and a
// vector for print.
type codeFile struct {
	Code
	picture string // below /static/
	vector  string // "" when the code is a ready picture
	body    []byte
	print   []byte
}

// Picture and Vector are the code's addresses.
func (c codeFile) Picture() string { return "/static/" + c.picture }

// Vector is the address for print, "" when there is none.
func (c codeFile) Vector() string {
	if c.vector == "" {
		return ""
	}
	return "/static/" + c.vector
}

func drawCodes(codes []Code) ([]codeFile, error) {
	var drawn []codeFile
	for i, c := range codes {
		f := codeFile{Code: c, picture: fmt.Sprintf("qr/%d.png", i+1)}
		var err error
		switch {
		case c.Image != "":
			f.picture = fmt.Sprintf("qr/%d%s", i+1, strings.ToLower(path.Ext(c.Image)))
			f.body, err = os.ReadFile(c.Image)
		default:
			f.vector = fmt.Sprintf("qr/%d.svg", i+1)
			f.body, f.print, err = drawCode(c.Text)
		}
		if err != nil {
			return nil, fmt.Errorf("code %q: %w", c.Title, err)
		}
		drawn = append(drawn, f)
	}
	return drawn, nil
}

// quiet is the white border that scanners need, in modules; scale, the pixels of a module.
const (
	quiet = 4
	scale = 9
)

// drawCode draws a QR code as PNG and as SVG.
func drawCode(text string) (pngBytes, svg []byte, err error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, nil, err
	}
	size := code.Size + 2*quiet
	img := image.NewPaletted(image.Rect(0, 0, size*scale, size*scale), color.Palette{color.White, color.Black})
	var modules strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if !code.Black(x, y) {
				continue
			}
			fmt.Fprintf(&modules, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			for dy := range scale {
				for dx := range scale {
					img.SetColorIndex((x+quiet)*scale+dx, (y+quiet)*scale+dy, 1)
				}
			}
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	svg = fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`, size, size, size, size, modules.String())
	return b.Bytes(), svg, err
}
