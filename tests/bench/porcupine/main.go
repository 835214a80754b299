// Times Porcupine on histories that are handed to it already parsed, so that only the checking is compared.
//
// Standard input: one JSON object a line, {"name", "model": "cas-register"|"kv", "events": [[call?, op], …],
// "ops": [[f, key, a, b, ok], …], "pending": [op, …]}. Standard output: one JSON object a line, {"name", "ok", "ns"}: the
// median of `rounds` checks; a check that takes longer than `limit` counts as that.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

type op struct {
	f        string
	key, a, b string
	ok       bool
}

type history struct {
	Name    string          `json:"name"`
	Model   string          `json:"model"`
	Ops     [][]interface{} `json:"ops"`
	Events  []int           `json:"events"`
	Unknown []bool          `json:"unknown"`
}

type answer struct {
	ok, unknown bool
	value       string
}

var cas = porcupine.Model{
	Init: func() interface{} { return "nil" },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		s, in, out := state.(string), input.(op), output.(answer)
		switch in.f {
		case "read":
			return out.unknown || s == out.value, s
		case "write":
			return true, in.a
		}
		if out.unknown {
			if s == in.a {
				return true, in.b
			}
			return true, s
		}
		if s == in.a {
			return out.ok, in.b
		}
		return !out.ok, s
	},
}

var kv = porcupine.Model{
	PartitionEvent: func(events []porcupine.Event) [][]porcupine.Event {
		keys := map[string][]porcupine.Event{}
		ids := map[int]string{}
		for _, e := range events {
			k, ok := ids[e.Id]
			if e.Kind == porcupine.CallEvent {
				k, ok = e.Value.(op).key, true
				ids[e.Id] = k
			}
			if ok {
				keys[k] = append(keys[k], e)
			}
		}
		parts := [][]porcupine.Event{}
		for _, p := range keys {
			parts = append(parts, p)
		}
		return parts
	},
	Init: func() interface{} { return "" },
	Step: kvStep,
}

func kvStep(state, input, output interface{}) (bool, interface{}) {
	s, in, out := state.(string), input.(op), output.(answer)
	switch in.f {
	case "get":
		return out.unknown || s == out.value, s
	case "put":
		return true, in.a
	}
	return true, s + in.a
}

// One object of all keys: the state is the whole store, as in Porcupine's own test without a partition.
var kvWhole = porcupine.Model{
	Init: func() interface{} { return map[string]string{} },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		m, in := state.(map[string]string), input.(op)
		ok, next := kvStep(m[in.key], input, output)
		if in.f == "get" {
			return ok, state
		}
		after := map[string]string{}
		for k, v := range m {
			after[k] = v
		}
		after[in.key] = next.(string)
		return ok, after
	},
	Equal: func(one, other interface{}) bool { return reflect.DeepEqual(one, other) },
}

func main() {
	rounds := flag.Int("rounds", 5, "checks a history")
	limit := flag.Duration("limit", 60*time.Second, "longest check")
	flag.Parse()
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<30)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var h history
		if err := json.Unmarshal(in.Bytes(), &h); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		events := convert(h)
		model := map[string]porcupine.Model{"cas-register": cas, "register": cas, "kv": kv, "kv-whole": kvWhole}[h.Model]
		times := []time.Duration{}
		var result porcupine.CheckResult
		for i := 0; i < *rounds; i++ {
			began := time.Now()
			result = porcupine.CheckEventsTimeout(model, events, *limit)
			times = append(times, time.Since(began))
			if times[i] > time.Second {
				break
			}
		}
		sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
		_ = out.Encode(map[string]interface{}{
			"name": h.Name, "result": string(result), "ns": times[len(times)/2].Nanoseconds()})
	}
}

func convert(h history) []porcupine.Event {
	events := []porcupine.Event{}
	text := func(v interface{}) string { s, _ := v.(string); return s }
	for _, e := range h.Events {
		id := e
		if e < 0 {
			id = ^e
		}
		o := h.Ops[id]
		ok, _ := o[4].(bool)
		if e >= 0 {
			input := op{text(o[0]), text(o[1]), text(o[2]), text(o[3]), ok}
			events = append(events, porcupine.Event{ClientId: 0, Kind: porcupine.CallEvent, Value: input, Id: id})
		} else {
			output := answer{ok, h.Unknown[id], text(o[2])}
			events = append(events, porcupine.Event{ClientId: 0, Kind: porcupine.ReturnEvent, Value: output, Id: id})
		}
	}
	return events
}
