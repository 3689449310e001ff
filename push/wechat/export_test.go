package wechat

import (
	"time"

	"wefeed/feeds"
)

// Render sets an article and gives each picture the address that is asked of it.
func Render(a feeds.Article, zone *time.Location, address func(i int) string) (string, error) {
	r, err := render(a, zone)
	return r.fill(address), err
}

// BodyPicture and CoverPicture make a picture fit for WeChat.
func BodyPicture(data []byte) ([]byte, error)  { p, err := bodyPicture(data); return p.data, err }
func CoverPicture(data []byte) ([]byte, error) { p, err := coverPicture(data); return p.data, err }
