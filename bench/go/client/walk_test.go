package main

import (
	"bufio"
	"bytes"
	"os"
	"testing"
)

// Two blocks of a real network, the second behind the first.
const blocks = "../../../crates/fabric/tests/data/"

func summaryOf(t *testing.T, name string) summary {
	read, err := os.ReadFile(blocks + name)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := summarize(read)
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

func TestABlockIsSummarized(t *testing.T) {
	shown := summaryOf(t, "raft-006-range.block")
	if shown.number != 6 || shown.transactions != 1 || shown.valid != 1 {
		t.Errorf("%+v", shown)
	}
	next := summaryOf(t, "raft-007-delete.block")
	if !bytes.Equal(next.previousHash, shown.hash) {
		t.Errorf("%x is not %x", shown.hash, next.previousHash)
	}
}

func TestWhatIsNoBlockIsRefused(t *testing.T) {
	if shown, err := summarize([]byte("x")); err == nil {
		t.Errorf("%+v", shown)
	}
}

func TestASavedBlockStandsBehindItsLength(t *testing.T) {
	var file bytes.Buffer
	writer := bufio.NewWriter(&file)
	if err := save(writer, []byte("abc")); err != nil {
		t.Fatal(err)
	}
	if err := writer.Flush(); err != nil {
		t.Fatal(err)
	}
	if file.String() != "\x00\x00\x00\x03abc" {
		t.Errorf("%q", file.String())
	}
}
