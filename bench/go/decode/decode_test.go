package main

import (
	"os"
	"testing"
	"time"
)

func shown(t *testing.T, name string) *block {
	bytes, err := os.ReadFile("../../../crates/fabric/tests/data/" + name)
	if err != nil {
		t.Fatal(err)
	}
	block, err := decodeBlock(bytes, identities{})
	if err != nil {
		t.Fatal(err)
	}
	return block
}

func TestACallIsDecoded(t *testing.T) {
	block := shown(t, "raft-003-put.block")
	if block.number != 3 || len(block.transactions) != 1 {
		t.Fatalf("%+v", block)
	}
	put := block.transactions[0]
	if put.codeName != "VALID" || put.contract != "probe" || put.function != "put" || put.channel != "devnet" {
		t.Errorf("%+v", put)
	}
	if put.creator.organization != "Org1MSP" || put.creator.enrollmentID != "alice" {
		t.Errorf("%+v", put.creator)
	}
	if !put.time.After(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Error(put.time)
	}
	found := false
	for _, write := range put.writes {
		found = found || write.contract == "probe" && write.key == "colour" && len(write.value) > 0
	}
	if !found || len(put.endorsers) == 0 {
		t.Errorf("%+v", put)
	}
}

func TestAnEventAndACollectionAreDecoded(t *testing.T) {
	if event := shown(t, "raft-008-event.block").transactions[0].event; event == nil || event.name == "" {
		t.Errorf("%+v", event)
	}
	collections := shown(t, "bft-016-private-put.block").transactions[0].collections
	if len(collections) != 1 || len(collections[0].writes) != 1 || len(collections[0].writes[0].keyHash) != 64 {
		t.Errorf("%+v", collections)
	}
}

func TestFactsAreOfEachTransaction(t *testing.T) {
	var facts facts
	facts.add(shown(t, "raft-003-put.block"))
	once := facts
	facts.add(shown(t, "raft-003-put.block"))
	if once.Bytes == 0 || facts.Bytes != 2*once.Bytes || facts.Transactions != 2 || facts.Valid != 2 || facts.Writes != 2*once.Writes {
		t.Errorf("%+v after %+v", facts, once)
	}
}

func TestWhatIsNoBlockIsRefused(t *testing.T) {
	if block, err := decodeBlock([]byte("x"), identities{}); err == nil {
		t.Errorf("%+v", block)
	}
}
