package main

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// countdown iterates over that many numbers, as a peer's answer is iterated over.
type countdown struct {
	left   int
	closed bool
	// What closing answers.
	broken error
}

func (c *countdown) HasNext() bool {
	return c.left > 0
}

func (c *countdown) Next() (int, error) {
	c.left--
	return c.left, nil
}

func (c *countdown) Close() error {
	c.closed = true
	return c.broken
}

func TestListingsAreJSONArrays(t *testing.T) {
	for left, expected := range map[int]string{0: `[]`, 3: `["2","1","0"]`} {
		iterator := &countdown{left: left}
		answer, err := list(iterator, iterator.Next, strconv.Itoa)
		if err != nil || string(answer) != expected || !iterator.closed {
			t.Errorf("%d: %s, %v, closed: %v", left, answer, err, iterator.closed)
		}
	}
}

func TestLongListingsAreRefused(t *testing.T) {
	longest := &countdown{left: maximumEntries}
	if _, err := list(longest, longest.Next, strconv.Itoa); err != nil {
		t.Error(err)
	}
	tooLong := &countdown{left: maximumEntries + 1}
	_, err := list(tooLong, tooLong.Next, strconv.Itoa)
	if err == nil || err.Error() != "there are more than 10000; ask for fewer" || !tooLong.closed {
		t.Errorf("%v, closed: %v", err, tooLong.closed)
	}
}

func TestIteratorsThatBreakFailTheListing(t *testing.T) {
	broken := errors.New("the peer is gone")
	closing := &countdown{left: 1, broken: broken}
	if _, err := list(closing, closing.Next, strconv.Itoa); !errors.Is(err, broken) {
		t.Error(err)
	}
	reading := &countdown{left: 1}
	_, err := list(reading, func() (int, error) { return 0, broken }, strconv.Itoa)
	if !errors.Is(err, broken) || !reading.closed {
		t.Errorf("%v, closed: %v", err, reading.closed)
	}
}

func TestModifications(t *testing.T) {
	timestamp := timestamppb.New(time.Date(2026, 11, 21, 13, 4, 12, 5_000_000, time.FixedZone("", 3600)))
	for _, example := range []struct {
		found    *queryresult.KeyModification
		expected string
	}{
		{&queryresult.KeyModification{TxId: "a1", Timestamp: timestamp, Value: []byte("v")},
			`{"tx_id":"a1","timestamp":"2026-11-21T12:04:12.005Z","is_delete":false,"value":"v"}`},
		{&queryresult.KeyModification{TxId: "a2", Timestamp: timestamp, IsDelete: true},
			`{"tx_id":"a2","timestamp":"2026-11-21T12:04:12.005Z","is_delete":true}`},
		{&queryresult.KeyModification{TxId: "a3", Timestamp: timestamp, Value: []byte{0xff}},
			`{"tx_id":"a3","timestamp":"2026-11-21T12:04:12.005Z","is_delete":false,"value":{"base64":"/w=="}}`},
	} {
		text, err := jsonOf(modificationOf(example.found))
		if err != nil || string(text) != example.expected {
			t.Errorf("%s, %v", text, err)
		}
	}
}
