package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

// uploadImage is media/uploadimg: a picture for a text, jpg or png under 1 MB.
func (s *Sandbox) uploadImage(_ *account, c *call) (any, error) {
	data, err := upload(c)
	if err != nil {
		return nil, err
	}
	typ := http.DetectContentType(data)
	switch {
	case typ != "image/jpeg" && typ != "image/png":
		return nil, refuse(40005, "invalid file type")
	case len(data) >= s.limits.ImageBytes:
		return nil, refuse(40009, "invalid image size")
	}
	name, err := s.storeImage(typ, data)
	if err != nil {
		return nil, err
	}
	return map[string]any{"url": s.imageURL(name)}, nil
}

// addMaterial is material/add_material: a permanent picture, as covers need.
func (s *Sandbox) addMaterial(a *account, c *call) (any, error) {
	data, err := upload(c)
	if err != nil {
		return nil, err
	}
	typ := http.DetectContentType(data)
	kind := c.query.Get("type")
	pictures := map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, "image/bmp": true}
	switch {
	case kind != "image" && kind != "thumb":
		return nil, refuse(40004, "invalid media type")
	case !pictures[typ] || (kind == "thumb" && typ != "image/jpeg"):
		return nil, refuse(40005, "invalid file type")
	case len(data) > s.limits.CoverBytes || (kind == "thumb" && len(data) > 64<<10):
		return nil, refuse(40009, "invalid image size")
	}
	name, err := s.storeImage(typ, data)
	if err != nil {
		return nil, err
	}
	mediaID := s.random(64)
	a.Materials[mediaID] = material{File: name}
	answer := map[string]any{"media_id": mediaID, "item": []any{}}
	if kind == "image" {
		answer["url"] = s.imageURL(name)
	}
	return answer, nil
}

// upload reads the part "media" of a multipart body.
func upload(c *call) ([]byte, error) {
	missing := refuse(41005, "media data missing")
	_, params, err := mime.ParseMediaType(c.http.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, missing
	}
	for r := multipart.NewReader(bytes.NewReader(c.body), params["boundary"]); ; {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) || err != nil {
			return nil, missing
		}
		if part.FormName() != "media" || part.FileName() == "" {
			continue
		}
		data, err := io.ReadAll(part)
		if err != nil || len(data) == 0 {
			return nil, missing
		}
		return data, nil
	}
}

// storeImage keeps a picture under a name made from its bytes. s.mu is held.
func (s *Sandbox) storeImage(typ string, data []byte) (string, error) {
	sum := sha256.Sum256(data)
	ending := map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/bmp": ".bmp"}[typ]
	name := hex.EncodeToString(sum[:16]) + ending
	return name, s.keepImage(name, image{Type: typ, Data: data})
}

func (s *Sandbox) imageURL(name string) string { return s.options.BaseURL + "/mmbiz/" + name }

// serveImage serves an uploaded picture.
func (s *Sandbox) serveImage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	img, ok := s.state.Images[r.PathValue("file")]
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", img.Type)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(img.Data)
}
