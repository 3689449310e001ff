package feeds

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"slices"
	"strings"
)

// trackers are query parameters that tell where a reader came from, not what is read.
var trackers = []string{"spm", "from", "fbclid", "gclid", "isappinstalled", "scene", "nsukey", "share_token", "wxfrom", "sharefrom", "timestamp_share"}

// ArticleID returns the public id of the article whose first key is key, in the portal with this site.tag:
// 128 bits of SHA-256 in hexadecimal. The same tag and key give the same id in a rebuilt database.
func ArticleID(tag, key string) string {
	sum := sha256.Sum256([]byte(tag + "\n" + key))
	return hex.EncodeToString(sum[:16])
}

// URLKey returns the key of an absolute URL: without scheme, "www.", default port, fragment and tracking parameters,
// the host in lower case, the query sorted. It returns "" for what is no absolute http or https URL.
func URLKey(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		host += ":" + port
	}
	key := host + cleanPath(u.EscapedPath())
	if q := cleanQuery(u.Query()); q != "" {
		key += "?" + q
	}
	return key
}

func cleanPath(p string) string {
	if p == "" {
		return "/"
	}
	clean := path.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

func cleanQuery(q url.Values) string {
	for name := range q {
		if strings.HasPrefix(name, "utm_") || slices.Contains(trackers, strings.ToLower(name)) {
			q.Del(name)
		}
	}
	return q.Encode()
}

// GUIDKey returns the key of a guid inside a source, or "" for an empty guid.
func GUIDKey(source, guid string) string {
	if guid = strings.TrimSpace(guid); guid == "" {
		return ""
	}
	return "guid:" + source + ":" + guid
}

// Keys returns the keys of an item of src, the identifying one first, then its aliases: they let an article survive a
// changed guid, a moved path and a redirect. Under [KeyGUID] URLs are no keys at all, since such a source re-uses
// them. Keys is empty when the item has neither.
func Keys(src Source, it Item) []string {
	guid := GUIDKey(src.ID, it.GUID)
	if src.Key == KeyGUID && guid != "" {
		return []string{guid}
	}
	var keys []string
	for _, k := range append([]string{URLKey(it.URL), guid}, aliasKeys(it)...) {
		if k != "" && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

func aliasKeys(it Item) []string {
	keys := make([]string, len(it.Aliases))
	for i, a := range it.Aliases {
		keys[i] = URLKey(a)
	}
	return keys
}
