package main

import "testing"

func TestPlus(t *testing.T) {
	for _, example := range []struct {
		stored   string
		delta    int64
		expected string
	}{
		{"", 5, "5"},
		{"", 0, "0"},
		{"40", 2, "42"},
		{"1", -3, "-2"},
		{"9223372036854775806", 1, "9223372036854775807"},
		{"-9223372036854775807", -1, "-9223372036854775808"},
		{"9223372036854775807", -9223372036854775808, "-1"},
	} {
		sum, err := plus("key", []byte(example.stored), example.delta)
		if err != nil || string(sum) != example.expected {
			t.Errorf("%s + %d: %s, %v", example.stored, example.delta, sum, err)
		}
	}
}

func TestPlusRefusesWhatIsNoNumberOrDoesNotFit(t *testing.T) {
	for _, example := range []struct {
		stored  string
		delta   int64
		message string
	}{
		{"blue", 1, "the key k holds no whole number of 64 bits to add to"},
		{"1.0", 0, "the key k holds no whole number of 64 bits to add to"},
		{"9223372036854775807", 1, "the key k holds 9223372036854775807; with 1 added it would not fit into 64 bits"},
		{"-9223372036854775808", -1, "the key k holds -9223372036854775808; with -1 added it would not fit into 64 bits"},
		{"-1", -9223372036854775808, "the key k holds -1; with -9223372036854775808 added it would not fit into 64 bits"},
	} {
		sum, err := plus("k", []byte(example.stored), example.delta)
		if err == nil || err.Error() != example.message {
			t.Errorf("%s + %d: %s, %v", example.stored, example.delta, sum, err)
		}
	}
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	for _, none := range [][]byte{nil, {}} {
		if value, err := existing("k", none); err == nil || err.Error() != "the key k does not exist" {
			t.Errorf("%v, %v", value, err)
		}
	}
	if value, err := existing("k", []byte("v")); err != nil || string(value) != "v" {
		t.Errorf("%s, %v", value, err)
	}
}
