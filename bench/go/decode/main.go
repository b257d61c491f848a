// Decode reads a file of blocks with Fabric's own Go types, as far as Chainloom shows a block, and says how long that took.
//
// It reads lines of JSON that say how many bytes of the file to decode, and answers each with a line of JSON. One processor is used.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"time"
)

// answer says how it went.
type answer struct {
	Bytes int `json:"bytes"`
	// What the process used of the processor, in user and system mode, collecting garbage included.
	CPUSeconds float64 `json:"cpu_seconds"`
	// What was found, so that two decoders can be seen to find the same.
	Facts facts `json:"facts"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "decode:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	if len(words) != 1 {
		return errors.New("one argument is expected, the file of blocks")
	}
	runtime.GOMAXPROCS(1)
	orders := bufio.NewScanner(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for orders.Scan() {
		var bytesMax int
		if err := json.Unmarshal(orders.Bytes(), &bytesMax); err != nil {
			return fmt.Errorf("%q: %w", orders.Text(), err)
		}
		blocks, err := read(words[0], bytesMax)
		if err != nil {
			return err
		}
		answer, err := decodeAll(blocks)
		if err != nil {
			return err
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return orders.Err()
}

// read reads blocks, each behind its length in four bytes, until there are so many bytes of them or no more.
func read(path string, bytesMax int) ([][]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	var blocks [][]byte
	for bytes := 0; bytes < bytesMax; {
		var length uint32
		if err := binary.Read(reader, binary.BigEndian, &length); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		block := make([]byte, length)
		if _, err := io.ReadFull(reader, block); err != nil {
			return nil, err
		}
		blocks = append(blocks, block)
		bytes += len(block)
	}
	return blocks, nil
}

func decodeAll(blocks [][]byte) (answer, error) {
	runtime.GC()
	var answer answer
	before, err := used()
	if err != nil {
		return answer, err
	}
	identities := identities{}
	for number, bytes := range blocks {
		block, err := decodeBlock(bytes, identities)
		if err != nil {
			return answer, fmt.Errorf("block %d of the file: %w", number, err)
		}
		answer.Facts.add(block)
		answer.Bytes += len(bytes)
	}
	after, err := used()
	answer.CPUSeconds = (after - before).Seconds()
	return answer, err
}

// used is what this process has used of processors so far.
func used() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("getrusage: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
