package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows is the whole table of who imports whom inside wefeed. A package that is missing here may import nothing of
// ours. Test files may, besides, use what testArrows says.
var arrows = map[string][]string{
	"feeds":           {},
	"feeds/fetch":     {"feeds"},
	"feeds/source":    {"feeds"},
	"feeds/syndicate": {"feeds"},
	"feeds/websub":    {"feeds"},
	"feeds/feedstest": {"feeds"},

	"push":                {"feeds"},
	"push/pushtest":       {"push", "feeds"},
	"push/wechat":         {"push", "feeds"},
	"push/wechat/sandbox": {},

	"config": {},

	"internal/browsertest": {"internal/need"},
	"internal/faultkit":    {},
	"internal/need":        {},

	"internal/outbound": {},
	"internal/pgtest":   {"internal/need"},
	"internal/portal":   {},
	"internal/store":    {"feeds", "push"},
	"internal/jobs":     {"internal/store"},
	"internal/web":      {"feeds", "push"},
	"internal/app": {
		"config", "feeds", "feeds/fetch", "feeds/source", "feeds/syndicate", "feeds/websub", "push", "push/wechat",
		"push/wechat/sandbox", "internal/jobs", "internal/outbound", "internal/portal", "internal/store", "internal/web",
	},
	"cmd/wefeed": {
		"config", "feeds", "feeds/source", "push", "push/wechat/sandbox", "internal/app", "internal/portal",
	},
}

var testArrows = map[string][]string{
	"feeds":             {"feeds/feedstest"},
	"feeds/syndicate":   {"internal/need"},
	"push":              {"push/pushtest", "internal/faultkit"},
	"push/wechat":       {"push/wechat/sandbox", "push/pushtest"},
	"internal/faultkit": {"internal/pgtest"},
	"internal/store":    {"feeds/feedstest", "push/pushtest", "internal/faultkit", "internal/pgtest"},
	"internal/jobs":     {"feeds/feedstest", "internal/pgtest"},
	"internal/web":      {"internal/browsertest"},
	"cmd/wefeed":        {"internal/faultkit", "internal/pgtest", "internal/need", "internal/browsertest"},
}

// only names the packages that may import an outside module.
var only = map[string][]string{
	"github.com/jackc/pgx":                   {"internal/store", "internal/pgtest"},
	"modernc.org/sqlite":                     {"internal/store"},
	"github.com/pressly/goose":               {"internal/store"},
	"github.com/riverqueue/river":            {"internal/store", "internal/jobs"},
	"github.com/gorilla/feeds":               {"feeds/syndicate"},
	"github.com/mmcdole/gofeed":              {"feeds/source"},
	"github.com/goccy/go-yaml":               {"config"},
	"github.com/spf13/cobra":                 {"cmd/wefeed"},
	"database/sql":                           {"internal/store", "internal/jobs", "internal/faultkit", "internal/pgtest"},
	"code.dny.dev/ssrf":                      {"internal/outbound"},
	"github.com/silenceper/wechat/v2":        {"push/wechat"},
	"github.com/robfig/cron":                 {"config"},
	"codeberg.org/readeck/go-readability/v2": {"feeds/source"},
	"github.com/chromedp":                    {"internal/browsertest"},
}

type file struct {
	pkg, path string
	test      bool
	syntax    *ast.File
}

func TestImports(t *testing.T) {
	for _, f := range goFiles(t, parser.ImportsOnly) {
		for _, spec := range f.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			checkImport(t, f, imported)
		}
	}
}

func checkImport(t *testing.T, f file, imported string) {
	t.Helper()
	if imported == "github.com/silenceper/wechat/v2" {
		t.Errorf("%s imports the SDK's root package, whose init logs everything", f.path)
	}
	if ours, ok := strings.CutPrefix(imported, "wefeed/"); ok {
		allowed := slices.Contains(arrows[f.pkg], ours) || ours == f.pkg
		if !allowed && !(f.test && slices.Contains(testArrows[f.pkg], ours)) {
			t.Errorf("%s: %s must not import %s", f.path, f.pkg, ours)
		}
		return
	}
	for module, users := range only {
		under := imported == module || strings.HasPrefix(imported, module+"/")
		if under && !f.test && !slices.Contains(users, f.pkg) {
			t.Errorf("%s: only %v may import %s", f.path, users, module)
		}
	}
}

// dialFree are uses that dial nothing: the SDK's one client gets a transport that hands each request to the guarded
// client of its account.
var dialFree = map[string]string{"push/wechat/exchange.go": "http.Client"}

// TestOnlyOutboundDials keeps every outgoing connection behind the guarded clients of internal/outbound. What stands between
// processes in tests, and is in no program, dials for itself.
func TestOnlyOutboundDials(t *testing.T) {
	dialers := []string{
		"http.Client", "http.Transport", "http.DefaultClient", "http.DefaultTransport", "http.Get", "http.Post",
		"http.Head", "http.PostForm", "net.Dialer", "net.Dial", "net.DialTimeout", "tls.Dial", "tls.Dialer",
	}
	for _, f := range goFiles(t, parser.SkipObjectResolution) {
		if f.test || f.pkg == "internal/outbound" || f.pkg == "internal/faultkit" {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if _, pointer := n.(*ast.StarExpr); pointer {
				return false // a *http.Client that is handed in
			}
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			used := x.Name + "." + sel.Sel.Name
			if slices.Contains(dialers, used) && dialFree[filepath.ToSlash(f.path)] != used {
				t.Errorf("%s uses %s: only internal/outbound makes what dials", f.path, used)
			}
			return true
		})
	}
}

func goFiles(t *testing.T, mode parser.Mode) []file {
	t.Helper()
	const root = "../.."
	var files []file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), path, nil, mode)
		rel, _ := filepath.Rel(root, path)
		files = append(files, file{filepath.ToSlash(filepath.Dir(rel)), rel, strings.HasSuffix(path, "_test.go"), syntax})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go files found")
	}
	return files
}
