package portal

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

const (
	siteTitle   = "天津文明网（演示）"
	listLength  = 20 // items on a list page
	frontLength = 6  // items of a section on the front page
	sideLength  = 5  // related articles beside an article
)

//go:embed templates static media
var files embed.FS

// templates are the pages of both designs: the same content in other elements.
var templates = map[string]map[string]*template.Template{"a": parseDesign("a"), "b": parseDesign("b")}

func parseDesign(design string) map[string]*template.Template {
	pages := map[string]*template.Template{}
	for _, name := range []string{"front", "list", "article", "message"} {
		dir := "templates/" + design + "/"
		pages[name] = template.Must(template.ParseFS(files, dir+"layout.html", dir+name+".html"))
	}
	return pages
}

var (
	errNotFound = errors.New("there is no such page")
	errGone     = errors.New("the article was withdrawn")
)

func (p *Portal) newSite() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show(view.front))
	mux.HandleFunc("GET /{section}/{$}", p.show(view.list))
	mux.HandleFunc("GET /{section}/{page}", p.show(view.list))
	mux.HandleFunc("GET /{section}/{month}/{page}", p.show(view.article))
	mux.HandleFunc("GET /feeds/{name}", p.show(view.feed))
	mux.HandleFunc("GET /images/{name}", servePicture)
	mux.Handle("GET /static/{name}", http.FileServerFS(files))
	mux.Handle("GET /media/{name}", http.FileServerFS(files))
	mux.HandleFunc("GET /{section}", redirectToSection)
	mux.HandleFunc("GET /", p.show(func(view, *http.Request) (document, error) { return document{}, errNotFound }))
	return mux
}

func redirectToSection(w http.ResponseWriter, r *http.Request) {
	if s, ok := sectionByID(r.PathValue("section")); ok {
		http.Redirect(w, r, "/"+s.ID+"/", http.StatusMovedPermanently)
		return
	}
	http.NotFound(w, r)
}

// A view is the portal as one request finds it.
type view struct {
	*state
	base string
}

// A document is what a view makes: UTF-8, to be sent in the portal's charset.
type document struct {
	status int
	kind   string // media type
	text   string
}

// show answers with a document. Errors become pages.
func (p *Portal) show(render func(view, *http.Request) (document, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := view{p.current(), p.base}
		d, err := render(v, r)
		switch {
		case errors.Is(err, errGone) && !v.Mode.Gone404:
			d, err = v.message(http.StatusGone, "您访问的文章已被撤回")
		case errors.Is(err, errGone), errors.Is(err, errNotFound):
			d, err = v.message(http.StatusNotFound, "您访问的页面不存在")
		}
		if err != nil {
			p.log.Error("page not rendered", "path", r.URL.Path, "error", err)
			http.Error(w, "500 Internal Server Error", http.StatusInternalServerError)
			return
		}
		v.send(w, r, d)
	}
}

func (v view) send(w http.ResponseWriter, r *http.Request, d document) {
	body, err := v.encode(d.text)
	if err != nil {
		http.Error(w, "500 Internal Server Error", http.StatusInternalServerError)
		return
	}
	kind := d.kind
	if c := v.charset(); c != "" {
		kind += "; charset=" + c
	}
	w.Header().Set("Content-Type", kind)
	if d.status != http.StatusOK {
		w.WriteHeader(d.status)
		_, _ = w.Write(body) // the client may be gone
		return
	}
	w.Header().Set("ETag", etag(body))
	http.ServeContent(w, r, "", v.Changed, bytes.NewReader(body))
}

// encode writes a text in the portal's charset. GB18030 is GBK with a place for every other character.
func (v view) encode(text string) ([]byte, error) {
	if v.Mode.Charset == utf8Charset {
		return []byte(text), nil
	}
	return simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
}

// charset is the declared one.
func (v view) charset() string {
	if v.Mode.Charset == undeclaredCharset {
		return ""
	}
	return v.Mode.Charset
}

func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// A page is what every template gets.
type page struct {
	SiteTitle string
	Charset   string // declared in a meta element; empty: none
	Root      string // relative path to the front page
	Heading   string
	Trail     []section
	Nav       []section
	Section   section
	Message   string

	Latest []link  // front page
	Blocks []block // front page

	Items    []link // list page
	Previous string
	Next     string

	Article *article // article page
	Body    template.HTML
	Images  []string
	Related []link
}

