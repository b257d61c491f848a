package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
)

// maximumEntries is how many a listing answers; a longer one is refused rather than cut off.
const maximumEntries = 10_000

type entry struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

type modification struct {
	TransactionID string `json:"tx_id"`
	Timestamp     string `json:"timestamp"`
	IsDelete      bool   `json:"is_delete"`
	// Absent for a delete.
	Value any `json:"value,omitempty"`
}

func readRange(stub shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	iterator, err := stub.GetStateByRange(arguments[0].text(), arguments[1].text())
	if err != nil {
		return nil, err
	}
	return list(iterator, iterator.Next, func(found *queryresult.KV) entry {
		return entry{Key: found.Key, Value: jsonOfBytes(found.Value)}
	})
}

func history(stub shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	iterator, err := stub.GetHistoryForKey(arguments[0].text())
	if err != nil {
		return nil, err
	}
	return list(iterator, iterator.Next, modificationOf)
}

func modificationOf(found *queryresult.KeyModification) modification {
	made := modification{
		TransactionID: found.TxId,
		Timestamp:     found.Timestamp.AsTime().Format(time.RFC3339Nano),
		IsDelete:      found.IsDelete,
	}
	if !found.IsDelete {
		made.Value = jsonOfBytes(found.Value)
	}
	return made
}

// list answers all that an iterator has, each turned into its JSON shape. It closes the iterator.
func list[Found, Shown any](
	iterator shim.CommonIteratorInterface,
	next func() (Found, error),
	show func(Found) Shown,
) (answer []byte, err error) {
	defer func() { err = errors.Join(err, iterator.Close()) }()
	shown := []Shown{}
	for iterator.HasNext() {
		if len(shown) == maximumEntries {
			return nil, fmt.Errorf("there are more than %d; ask for fewer", maximumEntries)
		}
		found, err := next()
		if err != nil {
			return nil, err
		}
		shown = append(shown, show(found))
	}
	return jsonOf(shown)
}
