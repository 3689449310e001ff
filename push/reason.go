package push

import "strings"

// Reason is the closed set of why an edition or a delivery is not simply on its way; it is a metric label. Each has a
// plain-words explanation, see [Reason.Explain].
type Reason string

// The reasons.
const (
	ReasonStopped     Reason = "stopped"      // the red button
	ReasonDryRun      Reason = "dry_run"      // the account is on trial
	ReasonExpired     Reason = "expired"      // its slot's grace is over
	ReasonNothingNew  Reason = "nothing_new"  // a slot without candidates
	ReasonTooFew      Reason = "too_few"      // fewer than min_articles
	ReasonNoQuota     Reason = "no_quota"     // our own count of WeChat's quota
	ReasonTaken       Reason = "taken"        // the slot has its edition already
	ReasonUnsupported Reason = "unsupported"  // the account cannot serve the channel's kind
	ReasonNoAccount   Reason = "no_account"   // the account is no longer configured
	ReasonNoChannel   Reason = "no_channel"   // the channel is no longer configured
	ReasonTitle       Reason = "title_length" // title over WeChat's limit, and the channel holds such
	ReasonWithdrawn   Reason = "withdrawn"    // the portal took it back before it left
	ReasonCorrected   Reason = "corrected"    // the portal corrected it after its draft was made

	ReasonNoAnswer      Reason = "no_answer"   // no reply, or a cut one: the call may have had its effect
	ReasonUnseen        Reason = "unseen"      // looked for too late to prove anything
	ReasonOver24h       Reason = "over_24h"    // WeChat has forgotten the clientmsgid
	ReasonNoOutcome     Reason = "no_outcome"  // submitted, but WeChat never said how it went
	ReasonNetwork       Reason = "network"     // WeChat was not reached; nothing was sent
	ReasonBusy          Reason = "wechat_busy" // system error or too many calls a minute
	ReasonQuotaUsed     Reason = "quota_used"  // WeChat's word: the daily or monthly number is used up
	ReasonToken         Reason = "token_refused"
	ReasonSecret        Reason = "secret_wrong"
	ReasonIP            Reason = "ip_not_allowed"
	ReasonForbidden     Reason = "api_unauthorized"
	ReasonContent       Reason = "content_refused"
	ReasonImage         Reason = "image_refused"
	ReasonMediaGone     Reason = "media_gone" // the cover or the draft is no longer at WeChat
	ReasonOriginal      Reason = "originality"
	ReasonAdmin         Reason = "admin_refused"
	ReasonAdminLate     Reason = "admin_timeout"
	ReasonNobody        Reason = "nobody_reached"
	ReasonPartly        Reason = "partly_sent" // WeChat calls it failed, but some followers have it
	ReasonSendFailed    Reason = "send_failed"
	ReasonReviewLate    Reason = "review_late"    // nobody decided in time
	ReasonRejected      Reason = "rejected"       // a reviewer said no
	ReasonPublishFailed Reason = "publish_failed" // WeChat's word on a publication
	ReasonRemoved       Reason = "removed"        // it was out, and then its owner or WeChat took it down
	ReasonUnsure        Reason = "unsure"         // some notices had no answer: those followers may or may not have it
	ReasonRefused       Reason = "not_accepted"   // the follower does not take notices of this template
	ReasonAdminSaid     Reason = "admin_said"     // an admin looked and said what became of it
	ReasonInternal      Reason = "internal"
)

// An explanation says what happened and what to do.
type explanation struct {
	what, todo string
	transient  bool // may pass by itself
}

