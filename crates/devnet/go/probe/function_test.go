package main

import (
	"fmt"
	"strings"
	"testing"
)

// fitting is an argument that a parameter takes.
func fitting(parameter parameter) []byte {
	if parameter.kind == integerKind {
		return []byte("1")
	}
	return []byte("word")
}

func fittingWords(function function, number int) [][]byte {
	words := make([][]byte, number)
	for i := range words {
		words[i] = []byte("word")
		if i < len(function.parameters) {
			words[i] = fitting(function.parameters[i])
		}
	}
	return words
}

func TestEveryFunctionTakesAsManyArgumentsAsItHas(t *testing.T) {
	expected := map[string][2]int{
		"put": {2, 2}, "get": {1, 1}, "delete": {1, 1}, "add": {2, 2}, "range": {2, 2}, "history": {1, 1},
		"putPrivate": {1, 2}, "getPrivate": {1, 2}, "emit": {2, 2}, "fail": {1, 1}, "blob": {1, 1}, "sleep": {1, 1},
		"whoami": {0, 0}, "setPolicy": {1, 9}, "getPolicy": {1, 1}, "random": {0, 0},
	}
	if len(functions()) != len(expected) {
		t.Errorf("there are %d functions, not %d", len(functions()), len(expected))
	}
	for _, function := range functions() {
		bounds, known := expected[function.name]
		if !known {
			t.Errorf("%s is not expected", function.name)
			continue
		}
		for number := 0; number <= bounds[1]+1; number++ {
			arguments, err := function.check(fittingWords(function, number))
			if fits := bounds[0] <= number && number <= bounds[1]; fits != (err == nil) || (fits && len(arguments) != number) {
				t.Errorf("%s with %d arguments: %v", function.name, number, err)
			}
			if err != nil && !strings.HasSuffix(err.Error(), fmt.Sprintf(", not %d: %s", number, function.signature())) {
				t.Errorf("%s with %d arguments: %v", function.name, number, err)
			}
		}
	}
}

func TestWrongNumbersOfArgumentsAreToldTheSignature(t *testing.T) {
	for call, message := range map[string]string{
		"get":               "get takes 1 argument, not 0: get(key)",
		"put key":           "put takes 2 arguments, not 1: put(key, value)",
		"putPrivate":        "putPrivate takes 1 to 2 arguments, not 0: putPrivate(key[, collection])",
		"getPrivate a b c":  "getPrivate takes 1 to 2 arguments, not 3: getPrivate(key[, collection])",
		"whoami and others": "whoami takes 0 arguments, not 2: whoami()",
	} {
		if response := invoke(strings.Fields(call)...); response.Message != message {
			t.Errorf("%s: %s", call, response.Message)
		}
	}
}
