package main

import "fmt"

// functions is the table of all that the contract can do.
func functions() []function {
	return []function{
		{
			name:         "put",
			description:  "Writes the value under the key without reading it; an empty value deletes the key, as in Fabric.",
			parameters:   []parameter{name("key"), anyBytes("value")},
			changesState: true,
			run:          put,
		},
		{
			name:        "get",
			description: "Answers the key's value as it is.",
			parameters:  []parameter{name("key")},
			run:         get,
		},
		{
			name:         "delete",
			description:  "Deletes the key without reading it.",
			parameters:   []parameter{name("key")},
			changesState: true,
			run:          deleteKey,
		},
		{
			name:         "add",
			description:  "Reads the key's value, a whole number and 0 where there is none, adds to it, writes it and answers it.",
			parameters:   []parameter{name("key"), integer("delta")},
			changesState: true,
			run:          add,
		},
		{
			name: "range",
			description: fmt.Sprintf("Answers the keys from the first up to but without the last, with their values, as JSON; "+
				"an empty bound is open. More than %d are refused.", maximumEntries),
			parameters: []parameter{text("from"), text("to")},
			run:        readRange,
		},
		{
			name: "history",
			description: fmt.Sprintf("Answers all that was written to the key as JSON, the newest first. "+
				"More than %d are refused.", maximumEntries),
			parameters: []parameter{name("key")},
			run:        history,
		},
		{
			name:         "putPrivate",
			description:  "Writes the transient data `value` under the key of a private collection, `both` or `first`.",
			parameters:   []parameter{name("key"), optional(name("collection"))},
			changesState: true,
			run:          putPrivate,
		},
		{
			name:        "getPrivate",
			description: "Answers the key's value in a private collection, `both` or `first`, as it is.",
			parameters:  []parameter{name("key"), optional(name("collection"))},
			run:         getPrivate,
		},
		{
			name:         "emit",
			description:  "Sets the transaction's event.",
			parameters:   []parameter{name("name"), anyBytes("payload")},
			changesState: true,
			run:          emit,
		},
		{
			name:        "fail",
			description: "Fails with exactly this message.",
			parameters:  []parameter{text("message")},
			run:         fail,
		},
		{
			name:        "blob",
			description: "Answers that many bytes, all of them the letter x.",
			parameters:  []parameter{upTo(maximumBlobBytes, "bytes")},
			run:         blob,
		},
		{
			name:        "sleep",
			description: "Answers nothing after that many milliseconds.",
			parameters:  []parameter{upTo(maximumSleepMs, "ms")},
			run:         sleep,
		},
		{
			name:        "whoami",
			description: "Answers whom the contract sees calling, as JSON.",
			run:         whoami,
		},
		{
			name: "setPolicy",
			description: "Demands that every later change of the key is endorsed by a member of each of these organizations (MSP ids); " +
				"without any, the contract's own policy holds again.",
			parameters:   append([]parameter{name("key")}, organizationParameters()...),
			changesState: true,
			run:          setPolicy,
		},
		{
			name:        "getPolicy",
			description: "Answers the organizations that setPolicy named, as a JSON array; empty where the contract's own policy holds.",
			parameters:  []parameter{name("key")},
			run:         getPolicy,
		},
		{
			name:         "random",
			description:  "Writes and answers a number that every endorser draws anew, so that two of them never agree.",
			changesState: true,
			run:          random,
		},
	}
}
