package wechat

import (
	"bytes"
	"encoding/binary"
	"image"
)

// orientation reads the EXIF orientation of a jpeg (tag 0x0112): 1 to 8, 1 when there is none.
func orientation(data []byte) int {
	for pos := 2; pos+4 <= len(data) && data[pos] == 0xFF; {
		marker, size := data[pos+1], int(binary.BigEndian.Uint16(data[pos+2:]))
		end := min(pos+2+size, len(data))
		if marker == 0xE1 && pos+10 <= end && bytes.HasPrefix(data[pos+4:end], []byte("Exif\x00\x00")) {
			return tiffOrientation(data[pos+10 : end])
		}
		if marker == 0xDA || size < 2 {
			break
		}
		pos += 2 + size
	}
	return 1
}

func tiffOrientation(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if t[0] == 'M' {
		order = binary.BigEndian
	}
	first := int64(order.Uint32(t[4:]))
	if first+2 > int64(len(t)) {
		return 1
	}
	count := int64(order.Uint16(t[first:]))
	for i := range count {
		at := first + 2 + 12*i
		if at+12 > int64(len(t)) {
			break
		}
		if order.Uint16(t[at:]) == 0x0112 {
			if o := int(order.Uint16(t[at+8:])); o >= 1 && o <= 8 {
				return o
			}
		}
	}
	return 1
}

// upright turns a picture as its orientation says.
func upright(img image.Image, o int) image.Image {
	if o == 1 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	size := image.Rect(0, 0, w, h)
	if o >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			nx, ny := turned(o, x, y, w, h)
			out.Set(nx, ny, img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return out
}

// turned is where the pixel at x, y of a w×h picture belongs.
func turned(o, x, y, w, h int) (int, int) {
	switch o {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	}
	return y, w - 1 - x
}
