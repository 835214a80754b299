package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

type claims struct {
	Sub string  `json:"sub"`
	Exp float64 `json:"exp"`
}

func (c claims) expires() time.Time { return time.UnixMilli(int64(c.Exp * 1000)) }

var errToken = errors.New("a valid bearer token, please")

// verify reads `Bearer JWT`, signed with HS256 and not expired.
func verify(header string, secret []byte) (claims, error) {
	var found claims
	scheme, token, _ := strings.Cut(strings.TrimSpace(header), " ")
	parts := strings.Split(strings.TrimSpace(token), ".")
	if !strings.EqualFold(scheme, "Bearer") || len(parts) != 3 {
		return found, errToken
	}
	var head struct{ Alg string }
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(parts[0] + "." + parts[1]))
	sign, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || decode(parts[0], &head) != nil || head.Alg != "HS256" || !hmac.Equal(sign, mac.Sum(nil)) {
		return found, errToken
	}
	if decode(parts[1], &found) != nil || found.Sub == "" || !found.expires().After(time.Now()) {
		return found, errToken
	}
	return found, nil
}

func decode(part string, into any) error {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
