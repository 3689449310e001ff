package faultkit_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"wefeed/internal/faultkit"
)

// An echo sends back what it hears, on every connection.
func newEcho(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return ln.Addr().String()
}

func dial(t *testing.T, p *faultkit.Proxy) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

// say writes bytes and closes that direction.
func say(t *testing.T, c *net.TCPConn, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Error(err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Error(err)
	}
}

var text = bytes.Repeat([]byte("0123456789"), 20000)

func TestProxyLetsPass(t *testing.T) {
	p := faultkit.NewProxy(t, newEcho(t))
	c := dial(t, p)
	said := make(chan struct{})
	go func() {
		defer close(said)
		say(t, c, text)
	}()
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
	await(t, "the end of the text", said)
}

func TestProxySlices(t *testing.T) {
	p := faultkit.NewProxy(t, newEcho(t))
	p.Set(faultkit.Weather{Slice: 7, Pause: time.Millisecond})
	c := dial(t, p)
	say(t, c, text[:100])
	var all []byte
	for buf := make([]byte, 100); ; {
		n, err := c.Read(buf)
		all = append(all, buf[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n == 100 {
			t.Error("all came in one piece")
		}
	}
	if !bytes.Equal(all, text[:100]) {
		t.Errorf("came back: %q", all)
	}
}

func TestProxyCuts(t *testing.T) {
	for name, weather := range map[string]faultkit.Weather{"up": {CutUp: 50}, "down": {CutDown: 50}} {
		t.Run(name, func(t *testing.T) {
			heard := make(chan int64, 1)
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			go func() { // hears all, then answers with as much
				c, err := ln.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				n, err := io.Copy(io.Discard, c)
				if err == nil {
					_, _ = c.Write(text[:100])
				}
				heard <- n
			}()
			p := faultkit.NewProxy(t, ln.Addr().String())
			p.Set(weather)
			c := dial(t, p)
			say(t, c, text[:100])
			got, err := io.ReadAll(c)
			if err == nil {
				t.Error("the connection ended in order")
			}
			upstream := <-heard
			switch {
			case name == "up" && (upstream > 50 || len(got) != 0):
				t.Errorf("%d bytes went up, %d came down", upstream, len(got))
			case name == "down" && (upstream != 100 || len(got) > 50):
				t.Errorf("%d bytes went up, %d came down", upstream, len(got))
			}
		})
	}
}

// A connection that stalls goes on where it was when the weather clears.
func TestProxyStalls(t *testing.T) {
	p := faultkit.NewProxy(t, newEcho(t))
	c := dial(t, p)
	first := make([]byte, 5)
	if _, err := c.Write(text[:5]); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, first); err != nil {
		t.Fatal(err)
	}
	p.Set(faultkit.Weather{Stall: true})
	say(t, c, text[5:100])
	_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if n, err := c.Read(first); n != 0 || err == nil {
		t.Fatalf("%d bytes passed, %v", n, err)
	}
	p.Set(faultkit.Weather{})
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if rest, err := io.ReadAll(c); err != nil || !bytes.Equal(rest, text[5:100]) {
		t.Errorf("then came %d bytes, %v", len(rest), err)
	}
}

func TestProxyRefuses(t *testing.T) {
	p := faultkit.NewProxy(t, newEcho(t))
	standing := dial(t, p)
	if _, err := standing.Write(text[:1]); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(standing, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	p.Set(faultkit.Weather{Refuse: true})
	if _, err := standing.Read(make([]byte, 1)); err == nil {
		t.Error("a connection that stood goes on")
	}
	if c, err := net.Dial("tcp", p.Addr()); err == nil { // the reset may come before Dial returns, or after
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a new connection was served")
		}
		c.Close()
	}
	p.Set(faultkit.Weather{})
	c := dial(t, p)
	say(t, c, text[:10])
	if got, err := io.ReadAll(c); err != nil || len(got) != 10 {
		t.Errorf("afterwards: %d bytes, %v", len(got), err)
	}
}
