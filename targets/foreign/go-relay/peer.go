package main

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const mailbox = 16 // events that may wait for one device

// A frame that waits. gap counts the events that were dropped in its place.
type frame struct {
	data  []byte
	event bool
	gap   int
}

// A peer is one connection. Its fields above `mu` belong to the hub.
type peer struct {
	user, header, kind string // header: the device that the upgrade named
	device, session    string // empty before it is registered
	epoch              int
	calls              map[string]*peer // id → desktop that was asked, of calls under way
	forwarded          map[string]bool  // ids of calls that ever left

	ws      *websocket.Conn
	mu      sync.Mutex
	queue   []frame
	events  int
	wake    chan struct{}
	closing chan struct{}
	once    sync.Once
}

func newPeer(user, device, kind string, ws *websocket.Conn) *peer {
	return &peer{
		user: user, header: device, kind: kind, ws: ws,
		calls: map[string]*peer{}, forwarded: map[string]bool{},
		wake: make(chan struct{}, 1), closing: make(chan struct{}),
	}
}

// post puts a frame behind those that wait. An event that finds no room is dropped, and a gap stands in its place.
func (p *peer) post(message any, event bool) {
	data, err := json.Marshal(message)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch last := len(p.queue) - 1; {
	case event && p.events >= mailbox && last >= 0 && p.queue[last].gap > 0:
		p.queue[last].gap++
	case event && p.events >= mailbox:
		p.queue = append(p.queue, frame{gap: 1})
	default:
		p.queue = append(p.queue, frame{data: data, event: event})
		if event {
			p.events++
		}
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *peer) next() (frame, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return frame{}, false
	}
	first := p.queue[0]
	p.queue = p.queue[1:]
	if first.event {
		p.events--
	}
	return first, true
}

// burst is the mistake: the last of three events or more overtakes those that wait with it.
func (p *peer) burst() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.queue); n >= 3 && p.queue[0].event && p.queue[n-1].event {
		p.queue[0], p.queue[n-1] = p.queue[n-1], p.queue[0]
	}
}

func (p *peer) write(bursts bool) {
	for {
		select {
		case <-p.wake:
		case <-p.closing:
			return
		}
		if bursts {
			time.Sleep(40 * time.Millisecond)
			p.burst()
		}
		for f, ok := p.next(); ok; f, ok = p.next() {
			if f.gap > 0 {
				f.data, _ = json.Marshal(told("sync:gap", map[string]int{"lost": f.gap}, nil))
			}
			p.ws.SetWriteDeadline(time.Now().Add(writeLimit))
			if p.ws.WriteMessage(websocket.TextMessage, f.data) != nil {
				p.ws.Close()
				return
			}
		}
	}
}

func (p *peer) pings(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeLimit))
		case <-p.closing:
			return
		}
	}
}

// end closes the connection; what waits is lost. A close of 1000 says nothing more.
func (p *peer) end(code int, why string) {
	p.once.Do(func() {
		close(p.closing)
		farewell := websocket.FormatCloseMessage(code, why)
		go p.ws.WriteControl(websocket.CloseMessage, farewell, time.Now().Add(time.Second))
		time.AfterFunc(time.Second, func() { p.ws.Close() })
	})
}
