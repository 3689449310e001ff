package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"wefeed/internal/app"
	"wefeed/push"
)

func newEdition() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "edition",
		Short: "查看、审核版次 · Look at editions and review them",
		Args:  exactArgs(0),
		RunE:  needsSubcommand,
	}
	cmd.AddCommand(newEditionList(), newEditionShow(), newEditionApprove(), newEditionReject(), newEditionRetitle(), newEditionRemove(),
		newEditionSettle("sent", true, "结果不明的版次：核对后告知已发出 · An edition whose end is unknown: it was sent"),
		newEditionSettle("unsent", false, "结果不明的版次：核对后告知没有发出，文章重新入选 · An edition whose end is unknown: it was not sent"))
	return cmd
}

func newEditionList() *cobra.Command {
	var all, asJSON bool
	var limit int
	cmd := newRead("list", "列出未完结的版次 · List the editions that are not over", 0, func(o *app.Operator, cmd *cobra.Command, _ []string) error {
		editions, err := o.Editions(cmd.Context(), !all, limit)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), editions)
		}
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		for _, e := range editions {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", e.ID, e.Channel, e.State, e.Slot.In(o.Zone()).Format("2006-01-02 15:04"), len(e.Items), headline(e))
		}
		return w.Flush()
	})
	cmd.Flags().BoolVar(&all, "all", false, "也列出已完结的 · those that are over too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "输出 JSON · print JSON")
	cmd.Flags().IntVar(&limit, "limit", 50, "最多几期 · how many at most")
	return cmd
}

func headline(e push.Edition) string {
	if len(e.Items) == 0 {
		return ""
	}
	return e.Items[0].Title
}

func newEditionShow() *cobra.Command {
	var asJSON bool
	cmd := newRead("show ID", "查看一期：文章、审核、发送记录 · Show one edition: articles, review, ledger", 1, func(o *app.Operator, cmd *cobra.Command, args []string) error {
		d, pending, err := o.Dossier(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), d)
		}
		return showEdition(cmd.OutOrStdout(), d, pending, o.Zone())
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "输出 JSON · print JSON")
	return cmd
}