// explain returns the table of all reasons.
func explain() map[Reason]explanation {
	return map[Reason]explanation{
		ReasonStopped:       {"推送已被停止", "确认无误后运行 wefeed push start 恢复；宽限期内的版次会继续发出", true},
		ReasonDryRun:        {"账号处于试运行，什么也不会发出", "核对日志中的版次，无误后把该账号的 dry_run 改为 false", true},
		ReasonExpired:       {"超过推送时段的宽限期，已作废", "文章会在下一时段重新入选；也可用 wefeed push now 立即推送", false},
		ReasonNothingNew:    {"没有新文章", "无需处理", true},
		ReasonTooFew:        {"新文章不足 min_articles 篇", "无需处理，攒够后在下一时段发出", true},
		ReasonNoQuota:       {"本日或本月的群发次数已用完", "等待额度恢复，文章会顺延到下一时段", true},
		ReasonTaken:         {"该时段已有版次", "无需处理", true},
		ReasonUnsupported:   {"账号类型不支持这种推送", "改用 draft 渠道，或为账号完成认证", false},
		ReasonNoAccount:     {"配置中已没有这个公众号", "恢复账号配置，或删除使用它的渠道", false},
		ReasonNoChannel:     {"配置中已没有这个推送渠道", "恢复渠道配置；宽限期内的版次会继续发出，否则作废", true},
		ReasonTitle:         {"标题超过微信的 32 字上限", "为文章拟一个推送标题，或把渠道的 long_title 设为 cut", false},
		ReasonWithdrawn:     {"门户在发出前撤下了文章", "无需处理；若草稿已在草稿箱，请在公众平台删除", false},
		ReasonCorrected:     {"门户在草稿生成后更正了文章", "无需处理，更正后的文章会重新入选；旧草稿请在公众平台删除", false},
		ReasonNoAnswer:      {"微信没有答复，调用可能已经生效", "系统会自动核查，请勿手工重发", true},
		ReasonUnseen:        {"核查得太晚，无法确定草稿是否生成", "请在公众平台草稿箱查看该版次是否存在，再告知系统", false},
		ReasonOver24h:       {"超过 24 小时仍无法确认群发是否完成", "请在公众平台的发表记录中核对后告知系统，切勿直接重发", false},
		ReasonNoOutcome:     {"群发已提交，但微信一直没有告知结果", "请在公众平台的发表记录中核对", false},
		ReasonNetwork:       {"连接不上微信服务器", "检查服务器的网络；系统会自动重试", true},
		ReasonBusy:          {"微信服务器繁忙或调用过于频繁", "无需处理，系统会自动重试", true},
		ReasonQuotaUsed:     {"微信告知额度已用完", "等待额度恢复，文章会顺延到下一时段", false},
		ReasonToken:         {"微信拒绝了 access_token", "系统会自动换取；若持续出现，请确认没有别的程序在用普通接口刷新凭据", true},
		ReasonSecret:        {"AppID 或 AppSecret 不正确，或已被冻结", "在公众平台核对并更新配置中的 secret", false},
		ReasonIP:            {"服务器的地址不在公众号的 IP 白名单中", "把提示中的地址加入公众平台的 IP 白名单", false},
		ReasonForbidden:     {"公众号没有这个接口的权限", "确认账号类型与认证状态，或改用 draft 渠道", false},
		ReasonContent:       {"微信拒绝了文章内容", "查看提示中的错误码，修改文章后重新推送", false},
		ReasonMediaGone:     {"封面或草稿已从公众号的素材库或草稿箱中删除", "无需处理：文章会在下一时段重新入选，封面重新上传", false},
		ReasonImage:         {"微信拒绝了图片", "更换图片，或去掉图片后重新推送", false},
		ReasonOriginal:      {"原创校验未通过", "更换文章，或取得转载许可", false},
		ReasonAdmin:         {"管理员拒绝了群发确认", "与账号管理员确认后重新推送", false},
		ReasonAdminLate:     {"管理员 30 分钟内没有确认群发", "请管理员留意确认消息后重新推送", false},
		ReasonNobody:        {"群发成功但没有任何粉丝收到", "检查粉丝数与本月额度", false},
		ReasonPartly:        {"群发没有全部完成，只有一部分粉丝收到", "请在公众平台的发表记录中核对，切勿再次发送，以免粉丝重复收到", false},
		ReasonSendFailed:    {"微信告知群发失败", "查看提示中的原因后重新推送", false},
		ReasonReviewLate:    {"审核没有在期限内完成", "按渠道的 review_late 处理：作废的文章会重新入选，扣住的仍可审核", false},
		ReasonRejected:      {"审核人退回了这一版次", "修改后文章会在下一时段重新入选", false},
		ReasonPublishFailed: {"微信告知发布失败", "在公众平台草稿箱中打开该草稿查看原因，修改后重新推送", false},
		ReasonRemoved:       {"发布后已被删除或被微信封禁", "请在公众平台的发表记录中核对", false},
		ReasonUnsure:        {"部分粉丝的通知没有得到答复，是否收到无法确定", "无需处理：这些粉丝不会再次通知", false},
		ReasonRefused:       {"粉丝没有订阅这类通知", "无需处理", false},
		ReasonAdminSaid:     {"管理员核对后告知的结果", "无需处理", false},
		ReasonInternal:      {"系统内部错误", "查看日志；若持续出现请报告给开发者", true},
	}
}

// Reasons returns the closed set.
func Reasons() []Reason {
	var all []Reason
	for r := range explain() {
		all = append(all, r)
	}
	return all
}

// Explain says in plain words what happened and what to do.
func (r Reason) Explain() (what, todo string) {
	e := explain()[r]
	return e.what, e.todo
}

// Transient reports whether what is behind the reason may pass by itself, so that waiting is sensible.
func (r Reason) Transient() bool { return explain()[r].transient }

// AboutContent reports whether the reason lies in the articles: sent again as they are, they are refused again.
func (r Reason) AboutContent() bool {
	return r == ReasonContent || r == ReasonImage || r == ReasonOriginal
}

// massFailure is the reason behind the status of a MASSSENDJOBFINISH event that is not a success.
func massFailure(status string) Reason {
	code := strings.TrimSuffix(strings.TrimPrefix(status, "err("), ")")
	switch code {
	case "40001":
		return ReasonAdmin
	case "40002":
		return ReasonAdminLate
	case "20013", "30001", "30002", "30003":
		return ReasonOriginal
	case "10001", "20001", "20002", "20004", "20006", "20008", "21000", "22000":
		return ReasonContent
	}
	return ReasonSendFailed
}
