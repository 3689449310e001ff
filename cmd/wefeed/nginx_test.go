package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wefeed/internal/need"
)

// TestBehindNginx: with nginx in front, as docs and habit set it up, a feed keeps its validators and its encoding, and each
// reader is counted by his own address.
func TestBehindNginx(t *testing.T) {
	t.Parallel()
	nginx := need.Program(t, "nginx", "/usr/sbin/nginx")
	portal := launch(t, 1, "portal", "--listen", "127.0.0.1:0")["portal"]
	file := filepath.Join(t.TempDir(), "config.yaml")
	err := os.WriteFile(file, fmt.Appendf(nil, `
listen: 127.0.0.1:0
site: {title: 示范网, url: "https://feeds.example.cn", tag: "example.cn,2026"}
network: {allow: [127.0.0.0/8], trusted_proxies: [127.0.0.0/8]}
feeds: {reader_limit: 3/d}
sections:
  - {id: zhiyuan, title: 志愿, schedule: "@every 1h", sources: [{list: "%s/zhiyuan/"}]}
`, portal), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	gateway := launch(t, 1, "serve", "-c", file)["gateway"]
	waitFor(t, gateway+"/feeds/zhiyuan.atom", "<entry>")
	for name, c := range map[string]struct{ setting, encoding string }{
		"plain":             {"gzip off;", "gzip"},
		"packing too":       {"gzip on; gzip_types *; gzip_proxied any;", "gzip"},
		"packing by itself": {`gzip on; gzip_types *; gzip_proxied any; proxy_set_header Accept-Encoding "";`, "gzip"},
		"packing nothing":   {`gzip off; proxy_set_header Accept-Encoding "";`, ""},
	} {
		t.Run(name, func(t *testing.T) { checkProxied(t, startNginx(t, nginx, gateway, c.setting), c.encoding) })
	}
	t.Run("readers", func(t *testing.T) { checkReaders(t, startNginx(t, nginx, gateway, "gzip off;")) })
}

// checkProxied reads a feed with gzip and without, and again by its tag.
func checkProxied(t *testing.T, at, encoding string) {
	t.Helper()
	for accept, want := range map[string]string{"gzip": encoding, "identity": ""} {
		response, body := through(t, at, "Accept-Encoding", accept)
		tag := response.Header.Get("ETag")
		if response.StatusCode != http.StatusOK || response.Header.Get("Content-Encoding") != want || tag == "" || len(body) == 0 {
			t.Fatalf("Accept-Encoding %s: %d %v", accept, response.StatusCode, response.Header)
		}
		if want == "" && !strings.Contains(string(body), "</feed>") {
			t.Errorf("Accept-Encoding %s: the feed is cut: %.200q", accept, body)
		}
		response, body = through(t, at, "Accept-Encoding", accept, "If-None-Match", tag)
		if response.StatusCode != http.StatusNotModified || len(body) > 0 {
			t.Errorf("Accept-Encoding %s, again with %s: %d, %d bytes", accept, tag, response.StatusCode, len(body))
		}
	}
}

// checkReaders: nginx adds who asked it to X-Forwarded-For; here that is another proxy on this machine.
func checkReaders(t *testing.T, at string) {
	t.Helper()
	for _, reader := range []string{"203.0.113.9", "203.0.113.10"} {
		for i, want := range []int{200, 200, 200, 429} {
			if response, _ := through(t, at, "X-Forwarded-For", "198.51.100.77, "+reader); response.StatusCode != want {
				t.Errorf("request %d of %s: %d, want %d", i+1, reader, response.StatusCode, want)
			}
		}
	}
}

// through asks nginx for the feed; header are names and values by turns. What comes is not unpacked.
func through(t *testing.T, at string, header ...string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+"/feeds/zhiyuan.atom", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// startNginx runs one nginx process in front of the gateway until the test ends, and returns its address.
func startNginx(t *testing.T, nginx, gateway, setting string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := ln.Addr().String()
	ln.Close()
	dir := t.TempDir()
	conf := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log stderr warn;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	server {
		listen %[2]s;
		location / {
			proxy_pass %[3]s;
			proxy_set_header Host $host;
			proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
			%[4]s
		}
	}
}
`, dir, at, gateway, setting)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nginx, "-e", "stderr", "-p", dir, "-c", file)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("nginx: %s", said.String())
		}
	})
	waitFor(t, "http://"+at+"/healthz", "ok")
	return "http://" + at
}
