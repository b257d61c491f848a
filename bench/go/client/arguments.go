package main

import (
	"strconv"
	"strings"
)

// argumentsOf are the arguments of one caller's calls.
func (o order) argumentsOf(number int) []string {
	arguments := make([]string, len(o.Arguments))
	for index, argument := range o.Arguments {
		arguments[index] = strings.ReplaceAll(argument, "{caller}", strconv.Itoa(number))
	}
	return arguments
}
