package main

import "time"

// block is what is shown of a block.
type block struct {
	number                       uint64
	hash, previousHash, dataHash string
	transactions                 []transaction
}

// transaction is what is shown of a transaction.
type transaction struct {
	id, channel string
	kind        string
	version     int32
	epoch       uint64
	nonce       string
	tlsHash     string
	time        time.Time
	code        int32
	codeName    string
	creator     *creator
	contract    string
	isInit      bool
	function    string
	arguments   [][]byte
	proposal    string
	status      int32
	message     string
	payload     []byte
	codeVersion string
	event       *event
	endorsers   []*creator
	reads       []keyRead
	rangeReads  []rangeRead
	writes      []keyWrite
	metadata    []metadataWrite
	collections []collection
}

type creator struct {
	organization, enrollmentID string
	subject, issuer, serial    string
	notBefore, notAfter        time.Time
	sha256                     string
	attributes                 map[string]string
}

type event struct {
	contract, name string
	payload        []byte
}

type keyRead struct {
	contract, key string
	exists        bool
	block, index  uint64
}

type rangeRead struct {
	contract, from, to string
	exhausted          bool
	keys               []string
}

type keyWrite struct {
	contract, key string
	value         []byte
	delete        bool
}

type metadataWrite struct {
	contract, key string
	names         []string
}

type collection struct {
	contract, name, hash string
	reads                int
	writes               []privateWrite
}

type privateWrite struct {
	keyHash, valueHash string
	delete, purge      bool
}
