// A relay for the device link in Go: a WebSocket server between the devices of a user.
//
//	RELAY_HOST RELAY_PORT                where to listen
//	JWT_SECRET                           of the clients' tokens (HS256)
//	TIMING_PING_S TIMING_DEAD_PEER_S     how often peers are pinged, and after how much silence they are given up
//	GO_RELAY_DEFECT                      a mistake, for those who look for it: cleanup-by-device (whoever ends takes
//	                                     the device off the list, also when a newer connection holds its place),
//	                                     bursts (events are collected, and of three or more the last leaves first)
package main

import (
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	frameCap     = 10 << 20
	closeExpired = 4401
	writeLimit   = 10 * time.Second
)

func main() {
	server := &server{
		hub:    newHub(os.Getenv("GO_RELAY_DEFECT")),
		secret: []byte(os.Getenv("JWT_SECRET")),
		ping:   seconds("TIMING_PING_S", 30),
		dead:   seconds("TIMING_DEAD_PEER_S", 60),
	}
	http.HandleFunc("/ws/device-link", server.serve)
	address := net.JoinHostPort(env("RELAY_HOST", "127.0.0.1"), env("RELAY_PORT", "8000"))
	log.Fatal(http.ListenAndServe(address, nil))
}

type server struct {
	hub        *hub
	secret     []byte
	ping, dead time.Duration
}

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	claims, err := verify(r.Header.Get("Authorization"), s.secret)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	ws.SetReadLimit(frameCap)
	p := newPeer(claims.Sub, strings.ToLower(r.Header.Get("X-Device-ID")), r.Header.Get("X-Client-Type"), ws)
	s.hub.accept(p)
	defer s.hub.gone(p)
	expiry := time.AfterFunc(time.Until(claims.expires()), func() { p.end(closeExpired, "token expired") })
	defer expiry.Stop()
	go p.write(s.hub.defect == "bursts")
	go p.pings(s.ping)
	s.read(p)
}

// read until nothing has come for too long, or the connection ends.
func (s *server) read(p *peer) {
	alive := func() { p.ws.SetReadDeadline(time.Now().Add(s.dead)) }
	answer := p.ws.PingHandler()
	p.ws.SetPingHandler(func(data string) error { alive(); return answer(data) })
	p.ws.SetPongHandler(func(string) error { alive(); return nil })
	for {
		alive()
		_, data, err := p.ws.ReadMessage()
		if err != nil {
			return
		}
		s.hub.take(p, data)
	}
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func seconds(name string, otherwise float64) time.Duration {
	value, err := strconv.ParseFloat(os.Getenv(name), 64)
	if err != nil {
		value = otherwise
	}
	return time.Duration(value * float64(time.Second))
}
