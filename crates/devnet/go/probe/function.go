package main

import (
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

// function is a row of the table of what the contract can do. Calls are checked against it, and the metadata are made of it.
type function struct {
	name string
	// What it does and answers, in a sentence.
	description string
	// Those that may be left out come last.
	parameters []parameter
	// Whether it is to be submitted; the others only read and are to be evaluated.
	changesState bool
	run          func(shim.ChaincodeStubInterface, []argument) ([]byte, error)
}

// check holds a call's arguments against the parameters.
func (f function) check(words [][]byte) ([]argument, error) {
	needed := 0
	for _, parameter := range f.parameters {
		if !parameter.optional {
			needed++
		}
	}
	if len(words) < needed || len(words) > len(f.parameters) {
		return nil, fmt.Errorf("%s takes %s, not %d: %s",
			f.name, count(needed, len(f.parameters)), len(words), f.signature())
	}
	arguments := make([]argument, len(words))
	for i, word := range words {
		argument, err := f.parameters[i].check(word)
		if err != nil {
			return nil, fmt.Errorf("%s: the argument %s %w", f.name, f.parameters[i].name, err)
		}
		arguments[i] = argument
	}
	return arguments, nil
}

// count says how many arguments there may be.
func count(least, most int) string {
	noun := "arguments"
	if most == 1 {
		noun = "argument"
	}
	if least == most {
		return fmt.Sprintf("%d %s", least, noun)
	}
	return fmt.Sprintf("%d to %d %s", least, most, noun)
}

// signature is the function as documentation writes it, name(needed[, optional]).
func (f function) signature() string {
	var text strings.Builder
	text.WriteString(f.name + "(")
	for i, parameter := range f.parameters {
		part := parameter.name
		if i > 0 {
			part = ", " + part
		}
		if parameter.optional {
			part = "[" + part + "]"
		}
		text.WriteString(part)
	}
	text.WriteString(")")
	return text.String()
}
