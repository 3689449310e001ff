package faultkit

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Weather is what a proxy does to the bytes that pass it. The zero value lets everything pass.
type Weather struct {
	Refuse bool          // every connection is reset, those that stand too
	Stall  bool          // nothing passes, in either direction
	Slice  int           // bytes that pass at a time, each slice in a packet of its own; 0: as they come
	Pause  time.Duration // between slices
	// CutUp and CutDown reset a connection when so many bytes have passed on it towards the upstream, or towards the client;
	// 0: never.
	CutUp, CutDown int64
}

// A Proxy is a TCP proxy with bad weather.
type Proxy struct {
	upstream string
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	weather Weather
	changed chan struct{} // closed when the weather changes
	ended   bool
	conns   map[net.Conn]bool
}

// NewProxy returns a running proxy before upstream, a host:port. It ends with the test.
func NewProxy(t testing.TB, upstream string) *Proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{upstream: upstream, listener: ln, changed: make(chan struct{}), conns: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr is the proxy's own host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Set changes the weather, for connections that stand too: one that stalled goes on when it clears.
func (p *Proxy) Set(w Weather) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.weather = w
	close(p.changed)
	p.changed = make(chan struct{})
	if w.Refuse {
		p.resetAll()
	}
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.ended = true
	close(p.changed)
	p.resetAll()
	p.mu.Unlock()
	p.running.Wait()
}

// resetAll resets what is open. p.mu is held.
func (p *Proxy) resetAll() {
	for c := range p.conns {
		reset(c)
	}
	clear(p.conns)
}

// reset closes a connection so that the other side notices at once, whatever is under way.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// keep remembers connections, or resets them when there shall be none.
func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.ended || p.weather.Refuse {
			reset(c)
			continue
		}
		p.conns[c] = true
	}
	return !p.ended && !p.weather.Refuse
}

// drop forgets connections and closes them.
func (p *Proxy) drop(how func(net.Conn), conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		how(c)
		delete(p.conns, c)
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.keep(client) {
			p.running.Go(func() { p.serve(client) })
		}
	}
}

// serve joins a client with the upstream until both have said all, or one breaks off.
func (p *Proxy) serve(client net.Conn) {
	upstream, err := net.Dial("tcp", p.upstream)
	if err != nil || !p.keep(upstream) {
		p.drop(reset, client)
		return
	}
	var both sync.WaitGroup
	join := func(to, from net.Conn, cut func(Weather) int64) {
		both.Go(func() {
			if !p.pump(to, from, cut) {
				p.drop(reset, client, upstream)
			}
		})
	}
	join(upstream, client, func(w Weather) int64 { return w.CutUp })
	join(client, upstream, func(w Weather) int64 { return w.CutDown })
	both.Wait()
	p.drop(func(c net.Conn) { _ = c.Close() }, client, upstream)
}

// pump carries bytes one way as the weather allows, and reports whether the end was an orderly one.
func (p *Proxy) pump(to, from net.Conn, cut func(Weather) int64) bool {
	buf := make([]byte, 32<<10)
	var passed int64
	for {
		n, err := from.Read(buf)
		for rest := buf[:n]; len(rest) > 0; {
			w, ok := p.clear()
			if !ok {
				return false
			}
			part := len(rest)
			if w.Slice > 0 {
				part = min(part, w.Slice)
			}
			limit := cut(w)
			if limit > 0 {
				part = int(min(int64(part), max(limit-passed, 0)))
			}
			if _, err := to.Write(rest[:part]); err != nil {
				return false
			}
			passed, rest = passed+int64(part), rest[part:]
			if limit > 0 && passed >= limit {
				return false
			}
			p.pause(w)
		}
		if err != nil {
			tcp, ok := to.(*net.TCPConn)
			return ok && tcp.CloseWrite() == nil
		}
	}
}

// clear waits while the proxy stalls, and returns the weather then; false when the proxy has ended.
func (p *Proxy) clear() (Weather, bool) {
	for {
		p.mu.Lock()
		w, changed, ended := p.weather, p.changed, p.ended
		p.mu.Unlock()
		if ended || !w.Stall {
			return w, !ended
		}
		<-changed
	}
}

// pause waits between slices, no longer than the weather lasts.
func (p *Proxy) pause(w Weather) {
	if w.Slice == 0 || w.Pause == 0 {
		return
	}
	p.mu.Lock()
	changed := p.changed
	p.mu.Unlock()
	timer := time.NewTimer(w.Pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	}
}
