package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

const (
	// Below the 100 MiB that a peer takes in one message: more would end the stream that all calls share.
	maximumBlobBytes = 64 << 20
	// Above the 30 s that a peer waits for a contract by default, so that its patience can be tried.
	maximumSleepMs = 60_000
	// The key that random writes.
	randomKey = "random"
)

func fail(_ shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	return nil, errors.New(arguments[0].text())
}

func blob(_ shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	return bytes.Repeat([]byte("x"), int(arguments[0].number)), nil
}

func sleep(_ shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	time.Sleep(time.Duration(arguments[0].number) * time.Millisecond)
	return nil, nil
}

func random(stub shim.ChaincodeStubInterface, _ []argument) ([]byte, error) {
	drawn := make([]byte, 16)
	if _, err := rand.Read(drawn); err != nil {
		return nil, err
	}
	value := hex.AppendEncode(nil, drawn)
	return value, stub.PutState(randomKey, value)
}
