package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const closeReplaced = 4409

type object = map[string]any

// A place is where the device of a user is found.
type place struct{ user, device string }

type resumable struct{ session, token string }

// The hub knows who is connected, the last head of every desktop, and which calls wait for an answer.
type hub struct {
	mu       sync.Mutex
	defect   string
	boot     string
	epochs   int
	peers    map[place]*peer
	heads    map[place]json.RawMessage
	sessions map[place]resumable
}

func newHub(defect string) *hub {
	return &hub{
		defect: defect, boot: random(), peers: map[place]*peer{},
		heads: map[place]json.RawMessage{}, sessions: map[place]resumable{},
	}
}

func (h *hub) accept(p *peer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.epochs++
	p.epoch = h.epochs
}

// What a client sends.
type envelope struct {
	Type        string          `json:"type"`
	EventType   string          `json:"eventType"`
	MessageType string          `json:"messageType"`
	Payload     json.RawMessage `json:"payload"`
	ClientID    string          `json:"clientId"`
	Response    json.RawMessage `json:"response"`
}

func (h *hub) take(p *peer, data []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var e envelope
	if !json.Valid(data) {
		p.refuse("invalid_json", "not JSON")
	} else if err := json.Unmarshal(data, &e); err != nil {
		p.refuse("invalid_payload", err.Error())
	} else if e.Type == "register" {
		h.register(p, e.Payload)
	} else if p.device == "" {
		p.refuse("auth_required", "register first")
	} else if e.Type == "event" {
		h.event(p, e)
	} else if e.Type == "relay" {
		h.call(p, e.Payload)
	} else if e.Type == "relay_response" {
		h.answer(p, e)
	} else if e.Type != "heartbeat" {
		p.refuse("unknown_message_type", "no such message type: "+e.Type)
	}
}

// ---- who is there ----

func (h *hub) register(p *peer, payload json.RawMessage) {
	var asked struct{ DeviceID, SessionID, ResumeToken string }
	if err := json.Unmarshal(payload, &asked); err != nil || asked.DeviceID == "" {
		p.refuse("invalid_payload", "deviceId is missing")
		return
	}
	at := place{p.user, strings.ToLower(asked.DeviceID)}
	if (p.header != "" && at.device != p.header) || (p.device != "" && at.device != p.device) {
		p.refuse("invalid_payload", "deviceId must be that of X-Device-ID")
		return
	}
	old, again := h.peers[at], p.device != ""
	if old != nil && old.epoch > p.epoch { // a late frame of a connection that was given up long ago
		p.end(closeReplaced, "replaced")
		return
	}
	p.device = at.device
	if old != nil && old != p {
		h.leave(old)
		old.end(closeReplaced, "replaced")
	}
	h.peers[at] = p
	h.greet(p, at, resumable{asked.SessionID, asked.ResumeToken})
	if again {
		return
	}
	for _, other := range h.others(p) {
		p.post(told("presence", h.presence(other, true), other.device), false)
		other.post(told("presence", h.presence(p, true), p.device), false)
	}
	for desktop, head := range h.heads {
		if desktop.user == p.user && desktop.device != p.device {
			p.post(told("sync:head", head, desktop.device), false)
		}
	}
}

func (h *hub) greet(p *peer, at place, offered resumable) {
	expires := time.Now().Add(time.Hour).UnixMilli()
	if known, ok := h.sessions[at]; ok && known == offered {
		p.session = known.session
		p.post(object{"type": "resumed", "sessionId": known.session, "expiresAt": expires}, false)
		return
	}
	if p.session == "" {
		p.session = random()
		h.sessions[at] = resumable{p.session, random()}
	}
	token := h.sessions[at].token
	p.post(object{"type": "registered", "sessionId": p.session, "resumeToken": token, "expiresAt": expires}, false)
}

// gone is called once the connection is over.
func (h *hub) gone(p *peer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p.end(websocket.CloseNormalClosure, "")
	if h.peers[place{p.user, p.device}] == p {
		h.leave(p)
	} else if h.defect == "cleanup-by-device" {
		delete(h.peers, place{p.user, p.device})
	}
}

