package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
)

// order says what to do: call a function from so many callers at once for a while.
type order struct {
	// Whether the calls are submitted and waited for until they stand in a block; else they are evaluated.
	Submit bool `json:"submit"`
	// A `{caller}` in an argument becomes the caller's number.
	Function  string   `json:"function"`
	Arguments []string `json:"arguments"`
	Callers   int      `json:"callers"`
	Seconds   float64  `json:"seconds"`
	// In place of all that: blocks to read.
	Walk *walk `json:"walk"`
}

// answer says how it went.
type answer struct {
	Calls int `json:"calls"`
	// From the first call's start to the last one's end.
	Seconds float64 `json:"seconds"`
	// What the whole process used of processors meanwhile, in user and system mode.
	CPUSeconds float64 `json:"cpu_seconds"`
	P50Seconds float64 `json:"p50_seconds"`
	P99Seconds float64 `json:"p99_seconds"`
}

func (o order) carryOut(contract *client.Contract) (answer, error) {
	if o.Walk != nil {
		return o.Walk.carryOut(contract)
	}
	return timed(func() ([]time.Duration, error) {
		times := make([][]time.Duration, o.Callers)
		failures := make([]error, o.Callers)
		end := time.Now().Add(time.Duration(o.Seconds * float64(time.Second)))
		var callers sync.WaitGroup
		for number := range o.Callers {
			callers.Go(func() {
				times[number], failures[number] = o.call(contract, number, end)
			})
		}
		callers.Wait()
		return slices.Concat(times...), errors.Join(failures...)
	})
}

// timed does the work, which answers how long each of its calls took, and says what it cost as a whole.
func timed(work func() ([]time.Duration, error)) (answer, error) {
	usedBefore, err := used()
	if err != nil {
		return answer{}, err
	}
	start := time.Now()
	all, err := work()
	if err != nil {
		return answer{}, err
	}
	seconds := time.Since(start).Seconds()
	usedAfter, err := used()
	if err != nil {
		return answer{}, err
	}
	slices.Sort(all)
	return answer{
		Calls:      len(all),
		Seconds:    seconds,
		CPUSeconds: (usedAfter - usedBefore).Seconds(),
		P50Seconds: all[len(all)*50/100].Seconds(),
		P99Seconds: all[len(all)*99/100].Seconds(),
	}, nil
}

// call makes one call after the other until the end, at least one, and answers how long each took.
func (o order) call(contract *client.Contract, number int, end time.Time) ([]time.Duration, error) {
	var times []time.Duration
	arguments := o.argumentsOf(number)
	call := contract.EvaluateTransaction
	if o.Submit {
		call = contract.SubmitTransaction
	}
	for len(times) == 0 || time.Now().Before(end) {
		began := time.Now()
		if _, err := call(o.Function, arguments...); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Function, err)
		}
		times = append(times, time.Since(began))
	}
	return times, nil
}

// used is what this process has used of processors so far.
func used() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("getrusage: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
