package main

import "testing"

func TestArgumentsThatDoNotFitAreToldWhatWould(t *testing.T) {
	for _, example := range []struct {
		call    []string
		message string
	}{
		{[]string{"get", ""}, "get: the argument key must not be empty"},
		{[]string{"put", "\xff", "value"}, "put: the argument key has to be UTF-8 text"},
		{[]string{"range", "a", "\xc3\x28"}, "range: the argument to has to be UTF-8 text"},
		{[]string{"putPrivate", "key", ""}, "putPrivate: the argument collection must not be empty"},
		{[]string{"setPolicy", "key", "Org1MSP", ""}, "setPolicy: the argument organization2 must not be empty"},
		{[]string{"add", "key", "1.5"},
			`add: the argument delta has to be a whole number from -9223372036854775808 to 9223372036854775807, not "1.5"`},
		{[]string{"add", "key", "9223372036854775808"},
			`add: the argument delta has to be a whole number from -9223372036854775808 to 9223372036854775807, not "9223372036854775808"`},
		{[]string{"blob", "-1"}, `blob: the argument bytes has to be a whole number from 0 to 67108864, not "-1"`},
		{[]string{"blob", "67108865"}, `blob: the argument bytes has to be a whole number from 0 to 67108864, not "67108865"`},
		{[]string{"sleep", "60001"}, `sleep: the argument ms has to be a whole number from 0 to 60000, not "60001"`},
		{[]string{"sleep", ""}, `sleep: the argument ms has to be a whole number from 0 to 60000, not ""`},
		{[]string{"sleep", "\xff"}, `sleep: the argument ms has to be a whole number from 0 to 60000, not "\xff"`},
	} {
		if response := invoke(example.call...); response.Message != example.message {
			t.Errorf("%q: %s", example.call, response.Message)
		}
	}
}

func TestArgumentsThatFitAreTakenAsTheyAre(t *testing.T) {
	for _, example := range []struct {
		parameter parameter
		word      string
		number    int64
	}{
		{name("key"), "ключ \x00", 0},
		{text("from"), "", 0},
		{anyBytes("value"), "", 0},
		{anyBytes("value"), "\xff\x00", 0},
		{integer("delta"), "-9223372036854775808", -9223372036854775808},
		{integer("delta"), "+7", 7},
		{upTo(10, "ms"), "0", 0},
		{upTo(10, "ms"), "10", 10},
	} {
		argument, err := example.parameter.check([]byte(example.word))
		if err != nil || argument.text() != example.word || argument.number != example.number {
			t.Errorf("%q: %v, %v", example.word, argument, err)
		}
	}
}
