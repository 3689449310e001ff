package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wefeed/internal/app"
	"wefeed/push/wechat/sandbox"
)

// The sandbox's defaults fit config.example.yaml.
const (
	defaultAccount      = "wxdemo:demo-secret:service"
	defaultCallbackPath = "/wechat/wxdemo"
	defaultCallback     = "http://127.0.0.1:8080" + defaultCallbackPath
	defaultToken        = "demo-token"
)

func newSandbox() *cobra.Command {
	var (
		logs  logFlags
		addr  string
		setup sandboxSetup
	)
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "运行微信沙箱 · Run the WeChat sandbox",
		Long:  "Runs a simulator of the WeChat server. docs/sandbox.md tells what it answers, and how to make it fail.",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := logs.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return serveOne(cmd, "sandbox", addr, log, func(base string) (http.Handler, func() error, error) {
				setup.base, setup.now, setup.log = base, time.Now, log
				sb, err := newSandboxServer(setup)
				if err != nil {
					return nil, nil, err
				}
				return sb, sb.Close, nil
			})
		},
	}
	logs.register(cmd)
	cmd.Flags().StringVar(&addr, "listen", "127.0.0.1:8082", "监听地址 · address to listen on")
	cmd.Flags().StringArrayVar(&setup.accounts, "account", []string{defaultAccount}, "appid:secret:kind，kind 为 service、subscription 或 unverified，可重复 · an account, repeatable")
	cmd.Flags().StringVar(&setup.callback, "callback", defaultCallback, "事件推送地址 · where events are sent")
	cmd.Flags().StringVar(&setup.token, "token", defaultToken, "回调签名用的 Token · signs callbacks")
	cmd.Flags().StringVar(&setup.aesKey, "aes-key", "", "EncodingAESKey；设置则为安全模式 · set = safe mode")
	cmd.Flags().StringVar(&setup.state, "state", "", "状态文件；空则只在内存 · file to keep the state in; none: memory")
	return cmd
}

// A sandboxSetup is the sandbox as its flags say it.
type sandboxSetup struct {
	base, state             string
	accounts                []string // appid:secret:kind
	callback, token, aesKey string
	now                     func() time.Time
	log                     *slog.Logger
}

func newSandboxServer(s sandboxSetup) (*sandbox.Sandbox, error) {
	if n := len(s.aesKey); n != 0 && n != 43 {
		return nil, usageError{fmt.Errorf("an EncodingAESKey has 43 characters, not %d", n)}
	}
	var accounts []sandbox.AccountOptions
	for _, spec := range s.accounts {
		parts := strings.Split(spec, ":")
		if len(parts) != 3 {
			return nil, usageError{errors.New("an account is appid:secret:kind")}
		}
		if !slices.Contains([]string{"service", "subscription", "unverified"}, parts[2]) {
			return nil, usageError{fmt.Errorf("the kind of an account is service, subscription or unverified, not %q", parts[2])}
		}
		accounts = append(accounts, sandbox.AccountOptions{
			AppID: parts[0], Secret: parts[1], Kind: sandbox.Kind(parts[2]), CallbackURL: s.callback, Token: s.token, AESKey: s.aesKey,
		})
	}
	client, err := app.LoopbackClient()
	if err != nil {
		return nil, err
	}
	sb, err := sandbox.New(sandbox.Options{BaseURL: s.base, Accounts: accounts, StateFile: s.state, Client: client, Now: s.now, Logger: s.log})
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return sb, nil
}