// leave tells the others, and answers whoever waits for this one.
func (h *hub) leave(p *peer) {
	delete(h.peers, place{p.user, p.device})
	for _, other := range h.others(p) {
		other.post(told("presence", h.presence(p, false), p.device), false)
		for id, desktop := range other.calls {
			if desktop == p {
				delete(other.calls, id)
				other.fail(id, "disconnected")
			}
		}
	}
}

func (h *hub) others(p *peer) (found []*peer) {
	for at, other := range h.peers {
		if at.user == p.user && other != p {
			found = append(found, other)
		}
	}
	return found
}

func (h *hub) presence(p *peer, online bool) object {
	return object{"deviceId": p.device, "online": online, "boot": h.boot, "epoch": p.epoch}
}

// ---- events ----

func (h *hub) event(p *peer, e envelope) {
	name := e.EventType
	if name == "" {
		name = e.MessageType
	}
	var payload object
	if name == "" || json.Unmarshal(e.Payload, &payload) != nil || payload == nil {
		p.refuse("invalid_payload", "an event has an eventType and a payload")
		return
	}
	if p.kind != "desktop" || name == "presence" || name == "sync:gap" {
		p.refuse("invalid_payload", fmt.Sprintf("a %s may not publish %s", p.kind, name))
		return
	}
	if name == "sync:head" {
		h.heads[place{p.user, p.device}] = e.Payload
	}
	for _, other := range h.others(p) {
		other.post(told(name, e.Payload, p.device), true)
	}
}

func told(name string, payload any, source any) object {
	return object{
		"messageType": name, "payload": payload, "targetDeviceId": nil, "sourceDeviceId": source,
		"timestamp": time.Now().UnixMilli(),
	}
}

// ---- calls ----

func (h *hub) call(p *peer, payload json.RawMessage) {
	var asked struct {
		TargetDeviceID string
		Payload        struct {
			Method string
			Params json.RawMessage
			ID     any
		}
	}
	if err := json.Unmarshal(payload, &asked); err != nil {
		p.refuse("invalid_payload", err.Error())
		return
	}
	switch {
	case asked.TargetDeviceID == "":
		p.refuse("missing_target_device_id", "a relay frame needs a targetDeviceId")
		return
	case asked.Payload.Method == "":
		p.refuse("missing_method", "a call needs a method")
		return
	case asked.Payload.ID == nil:
		p.refuse("invalid_payload", "a call needs an id")
		return
	}
	id := fmt.Sprint(asked.Payload.ID)
	desktop := h.peers[place{p.user, strings.ToLower(asked.TargetDeviceID)}]
	if desktop == nil && p.forwarded[id] { // a duplicate must not look as if nothing had ever left
		p.fail(id, "disconnected")
		return
	}
	if desktop == nil {
		p.fail(id, "desktop_offline")
		return
	}
	p.calls[id], p.forwarded[id] = desktop, true
	request := object{"method": asked.Payload.Method, "params": asked.Payload.Params, "correlationId": id}
	desktop.post(object{"type": "relay", "clientId": p.device, "request": request}, false)
}

func (h *hub) answer(p *peer, e envelope) {
	var response struct{ CorrelationID any }
	if e.ClientID == "" || json.Unmarshal(e.Response, &response) != nil || response.CorrelationID == nil {
		p.refuse("invalid_payload", "an answer needs a clientId and a response with a correlationId")
		return
	}
	id, caller := fmt.Sprint(response.CorrelationID), h.peers[place{p.user, strings.ToLower(e.ClientID)}]
	if caller != nil && caller.calls[id] == p {
		delete(caller.calls, id)
		caller.post(object{"type": "relay_response", "clientId": caller.device, "response": e.Response}, false)
	}
}

func (p *peer) fail(id, code string) {
	response := object{"correlationId": id, "result": nil, "error": object{"code": code, "message": code}, "isFinal": true}
	p.post(object{"type": "relay_response", "clientId": p.device, "response": response}, false)
}

func (p *peer) refuse(code, message string) {
	p.post(object{"type": "error", "code": code, "message": message, "timestamp": time.Now().UnixMilli()}, false)
}

func random() string {
	data := make([]byte, 16)
	rand.Read(data)
	return hex.EncodeToString(data)
}
