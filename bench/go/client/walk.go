package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"
)

// walk says to read blocks one after the other, each with a query of its own.
type walk struct {
	Channel string `json:"channel"`
	// The number of the first block, and the one after the last.
	First uint64 `json:"first"`
	End   uint64 `json:"end"`
	// A file for the blocks, each behind its length in four bytes, the greatest first; none where it is empty.
	Save string `json:"save"`
}

// summary is what a walk shows of a block.
type summary struct {
	number                       uint64
	hash, previousHash, dataHash []byte
	transactions, valid          int
}

// carryOut asks the contract, which is the peers' own `qscc`.
func (w walk) carryOut(qscc *client.Contract) (answer, error) {
	saved := bufio.NewWriter(nil)
	if w.Save != "" {
		file, err := os.Create(w.Save)
		if err != nil {
			return answer{}, err
		}
		defer file.Close()
		saved.Reset(file)
	}
	return timed(func() ([]time.Duration, error) {
		var times []time.Duration
		for number := w.First; number < w.End; number++ {
			began := time.Now()
			bytes, err := qscc.EvaluateTransaction("GetBlockByNumber", w.Channel, strconv.FormatUint(number, 10))
			if err != nil {
				return nil, fmt.Errorf("block %d: %w", number, err)
			}
			if _, err := summarize(bytes); err != nil {
				return nil, fmt.Errorf("block %d: %w", number, err)
			}
			times = append(times, time.Since(began))
			if w.Save != "" {
				if err := save(saved, bytes); err != nil {
					return nil, err
				}
			}
		}
		if w.Save == "" {
			return times, nil
		}
		return times, saved.Flush()
	})
}

func save(file *bufio.Writer, block []byte) error {
	if err := binary.Write(file, binary.BigEndian, uint32(len(block))); err != nil {
		return err
	}
	_, err := file.Write(block)
	return err
}

// summarize reads the block and computes its hash, which is over its header in DER.
func summarize(bytes []byte) (summary, error) {
	var block common.Block
	if err := proto.Unmarshal(bytes, &block); err != nil {
		return summary{}, err
	}
	header := block.GetHeader()
	der, err := asn1.Marshal(struct {
		Number                 *big.Int
		PreviousHash, DataHash []byte
	}{new(big.Int).SetUint64(header.GetNumber()), header.GetPreviousHash(), header.GetDataHash()})
	if err != nil {
		return summary{}, err
	}
	hash := sha256.Sum256(der)
	shown := summary{
		number:       header.GetNumber(),
		hash:         hash[:],
		previousHash: header.GetPreviousHash(),
		dataHash:     header.GetDataHash(),
		transactions: len(block.GetData().GetData()),
	}
	if parts := block.GetMetadata().GetMetadata(); len(parts) > int(common.BlockMetadataIndex_TRANSACTIONS_FILTER) {
		for _, code := range parts[common.BlockMetadataIndex_TRANSACTIONS_FILTER] {
			if code == 0 {
				shown.valid++
			}
		}
	}
	return shown, nil
}