func showEdition(w io.Writer, d push.Dossier, pending []push.Stage, zone *time.Location) error {
	e := d.Edition
	var b strings.Builder
	fmt.Fprintf(&b, "版次 %s · 渠道 %s（%s，%s）· 状态 %s\n", e.ID, e.Channel, e.Kind, e.Audience, e.State)
	if e.Reason != "" {
		fmt.Fprintf(&b, "原因 %s：%s\n", e.Reason, e.Detail)
	}
	fmt.Fprintf(&b, "时段 %s，最迟 %s · 校验 %.8s\n\n", e.Slot.In(zone).Format("2006-01-02 15:04"), e.Expires.In(zone).Format("2006-01-02 15:04"), e.Digest)
	for i, it := range e.Items {
		fmt.Fprintf(&b, "%d. %s\n", i+1, it.Title)
		if i < len(e.Pieces) {
			fmt.Fprintf(&b, "   %s\n", e.Pieces[i].SourceURL)
		}
	}
	for _, a := range d.Approvals {
		state := ""
		if a.Digest != e.Digest {
			state = "（内容后来变了，已失效）"
		}
		fmt.Fprintf(&b, "\n%s %s %s %.8s%s %s", a.Stage, a.Who, a.At.In(zone).Format("2006-01-02 15:04"), a.Digest, state, a.Note)
	}
	for _, l := range d.Deliveries {
		fmt.Fprintf(&b, "\n%s：%s，第 %d 次 %s", l.Step, l.State, l.Attempt, l.Detail)
		for _, u := range l.URLs {
			fmt.Fprintf(&b, "\n   %s", u)
		}
	}
	b.WriteString("\n")
	if len(pending) > 0 && (e.State == push.InReview || e.Reason == push.ReasonReviewLate) {
		fmt.Fprintf(&b, "\n等待%s：wefeed edition approve %s --hash %.8s，或 wefeed edition reject %s --reason …\n", pending[0], e.ID, e.Digest, e.ID)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func newEditionApprove() *cobra.Command {
	var hash, note, stage, as string
	cmd := newOperate("approve ID", "通过一审 · Pass the next stage of the review", func(o *app.Operator, cmd *cobra.Command, _ string, args []string) error {
		return o.Approve(cmd.Context(), args[0], person(as), hash, note, push.Stage(stage))
	})
	cmd.Args = exactArgs(1)
	cmd.Flags().StringVar(&hash, "hash", "", "您看到的校验值，内容变了就不通过 · the hash that you saw; refused if the edition changed since")
	cmd.Flags().StringVar(&note, "note", "", "意见 · a note")
	cmd.Flags().StringVar(&stage, "stage", "", "初审、复审或终审；不写为下一审 · the stage you mean; left out: the next")
	asFlag(cmd, &as)
	return cmd
}

func newEditionReject() *cobra.Command {
	var as string
	cmd := newOperate("reject ID", "退回一期，须写明理由 · Send an edition back, with a reason", func(o *app.Operator, cmd *cobra.Command, why string, args []string) error {
		if why == "" {
			return usageError{errors.New("edition reject needs --reason TEXT")}
		}
		return o.Reject(cmd.Context(), args[0], person(as), why)
	})
	cmd.Args = exactArgs(1)
	asFlag(cmd, &as)
	return cmd
}

func newEditionRetitle() *cobra.Command {
	var as string
	cmd := newOperate("retitle ID N TITLE", "为第 N 篇另拟推送标题，至多 32 字 · Give the N-th article another title, at most 32 characters",
		func(o *app.Operator, cmd *cobra.Command, _ string, args []string) error {
			place, err := strconv.Atoi(args[1])
			if err != nil {
				return usageError{fmt.Errorf("%q is no number of an article", args[1])}
			}
			return o.Retitle(cmd.Context(), args[0], person(as), place, args[2])
		})
	cmd.Args = exactArgs(3)
	asFlag(cmd, &as)
	return cmd
}

func newEditionRemove() *cobra.Command {
	var as string
	var article int
	cmd := newOperate("remove ID", "删除已在微信的内容（草稿、发布或群发），无法恢复 · Remove what is at WeChat, for good",
		func(o *app.Operator, cmd *cobra.Command, _ string, args []string) error {
			return o.Remove(cmd.Context(), args[0], person(as), article)
		})
	cmd.Args = exactArgs(1)
	cmd.Flags().IntVar(&article, "article", 0, "只删第几篇，从 1 起；0 = 全部 · which article, from 1; 0 = all")
	asFlag(cmd, &as)
	return cmd
}

func newEditionSettle(use string, sent bool, short string) *cobra.Command {
	var as string
	cmd := newOperate(use+" ID", short, func(o *app.Operator, cmd *cobra.Command, why string, args []string) error {
		return o.Settle(cmd.Context(), args[0], person(as), sent, why)
	})
	cmd.Args = exactArgs(1)
	asFlag(cmd, &as)
	return cmd
}

func asFlag(cmd *cobra.Command, as *string) {
	cmd.Flags().StringVar(as, "as", "", "以谁的名义，记入审计；不写为系统用户 · who acts, for the audit trail; left out: the system's user")
}

func person(as string) string {
	if as != "" {
		return as
	}
	return actor()
}

// newRead is a command that only looks at the store.
func newRead(use, short string, args int, look func(*app.Operator, *cobra.Command, []string) error) *cobra.Command {
	var conf configFlag
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  exactArgs(args),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			cfg, err := conf.load(cmd)
			if err != nil {
				return err
			}
			o, err := app.NewOperator(cmd.Context(), cfg, actor())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, o.Close()) }()
			return look(o, cmd, args)
		},
	}
	conf.register(cmd)
	return cmd
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
