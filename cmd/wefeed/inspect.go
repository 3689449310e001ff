package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wefeed/config"
	"wefeed/feeds"
	"wefeed/feeds/source"
	"wefeed/internal/app"
)

// maxInspected bounds a file that is looked at, in bytes; the gateway itself reads no more of a document.
const maxInspected = 15 << 20

// inspectZone is the zone of dates without a configuration.
const inspectZone = "Asia/Shanghai"

type inspection struct {
	conf             configFlag
	section          string
	url, contentType string
	json             bool
}

func newInspect() *cobra.Command {
	var in inspection
	cmd := &cobra.Command{
		Use:   "inspect",
		Short: "看看程序从网页或订阅源里读到什么 · What the reader sees in a page or feed",
		Long: `Reads one document and prints what the gateway would take from it. Nothing is stored. A FILE is read from disk, and
nothing is fetched; --url then names the address that its links are relative to. With -c FILE --section ID that
section's selectors, charset and zone are used.`,
		Args: exactArgs(0),
		RunE: needsSubcommand,
	}
	cmd.AddCommand(
		in.command("feed", "RSS、Atom 或 JSON Feed · a feed", showFeed),
		in.command("list", "列表页 · a list page", showList),
		in.command("article", "文章页 · an article page", showArticle),
	)
	return cmd
}

// A show reads a document and returns what --json prints, and the same for people.
type show func(r *source.Reader, src feeds.Source, resp *feeds.Response) (object any, text string, err error)

func (in *inspection) command(name, short string, show show) *cobra.Command {
	cmd := &cobra.Command{
		Use: name + " FILE|URL", Short: short, Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return in.run(cmd, name, args[0], show) },
	}
	in.conf.register(cmd)
	cmd.Flags().StringVar(&in.section, "section", "", "使用配置中这个栏目的选择器 · use this section's selectors")
	cmd.Flags().StringVar(&in.url, "url", "", "文件原来的网址 · the address that FILE came from")
	cmd.Flags().StringVar(&in.contentType, "content-type", "", "文件原来的 Content-Type · the Content-Type that FILE came with")
	cmd.Flags().BoolVar(&in.json, "json", false, "输出一个 JSON 对象 · print one JSON object")
	return cmd
}

func (in *inspection) run(cmd *cobra.Command, name, target string, show show) error {
	cfg, src, zone, err := in.source(cmd, name)
	if err != nil {
		return err
	}
	resp, err := in.open(cmd, cfg, target)
	if err != nil {
		return err
	}
	reader, err := source.New(source.Options{Zone: zone})
	if err != nil {
		return err
	}
	object, text, err := show(reader, src, resp)
	if err != nil && name == "list" && resp.URL == "" {
		err = fmt.Errorf("%w（文件里的相对链接需要用 --url 给出原网址 · links in a file may be relative: --url names its address）", err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	if !in.json {
		_, err = io.WriteString(cmd.OutOrStdout(), text)
		return err
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(object)
}

// source is the section's source with --section, else one that knows nothing; cfg is nil without a configuration.
func (in *inspection) source(cmd *cobra.Command, name string) (cfg *config.Config, src feeds.Source, zone *time.Location, err error) {
	src = feeds.Source{ID: "inspect", Kind: feeds.KindList, Charset: "auto", Key: feeds.KeyURL}
	if name == "feed" {
		src.Kind = feeds.KindFeed
	}
	if in.conf.path == "" && in.section == "" {
		zone, err = time.LoadLocation(inspectZone)
		return nil, src, zone, err
	}
	if cfg, err = in.conf.load(cmd); err != nil {
		return nil, src, nil, err
	}
	if in.section != "" {
		if src, err = app.SectionSource(cfg, in.section, src.Kind); err != nil {
			return nil, src, nil, err
		}
	}
	return cfg, src, cfg.Site.Timezone, nil
}

// open reads the file, or fetches the URL.
func (in *inspection) open(cmd *cobra.Command, cfg *config.Config, target string) (*feeds.Response, error) {
	if strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://") {
		resp, err := app.Look(cmd.Context(), cfg, version, target)
		if err != nil {
			return nil, err
		}
		if in.url != "" {
			resp.URL = in.url
		}
		if in.contentType != "" {
			resp.ContentType = in.contentType
		}
		return resp, nil
	}
	f, err := os.Open(target)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxInspected+1))
	if err == nil && len(body) > maxInspected {
		err = fmt.Errorf("%s is larger than %d MiB", target, maxInspected>>20)
	}
	return &feeds.Response{Status: 200, URL: in.url, ContentType: in.contentType, Body: body}, err
}

func showFeed(r *source.Reader, src feeds.Source, resp *feeds.Response) (any, string, error) {
	l, err := r.ReadFeed(src, resp)
	if err != nil {
		return nil, "", err
	}
	return source.InspectFeed(l), listingText(l), nil
}

func showList(r *source.Reader, src feeds.Source, resp *feeds.Response) (any, string, error) {
	l, err := r.ReadList(src, resp)
	if err != nil {
		return nil, "", err
	}
	return source.InspectList(l), listingText(l), nil
}

func showArticle(r *source.Reader, src feeds.Source, resp *feeds.Response) (any, string, error) {
	p, err := r.ReadArticle(src, resp)
	if err != nil {
		return nil, "", err
	}
	var b strings.Builder
	facts(&b, [][2]string{
		{"标题 title", p.Title}, {"日期 date", printed(p.Published, p.Precision)}, {"来源 source", p.Origin}, {"作者 author", p.Author},
		{"编辑 editor", p.Editor}, {"编码 encoding", p.Encoding}, {"图片 images", strings.Join(p.Images, "\n    ")},
	})
	noted(&b, p.Warnings)
	fmt.Fprintf(&b, "\n%s\n", p.Text)
	return source.InspectArticle(p), b.String(), nil
}

func listingText(l *feeds.Listing) string {
	var b strings.Builder
	facts(&b, [][2]string{{"标题 title", l.Title}, {"链接 link", l.Link}, {"编码 encoding", l.Encoding}, {"条数 items", fmt.Sprint(len(l.Items))}})
	noted(&b, l.Warnings)
	for i, it := range l.Items {
		fmt.Fprintf(&b, "\n%3d. %s\n     %s  %s\n", i+1, it.Title, printed(it.Published, it.Precision), it.URL)
	}
	return b.String()
}

func facts(b *strings.Builder, rows [][2]string) {
	for _, row := range rows {
		if row[1] != "" {
			fmt.Fprintf(b, "%s: %s\n", row[0], row[1])
		}
	}
}

func noted(b *strings.Builder, warnings []string) {
	for _, w := range warnings {
		fmt.Fprintf(b, "注意 warning: %s\n", w)
	}
}

// printed is a date as precise as the page has it.
func printed(t time.Time, p feeds.Precision) string {
	switch {
	case t.IsZero():
		return ""
	case p == feeds.PrecisionDay:
		return t.Format("2006-01-02")
	case p == feeds.PrecisionMinute:
		return t.Format("2006-01-02 15:04 -07:00")
	}
	return t.Format("2006-01-02 15:04:05 -07:00")
}
