package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// kind is what an argument may be.
type kind int

const (
	// UTF-8 text that is not empty: keys, and names of things. Fabric's messages cannot carry other keys.
	nameKind kind = iota
	// UTF-8 text.
	textKind
	// Any bytes.
	bytesKind
	// A whole number in decimal digits.
	integerKind
)

// parameter is one argument that a function takes.
type parameter struct {
	name     string
	kind     kind
	optional bool
	// The bounds of an integer, both included.
	minimum, maximum int64
}

// argument is a checked one.
type argument struct {
	bytes []byte
	// The value of an integer.
	number int64
}

func (a argument) text() string {
	return string(a.bytes)
}

func name(name string) parameter {
	return parameter{name: name, kind: nameKind}
}

func text(name string) parameter {
	return parameter{name: name, kind: textKind}
}

func anyBytes(name string) parameter {
	return parameter{name: name, kind: bytesKind}
}

func integer(name string) parameter {
	return parameter{name: name, kind: integerKind, minimum: math.MinInt64, maximum: math.MaxInt64}
}

func upTo(maximum int64, name string) parameter {
	return parameter{name: name, kind: integerKind, minimum: 0, maximum: maximum}
}

func optional(parameter parameter) parameter {
	parameter.optional = true
	return parameter
}

// check reads an argument. The error goes on after "the argument NAME".
func (p parameter) check(word []byte) (argument, error) {
	switch p.kind {
	case nameKind, textKind:
		if !utf8.Valid(word) {
			return argument{}, errors.New("has to be UTF-8 text")
		}
		if p.kind == nameKind && len(word) == 0 {
			return argument{}, errors.New("must not be empty")
		}
	case integerKind:
		number, err := strconv.ParseInt(string(word), 10, 64)
		if err != nil || number < p.minimum || number > p.maximum {
			return argument{}, fmt.Errorf("has to be a whole number from %d to %d, not %q", p.minimum, p.maximum, word)
		}
		return argument{bytes: word, number: number}, nil
	case bytesKind:
	}
	return argument{bytes: word}, nil
}