// A link stands for an article in a list.
type link struct{ Href, Title, Day string }

// A block is a section on the front page.
type block struct {
	Section section
	Items   []link
}

func (v view) newPage(heading, root string) page {
	return page{SiteTitle: siteTitle, Charset: v.charset(), Root: root, Heading: heading, Nav: children("")}
}

func (v view) render(name string, data page) (document, error) {
	var b strings.Builder
	err := templates[v.Mode.Design][name].ExecuteTemplate(&b, "layout.html", data)
	return document{http.StatusOK, "text/html", b.String()}, err
}

func (v view) message(status int, text string) (document, error) {
	data := v.newPage(text, "/")
	data.Message = text
	d, err := v.render("message", data)
	d.status = status
	return d, err
}

func (v view) front(*http.Request) (document, error) {
	data := v.newPage("", "./")
	data.Latest = links("./", v.newest(""), 2*frontLength)
	for _, s := range sections {
		data.Blocks = append(data.Blocks, block{s, links("./", v.newest(s.ID), frontLength)})
	}
	return v.render("front", data)
}

// links are the first articles as a page links to them, root being its way to the front page.
func links(root string, articles []article, most int) []link {
	var all []link
	for _, a := range articles[:min(most, len(articles))] {
		all = append(all, link{root + a.Path[1:], a.Title, a.Published})
	}
	return all
}

func (v view) list(r *http.Request) (document, error) {
	s, ok := sectionByID(r.PathValue("section"))
	number, valid := pageNumber(r.PathValue("page"))
	if !ok || !valid {
		return document{}, errNotFound
	}
	articles := v.newest(s.ID)
	last := max(0, len(articles)-1) / listLength
	if number > last {
		return document{}, errNotFound
	}
	data := v.newPage(s.Title, "../")
	data.Section, data.Trail = s, trail(s.ID)
	if number > 0 {
		data.Previous = pageName(number - 1)
	}
	if number < last {
		data.Next = pageName(number + 1)
	}
	if !v.Mode.Empty {
		data.Items = links("../", articles[number*listLength:], listLength)
		for i, item := range data.Items {
			if inside, ok := strings.CutPrefix(item.Href, "../"+s.ID+"/"); ok {
				data.Items[i].Href = "./" + inside
			}
		}
	}
	return v.render("list", data)
}

// pageName is the address of a list page beside the others: the first has none, the second is index_1.html.
func pageName(number int) string {
	if number == 0 {
		return "./"
	}
	return fmt.Sprintf("index_%d.html", number)
}

func pageNumber(name string) (int, bool) {
	if name == "" || name == "index.html" {
		return 0, true
	}
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, "index_"), ".html"))
	return n, err == nil && n > 0 && name == pageName(n)
}

func (v view) article(r *http.Request) (document, error) {
	a, ok := v.byPath(r.URL.Path)
	switch {
	case !ok:
		return document{}, errNotFound
	case a.Withdrawn:
		return document{}, errGone
	}
	data := v.newPage(a.Title, "../../")
	data.Article, data.Body, data.Trail = &a, template.HTML(a.Body), trail(a.Sections[0])
	data.Section = data.Trail[len(data.Trail)-1]
	for _, image := range a.Images {
		data.Images = append(data.Images, imageAddress(data.Root, image))
	}
	for _, other := range links(data.Root, v.newest(a.Sections[0]), sideLength+1) {
		if !strings.HasSuffix(other.Href, a.Path) && len(data.Related) < sideLength {
			data.Related = append(data.Related, other)
		}
	}
	return v.render("article", data)
}

func (v view) byPath(path string) (article, bool) {
	for _, a := range v.Articles {
		if a.Path == path {
			return a, true
		}
	}
	return article{}, false
}

// imageAddress is an image's address on a page: paths begin at the front page, whole addresses stay.
func imageAddress(root, image string) string {
	if strings.Contains(image, "://") {
		return image
	}
	return root + strings.TrimPrefix(image, "/")
}
