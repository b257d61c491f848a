package main

import (
	"slices"
	"testing"
)

func TestEachCallerHasArgumentsOfItsOwn(t *testing.T) {
	order := order{Arguments: []string{"key-{caller}", "value"}}
	found := order.argumentsOf(7)
	if !slices.Equal(found, []string{"key-7", "value"}) {
		t.Error(found)
	}
	if order.Arguments[0] != "key-{caller}" {
		t.Error("the order itself was changed")
	}
}
